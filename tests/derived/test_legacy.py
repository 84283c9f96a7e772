"""The published study's files: read as they mean, written as they were, hostile ones
told in one sentence.
"""

import json
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.derived.compare import compare_checkpoints
from core.derived.comparisons import succeeded
from core.derived.family import Family
from core.derived.legacy import read_legacy
from core.derived.legacy_export import write_legacy
from core.derived.legacy_report import read_report, read_short_report
from core.derived.legacy_rows import (
    DIFFERENT,
    IDENTICAL,
    SAME_NAME,
    SAME_SHAPE,
    comparison_rows,
    tensor_verdicts,
)
from core.errors import CorruptCheckpoint, UsageError

EXAMPLE = Path(__file__).parents[2] / "../shared/data/derived/legacy-format-example"
NAME = "2024-12-01-12:00:00;compare;org-base;{}.txt"


@pytest.fixture
def example():
    if not EXAMPLE.is_dir():
        pytest.skip("the example files of the study are not on this machine")
    return EXAMPLE


def compared_by_position(base, child):
    """The study's own comparison, by its description: positions, then names, shapes."""
    rows = []
    for (ours, base_weight), (theirs, child_weight) in zip(
        base.items(), child.items(), strict=False
    ):
        if ours != theirs:
            level = DIFFERENT
        elif base_weight.shape != child_weight.shape:
            level = SAME_NAME
        else:
            equal = np.array_equal(base_weight, child_weight)
            level = IDENTICAL if equal else SAME_SHAPE
        rows.append(
            {
                "base-name": theirs, "derived-name": ours,
                "base-weight-shape": list(child_weight.shape),
                "derived-weight-shape": list(base_weight.shape), "comp-level": level,
            }
        )  # fmt: skip
    return rows


def publish(folder, child, rows, *, base="org/base"):
    """Write one comparison as the study does."""
    head = f"comparing: base base_model_id: {base} with derived derived_model_id: "
    lines = [head + child, *map(json.dumps, rows)]
    path = folder / NAME.format(child.replace("/", "-"))
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.fixture
def weights():
    random = np.random.default_rng(0)
    return {
        f"encoder.layer.{number}.dense.{part}": random.normal(size=shape)
        for number in range(3)
        for part, shape in (("weight", (4, 4)), ("bias", (4,)))
    }


def verdicts(family, model):
    rows = family.tensors(model=model)
    return {
        base if isinstance(base, str) else f"+{name}": verdict
        for base, name, verdict in zip(
            rows["base_name"], rows["name"], rows["verdict"], strict=True
        )
    }


def test_the_examples_import_to_the_verdicts_they_hold(example):
    models = read_legacy(example).models.set_index("id")
    assert models["kind"].to_dict() == {
        "u1/head-only": "head-only", "u2/bn-drift": "head-only",
        "u3/last-2-blocks": "frozen-prefix", "u4/full-ft": "full",
        "u5/copy": "identical",
    }  # fmt: skip
    assert models.loc["u3/last-2-blocks", "frozen_blocks"] == 4
    assert models.index[models["statistics_drift"]].tolist() == ["u2/bn-drift"]
    report = json.loads((example / "compare-org-toy-base;.json").read_text())
    counted = {id.replace("/", "-"): equal for id, equal in models["equal"].items()}
    assert counted == {
        child: entry["first_identical_layer_count"] for child, entry in report.items()
    }


def test_base_and_child_are_exchanged_back(example):
    rows = read_legacy(example).tensors(model="u1/head-only")
    head = rows[rows["base_name"] == "head.weight"].iloc[0]
    assert (head["shape"], head["base_shape"]) == ("3x8", "10x8")


def test_an_export_of_the_examples_is_the_examples(example, tmp_path):
    family = read_legacy(example)
    export = write_legacy(family, tmp_path)
    assert not export.left_out and len(export.files) == 7
    for path in export.files:
        written = path.read_text().replace(str(tmp_path), "...")
        assert written == (example / path.name).read_text()
    assert read_legacy(tmp_path) == family


def test_the_report_has_the_fields_of_the_study(example, tmp_path):
    write_legacy(read_legacy(example), tmp_path)
    name = "compare-org-toy-base;.json"
    ours = json.loads((tmp_path / name).read_text())
    theirs = json.loads((example / name).read_text())
    assert list(ours) == list(theirs)
    for child, entry in theirs.items():
        assert ours[child].keys() == entry.keys()


def test_a_tensor_put_in_makes_what_follows_unknown_not_different(tmp_path, weights):
    child = {}
    for name, weight in weights.items():
        if name == "encoder.layer.1.dense.bias":
            child["encoder.layer.1.dense.lora_A.weight"] = np.ones((2, 4))
        child[name] = weight
    publish(tmp_path, "u/lora", compared_by_position(weights, child))
    found = verdicts(read_legacy(tmp_path), "u/lora")
    assert found == {
        "encoder.layer.0.dense.weight": "equal",
        "encoder.layer.0.dense.bias": "equal",
        "encoder.layer.1.dense.weight": "equal",
        "encoder.layer.1.dense.bias": "unknown",
        "encoder.layer.2.dense.weight": "unknown",
        "encoder.layer.2.dense.bias": "unknown",
        "+encoder.layer.1.dense.lora_A.weight": "added",
    }
    sentence = read_legacy(tmp_path).models["sentence"].iloc[0]
    assert "3 tensors are unknown: the study compares by position" in sentence


def test_a_tensor_left_out_is_removed_and_the_cut_tail_unknown(tmp_path, weights):
    child = {name: w for name, w in weights.items() if "layer.0.dense.bias" not in name}
    publish(tmp_path, "u/short", compared_by_position(weights, child))
    found = verdicts(read_legacy(tmp_path), "u/short")
    assert found["encoder.layer.0.dense.bias"] == "removed"
    assert found["encoder.layer.2.dense.bias"] == "unknown"
    assert set(found) == set(weights)


@given(st.lists(st.sampled_from(["keep", "change", "drop", "insert"]), max_size=12))
def test_whatever_was_put_in_or_left_out_no_verdict_is_wrong(steps):
    base, child, truth = {}, {}, {}
    for number, step in enumerate(steps):
        name, weight = f"layer.{number}.weight", np.full((2, 2), float(number))
        if step == "insert":
            child[name], truth[name] = weight, "added"
            continue
        base[name] = weight
        truth[name] = {"keep": "equal", "change": "changed", "drop": "removed"}[step]
        if step != "drop":
            child[name] = weight + (step == "change")
    lines = map(json.dumps, compared_by_position(base, child))
    for tensor in tensor_verdicts(comparison_rows(lines, "it"), "it"):
        name = tensor.base_name or tensor.name
        assert tensor.verdict in (truth[name], "unknown")


def test_a_random_pooler_is_told(tmp_path, weights):
    base = weights | {"pooler.dense.weight": np.ones((4, 4))}
    child = weights | {"pooler.dense.weight": np.zeros((4, 4))}
    publish(tmp_path, "u/head", compared_by_position(base, child))
    model = read_legacy(tmp_path).models.iloc[0]
    assert model["kind"] == "head-only"
    assert "loaded with a random one" in model["sentence"]


@pytest.mark.parametrize("layout", ["vit", "resnet", "detr", "trocr"])
def test_our_own_comparison_survives_the_studys_format(
    family, checkpoint, tmp_path, layout
):
    made = family(layout)
    results = []
    for kind in ("head-only", "full", "frozen-prefix", "identical"):
        found = compare_checkpoints(checkpoint(made.base), checkpoint(made.child(kind)))
        results.append(succeeded(f"u/{kind}", found, ""))
    ours = Family("org/base", tuple(results), ())
    write_legacy(ours, tmp_path / "study")
    again = {result.id: result for result in read_legacy(tmp_path / "study").results}
    for result in results:
        back = again[result.id]
        assert back.summary["counts"] == result.summary["counts"]
        assert back.summary["kind"] == result.summary["kind"]
        assert back.compared_at == result.compared_at.removesuffix("Z")


def test_added_and_removed_tensors_survive_the_studys_format(
    family, checkpoint, tmp_path
):
    made = family("vit")
    base = made.base | {"vit.pooler.dense.weight": made.fresh("", (32, 32))}
    child = made.base | {"vit.extra.weight": made.fresh("", (32, 32))}
    found = compare_checkpoints(checkpoint(base), checkpoint(child))
    ours = Family("org/base", (succeeded("u/x", found, ""),), ())
    write_legacy(ours, tmp_path / "study")
    (back,) = read_legacy(tmp_path / "study").results
    assert back.summary["counts"] == ours.results[0].summary["counts"]
    assert back.summary["counts"]["added"] == back.summary["counts"]["removed"] == 1


def test_a_local_base_is_named_without_its_path(example, tmp_path):
    first = replace(read_legacy(example).results[0], id="my child\nof 2024;")
    write_legacy(Family("/home/ann/my models/base one", (first,), ()), tmp_path)
    assert "ann" not in "".join(path.read_text() for path in tmp_path.glob("*.txt"))
    family = read_legacy(tmp_path)
    assert (family.base, len(family.results)) == ("base one", 1)
    assert family.results[0].status == "ok"


def test_children_of_one_name_and_failures_are_left_out_by_name(example, tmp_path):
    family = read_legacy(example)
    first = family.results[0]
    twins = [replace(first, id=id) for id in ("a-b/c", "a/b-c")]
    broken = replace(first, id="x/y", tensors=None, status="failed")
    export = write_legacy(Family(family.base, (*twins, broken), ()), tmp_path)
    assert export.left_out == ("a/b-c", "x/y")
    assert len(list(tmp_path.iterdir())) == 3


def test_a_child_that_only_a_report_knows_is_a_failed_row(example, tmp_path):
    for path in example.iterdir():
        if "u4" not in path.name:
            (tmp_path / path.name).write_bytes(path.read_bytes())
    models = read_legacy(tmp_path).models.set_index("id")
    row = models.loc["u4-full-ft"]
    assert (row["status"], row["reason"]) == ("failed", "unsupported-format")
    assert "18 of 46 tensors equal" in row["message"] and "slash" in row["message"]
    assert len(models) == 5


def test_short_reports_are_plain_text(example):
    found = read_short_report(example / "SHORT-compare-org-toy-base;.json")
    full = read_report(example / "compare-org-toy-base;.json")
    assert {child: row.identical for child, row in found.items()} == {
        child: row.identical for child, row in full.items()
    }


def test_the_newest_file_of_a_child_counts(tmp_path, weights):
    rows = compared_by_position(weights, weights)
    publish(tmp_path, "u/x", rows)
    newer = publish(tmp_path, "u/x", compared_by_position(weights, {
        name: weight + 1 for name, weight in weights.items()
    }))  # fmt: skip
    newer.rename(tmp_path / newer.name.replace("2024", "2025"))
    publish(tmp_path, "u/x", rows)
    assert read_legacy(tmp_path).models["kind"].tolist() == ["full"]


def test_several_bases_must_be_told_apart(tmp_path, weights):
    rows = compared_by_position(weights, weights)
    publish(tmp_path, "u/x", rows)
    other = publish(tmp_path, "u/y", rows, base="org/other")
    other.rename(tmp_path / other.name.replace("org-base", "org-other"))
    with pytest.raises(UsageError, match="holds 2 bases: org-base, org-other; name"):
        read_legacy(tmp_path)
    assert read_legacy(tmp_path, "org/other").models["id"].tolist() == ["u/y"]
    with pytest.raises(UsageError, match="holds 2 bases"):
        read_legacy(tmp_path, "org/nobody")


def test_a_base_that_differs_by_its_slash_alone_is_told(tmp_path, weights):
    publish(tmp_path, "u/x", compared_by_position(weights, weights))
    (row,) = read_legacy(tmp_path, "org-base").results
    assert row.status == "ok"
    path = publish(tmp_path, "u/x", [], base="or/g-base")
    path.rename(tmp_path / path.name.replace("or-g", "org"))
    (row,) = read_legacy(tmp_path, "org/base").results
    assert row.status == "failed"


GOOD = {
    "base-name": "a", "derived-name": "a", "base-weight-shape": [2],
    "derived-weight-shape": [2], "comp-level": IDENTICAL,
}  # fmt: skip
HOSTILE = {
    "no object": "[]",
    "broken": '{"base-name": ',
    "deep": "[" * 100_000,
    "level": json.dumps(GOOD | {"comp-level": "LayerSimilarity.ALIKE"}),
    "level of a list": json.dumps(GOOD | {"comp-level": []}),
    "shape": json.dumps(GOOD | {"base-weight-shape": [-1]}),
    "shape of floats": json.dumps(GOOD | {"base-weight-shape": [2.0]}),
    "petabytes": json.dumps(GOOD | {"base-weight-shape": [2**40, 2**40]}),
    "name": json.dumps(GOOD | {"base-name": 3}),
    "half a character": json.dumps(GOOD | {"base-name": "\ud800",
                                           "derived-name": "\ud800"}),
    "long name": json.dumps(GOOD | {"base-name": "a" * 10_000}),
    "equal of other shapes": json.dumps(GOOD | {"base-weight-shape": [3]}),
    "equal of other names": json.dumps(GOOD | {"base-name": "b"}),
    "nothing": json.dumps(GOOD | {"base-name": "", "derived-name": "",
                                  "comp-level": DIFFERENT}),
}  # fmt: skip


@pytest.mark.parametrize("line", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_row_fails_its_child_in_one_sentence(tmp_path, weights, line):
    rows = compared_by_position(weights, weights)
    publish(tmp_path, "u/good", rows)
    path = publish(tmp_path, "u/bad", rows)
    path.write_text(path.read_text() + line + "\n")
    models = read_legacy(tmp_path).models.set_index("id")
    assert models["status"].to_dict() == {"u/bad": "failed", "u/good": "ok"}
    assert models.loc["u/bad", "reason"] == "corrupt"
    assert models.loc["u/bad", "message"].count("\n") == 0


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"hello\n", b"x" * (17 << 20)])
def test_a_file_that_is_no_comparison_fails_its_child(tmp_path, content):
    (tmp_path / NAME.format("u-x")).write_bytes(content)
    models = read_legacy(tmp_path).models
    assert models[["id", "reason"]].to_numpy().tolist() == [["u-x", "corrupt"]]


@pytest.mark.parametrize("change", [
    {"similarity_list": 3}, {"similarity_groups": [[IDENTICAL, 7]]},
    {"first_identical_layer_count": 2}, {"similarity_list": ["x"]},
])  # fmt: skip
def test_a_report_that_contradicts_itself_is_told(tmp_path, change):
    entry = {"similarity_list": [IDENTICAL], "similarity_groups": [[IDENTICAL, 1]],
             "first_identical_layer_count": 1}  # fmt: skip
    path = tmp_path / "compare-org-base;.json"
    path.write_text(json.dumps({"u-x": entry}))
    assert read_report(path)["u-x"].identical == 1
    path.write_text(json.dumps({"u-x": entry | change}))
    with pytest.raises(CorruptCheckpoint, match="is no similarity report; make it"):
        read_legacy(tmp_path)


def test_names_that_are_no_text_are_told_apart_from_it(tmp_path):
    (tmp_path / NAME.format("u-" + os.fsdecode(b"\xff"))).write_bytes(b"")
    (row,) = read_legacy(tmp_path).models.itertuples()
    assert (row.id, row.status) == (r"u-\xff", "failed")
    (tmp_path / "compare-org-base;.json").write_text('{"\\ud800": {}}')
    with pytest.raises(CorruptCheckpoint, match="is no similarity report"):
        read_legacy(tmp_path)


def test_a_folder_without_such_files_says_what_to_look_for(tmp_path):
    with pytest.raises(UsageError, match="DATE;compare;BASE;CHILD"):
        read_legacy(tmp_path)
    with pytest.raises(UsageError, match="is not a folder"):
        read_legacy(tmp_path / "nowhere")
