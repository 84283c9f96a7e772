"""`snapshots` as a person runs it: made, listed, compared, told in one sentence."""

import json
import re

import pytest

from core.__main__ import run

VIT = {
    "hidden_size": 16, "num_hidden_layers": 3, "num_attention_heads": 2,
    "intermediate_size": 32, "image_size": 16, "patch_size": 4,
}  # fmt: skip
TINY = ["transformers/vit", "--side", "16", "--options", json.dumps(VIT),
        "--weights", "random", "--base", "tiny"]  # fmt: skip


@pytest.fixture
def say(tmp_path, monkeypatch, capsys):
    """Run the verb on a cache of its own; returns status, stdout and stderr."""
    monkeypatch.setenv("PEDIGREE_CACHE", str(tmp_path))
    monkeypatch.delenv("PEDIGREE_SCHEDULER", raising=False)

    def run_it(*arguments: str) -> tuple[int, str, str]:
        status = run(["snapshots", *arguments])
        told = capsys.readouterr()
        return status, told.out, told.err

    return run_it


def test_generated_snapshots_are_one_document_and_a_family(say, tmp_path, capsys):
    asked = (*TINY, "--count", "2", "--same-base", "--distribution", "0,2", "--json")
    status, out, err = say("generate", *asked)
    document = json.loads(out)
    assert status == 0 and re.match(r"\s*0%  Drawing tiny-list-s42-000", err)
    assert [s["retrain_index"] for s in document["snapshots"]] == [0, 2]
    assert run(["derived", str(tmp_path / "snapshots/tiny"), "--json"]) == 0
    models = json.loads(capsys.readouterr().out)["models"]
    kinds = {model["id"]: model["kind"] for model in models}
    assert kinds == {"tiny-list-s42-000": "head-only", "tiny-list-s42-001":
                     "frozen-prefix"}  # fmt: skip
    listed = json.loads((tmp_path / "snapshots/snapshots.json").read_text())
    assert [s["id"] for s in listed["snapshots"]] == ["tiny", *kinds]


def test_trained_snapshots_tell_their_accuracy_and_every_step(say):
    asked = (*TINY, "--count", "2", "--epochs", "2", "--max-images", "80")
    status, out, err = say("train", *asked, "--device", "cpu")
    assert status == 0 and "tiny-digits-s42-001" in out
    assert re.search(r"tiny-digits-s42-000\s+tiny\s+\d\s+42\s+[\d.]+ %", out)
    shares = [int(share) for share in re.findall(r"^\s*(\d+)%", err, re.MULTILINE)]
    assert shares[-1] > 70 and max(shares) <= 100
    assert "epoch 2/2, step 0/1, validation" in err
    status, out, _ = say("list", "--json")
    (base, *made) = json.loads(out)["snapshots"]
    assert base["metrics"] is None and all("test" in s["metrics"] for s in made)


def test_features_only_leaves_the_head_out(say, tmp_path):
    from core.snapshots.blocks import find_blocks
    from core.weights.checkpoint import open_checkpoint

    status, *_ = say("generate", *TINY, "--count", "1", "--features-only")
    with open_checkpoint(tmp_path / "snapshots/tiny") as checkpoint:
        parts = {b.part for b in find_blocks(e.name for e in checkpoint.entries)}
    assert status == 0 and parts == {"stem", "block", "norm"}


def test_blocks_are_listed_with_their_cost(say):
    status, out, _ = say("blocks", "timm/test_vit", "--json")
    document = json.loads(out)
    assert status == 0 and document["split_points"] == 7
    assert [b["block"] for b in document["blocks"]][-2:] == ["norm", "head"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["generate", "nosuch"], r"Architecture nosuch is unknown; name .*\."),
        (["generate", *TINY, "--distribution", "flat"], "Distribution FLAT is unknown"),
        (["generate", *TINY, "--distribution", "9"], "Retrain index 9 is not between"),
        (["train", *TINY, "--dataset", "cub-200"], "Dataset cub-200 has no folder"),
        (["train", *TINY, "--data", "/nowhere"], "/nowhere is not a folder"),
        (["train", *TINY, "--learning-rate", "0"], "needs an epoch"),
        (["train", *TINY, "--device", "tpu"], "Device tpu is unknown"),
        (["generate", *TINY, "--count", "-1"], "-1 draws over 4 blocks make no sense"),
        (["generate", *TINY, "--options", '{"num_hidden_layers": "a"}'], "cannot be"),
        (["generate", *TINY, "--options", '{"auto_map": {}}'], "Option auto_map of"),
        (["generate", *TINY, "--options", '{"side": 3}'], "Option side is not"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(arguments, sentence, say):
    status, out, err = say(*arguments)
    assert status == 1 and out == ""
    assert re.search(sentence, err.splitlines()[-1])


@pytest.mark.parametrize("options", ["3", "[1]", "{", "no"])
def test_options_that_are_no_object_are_wrong_usage(options, say):
    with pytest.raises(SystemExit, match="2"):
        say("generate", "timm/test_vit", "--options", options)
