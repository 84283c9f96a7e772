"""A local family: every child one row, nothing compared twice, nothing lost."""

import json
import os

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from safetensors.numpy import save_file

from core.derived import comparisons
from core.derived.family import family, results_folder
from core.errors import JobCancelled, NoWeights, PedigreeError
from core.settings import load_settings

BLOCKS = 3


def weights(*changed: str) -> dict[str, np.ndarray]:
    """A tiny ViT; what a word of `changed` occurs in differs from the base."""
    names = ["vit.embeddings.patch_embeddings.projection.weight", "classifier.weight"]
    for block in range(BLOCKS):
        names += [
            f"vit.encoder.layer.{block}.output.dense.{n}" for n in ("weight", "bias")
        ]
    generator = np.random.default_rng(0)
    made = {name: generator.normal(size=(4, 4)).astype(np.float32) for name in names}
    noise = generator.normal(0, 0.01, size=(4, 4)).astype(np.float32)
    is_changed = {name: any(word in name for word in changed) for name in names}
    return {n: value + noise * is_changed[n] for n, value in made.items()}


def model(folder, *changed, base="vit", **extra):
    folder.mkdir(exist_ok=True)
    (folder / "README.md").write_text(f"---\nbase_model: {base}\nlicense: mit\n---\n")
    save_file(weights(*changed) | extra, folder / "model.safetensors")
    return folder


@pytest.fixture
def settings(tmp_path):
    return load_settings({"PEDIGREE_CACHE": str(tmp_path / "cache")})


@pytest.fixture
def base(tmp_path):
    root = tmp_path / "models"
    root.mkdir()
    model(root / "head", "classifier")
    model(root / "last", "layer.2", "classifier")
    model(root / "all", "")
    return model(root / "vit", base="none")


@pytest.fixture
def ugly(base):
    """The base with children that cannot be compared, and what each fails for."""
    root = base.parent
    cut = model(root / "cut", "") / "model.safetensors"
    cut.write_bytes(cut.read_bytes()[:-9])
    claims = model(root / "claims", "") / "model.safetensors"
    claims.write_bytes((10 << 30).to_bytes(8, "little") + b"{}")
    (model(root / "bare") / "model.safetensors").unlink()
    model(root / "<script>alert(1)<|script>", "classifier")
    (model(root / "torn") / "README.md").write_text("---\nbase_model: [vit\n---\n")
    return base


def kinds(found) -> dict[str, str | None]:
    return {entry["id"]: entry["kind"] for entry in found.document()["models"]}


def written(base, settings) -> dict[str, int]:
    folder = results_folder(base, settings)
    return {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}


def test_the_document_has_exactly_the_keys_of_the_contract(base, settings):
    document = family(base, settings).document()
    assert list(document) == [
        "base", "listed", "models", "bytes_fetched", "requests", "seconds",
    ]  # fmt: skip
    assert document["models"][2] == {
        "id": "last", "status": "ok", "reason": None, "kind": "frozen-prefix",
        "frozen_blocks": 2, "statistics_drift": False, "cast_dtype": None,
        "counts": {"equal": 5, "changed": 3, "added": 0, "removed": 0, "reshaped": 0},
    }  # fmt: skip


def test_every_child_is_one_row_compared_or_failed_with_stage_and_reason(
    ugly, settings
):
    found = family(ugly, settings)
    json.dumps(found.document(), allow_nan=False)
    rows = found.models.set_index("id")
    reasons = rows["reason"].dropna().to_dict()
    assert len(rows) == found.document()["listed"] == 8
    assert reasons == {
        "bare": "no-weights", "claims": "corrupt", "cut": "corrupt", "torn": "corrupt",
    }  # fmt: skip
    assert rows.loc[["bare", "cut", "torn"], "stage"].tolist() == [
        "open",
        "open",
        "card",
    ]
    assert all(text.count("\n") == 0 for text in rows["message"].dropna())


def test_a_second_run_compares_only_what_changed(base, settings):
    family(base, settings)
    before = written(base, settings)
    model(base.parent / "head", "layer.0", "classifier")
    assert kinds(family(base, settings))["head"] == "partial"
    after = written(base, settings)
    assert {name for name in after if after[name] != before[name]} == {"head.parquet"}


def test_another_base_file_compares_all_again(base, settings):
    family(base, settings)
    model(base, "classifier", base="none")
    assert kinds(family(base, settings))["head"] == "identical"


def test_what_failed_stays_failed_until_it_is_retried(ugly, settings):
    family(ugly, settings)
    first = written(ugly, settings)
    family(ugly, settings, retry="no-weights")
    second = written(ugly, settings)
    family(ugly, settings, retry="all")
    third = written(ugly, settings)
    again = [
        {n for n in b if a[n] != b[n]} for a, b in ((first, second), (second, third))
    ]
    assert again[0] == {"bare.parquet"}
    assert again[1] == {f"{name}.parquet" for name in ("bare", "claims", "cut", "torn")}


def test_a_limit_skips_the_rest_and_the_next_run_goes_on(base, settings):
    found = family(base, settings, limit=1)
    rows = found.models
    assert rows["status"].tolist() == ["ok", "skipped", "skipped"]
    assert rows["reason"].tolist()[1:] == ["limit", "limit"]
    assert (family(base, settings).models["status"] == "ok").all()


def test_a_cancel_keeps_what_was_finished(base, settings):
    asked = iter([False, True, True])
    found = family(base, settings, workers=1, cancelled=lambda: next(asked))
    assert found.models["status"].tolist() == ["ok", "skipped", "skipped"]
    assert len(written(base, settings)) == 1


def test_a_job_that_is_stopped_ends_with_its_error(base, settings):
    def stop(fraction, message):
        raise JobCancelled("The job", "was stopped")

    with pytest.raises(JobCancelled):
        family(base, settings, workers=1, progress=stop)
    assert len(written(base, settings)) >= 1


def test_the_number_of_workers_changes_nothing(base, settings):
    one = family(base, settings, workers=1).tensors()
    for path in results_folder(base, settings).iterdir():
        path.unlink()
    assert family(base, settings, workers=4).tensors().equals(one)


def test_a_base_that_cannot_be_read_is_one_named_error(base, settings):
    (base / "model.safetensors").unlink()
    with pytest.raises(NoWeights, match="holds no weight file"):
        family(base, settings)
    with pytest.raises(PedigreeError, match="nowhere"):
        family(base.parent / "nowhere", settings)


def test_a_family_without_children_is_empty_tables(base, settings, tmp_path):
    alone = tmp_path / "alone"
    alone.mkdir()
    found = family(model(alone / "vit", base="none"), settings)
    assert found.models.empty and found.tensors().empty and found.matrix().empty
    assert found.document()["listed"] == 0


def test_metrics_are_those_of_a_slow_loop(base, settings):
    rows = family(base, settings).tensors(model="head")
    row = rows[rows["name"] == "classifier.weight"].iloc[0]
    delta = weights("classifier")["classifier.weight"] - weights()["classifier.weight"]
    norm = np.linalg.norm(weights()["classifier.weight"].astype(float))
    assert row["relative_l2"] == pytest.approx(np.linalg.norm(delta) / norm, rel=1e-5)
    assert row["fraction_changed"] == 1 and row["shape"] == "4x4"


def test_the_matrix_says_per_block_what_was_trained(base, settings):
    model(base.parent / "mixed", "layer.1.output.dense.bias")
    matrix = family(base, settings).matrix()
    assert list(matrix.columns) == ["stem", "block 0", "block 1", "block 2", "head"]
    assert matrix.loc["last"].tolist() == [0, 0, 0, 1, 1]
    assert matrix.loc["mixed"].tolist() == [0, 0, 2, 0, 0]
    assert (matrix.dtypes == np.int8).all()


def test_claims_of_the_card_stand_beside_the_verdict(base, settings):
    rows = family(base, settings).models.set_index("id")
    assert rows.loc["head", "license"] == "mit"
    assert rows["downloads"].isna().all()


def test_a_damaged_result_is_compared_again(base, settings):
    family(base, settings)
    path = results_folder(base, settings) / "head.parquet"
    path.write_bytes(path.read_bytes()[:100])
    assert kinds(family(base, settings))["head"] == "head-only"


def rewrite(path, schema: int, drop: str | None = None):
    table = pq.read_table(path)
    words = json.loads(table.schema.metadata[comparisons.SUMMARY_KEY])
    words["schema"] = schema
    table = table.drop_columns([drop]) if drop else table
    kept = {comparisons.SUMMARY_KEY: json.dumps(words).encode()}
    pq.write_table(table.replace_schema_metadata(kept), path)


def test_an_older_result_is_read_with_its_missing_column_empty(base, settings):
    family(base, settings)
    path = results_folder(base, settings) / "head.parquet"
    rewrite(path, comparisons.SCHEMA - 1, drop="bit_distance")
    before = path.read_bytes()
    rows = family(base, settings).tensors()
    assert rows.loc[rows["model"] == "head", "bit_distance"].isna().all()
    assert path.read_bytes() == before


def test_a_newer_result_says_so_and_is_left_alone(base, settings):
    family(base, settings)
    path = results_folder(base, settings) / "head.parquet"
    rewrite(path, comparisons.SCHEMA + 1)
    before = path.read_bytes()
    row = family(base, settings, retry="all").models.set_index("id").loc["head"]
    assert (row["status"], row["stage"]) == ("failed", "store")
    assert "newer Pedigree" in row["message"] and path.read_bytes() == before


def test_a_cache_that_cannot_be_written_is_one_named_error(base, tmp_path):
    (tmp_path / "cache").write_text("a file")
    blocked = load_settings({"PEDIGREE_CACHE": str(tmp_path / "cache")})
    with pytest.raises(PedigreeError, match="cannot be written"):
        family(base, blocked)


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_an_unreadable_child_is_a_row(base, settings):
    (base.parent / "head" / "model.safetensors").chmod(0)
    rows = family(base, settings).models.set_index("id")
    assert rows.loc["head", "status"] == "failed"


def test_all_columns_survive_the_way_to_disk_and_back(base, settings):
    computed = family(base, settings).results[0]
    stored = family(base, settings).results[0]
    assert stored.tensors.cast(pa.schema(comparisons.COLUMNS)).equals(computed.tensors)
    assert stored.summary == computed.summary


def test_a_row_says_its_parents_and_the_size_of_its_weights(base, settings):
    rows = family(base, settings).models.set_index("id")
    assert rows.loc["head", "parents"] == "vit"
    size = (base.parent / "head" / "model.safetensors").stat().st_size
    assert rows.loc["head", "size_bytes"] == size
    assert rows["created_at"].isna().all()
