"""Every block of docs/notebook.md runs, in order, in an empty folder and offline."""

import re
from pathlib import Path

import numpy as np
import pytest

from tests.standin import Standin, generated_safetensors, tune, vit

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "notebook.md").read_text()
BLOCKS = re.findall(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
PARTS = ("tables", "snapshots", "weights", "derived", "hub", "transfer", "zero_shot",
         "charts")  # fmt: skip
BASE = "facebook/dinov2-small"


@pytest.fixture(scope="module")
def hub():
    """The base that the page asks the Hub for, small, with one child."""
    tensors = vit(width=32, depth=2)
    with Standin() as standin:
        files = {"model.safetensors": generated_safetensors(tensors)}
        standin.repository(BASE, files=files)
        tuned = generated_safetensors(tune(tensors, "*", by="all"))
        files = {"model.safetensors": tuned}
        standin.repository("ann/tuned", base_model=BASE, files=files)
        yield standin


@pytest.fixture(scope="module")
def told(tmp_path_factory, hub):
    """What the page's names stand for once all of it has run."""
    folder = tmp_path_factory.mktemp("notebook")
    with pytest.MonkeyPatch.context() as patched:
        patched.chdir(folder)
        patched.setenv("PEDIGREE_CACHE", str(folder / "cache"))
        patched.setenv("HF_ENDPOINT", hub.endpoint)
        patched.delenv("HF_TOKEN", raising=False)
        names: dict[str, object] = {}
        for place, block in enumerate(BLOCKS):
            exec(compile(block, f"docs/notebook.md, block {place + 1}", "exec"), names)
    return names


def test_every_part_of_core_has_an_example():
    for part in PARTS:
        section = PAGE[PAGE.index(f"## core.{part}:") + 3 :].split("\n## ")[0]
        assert f"from core.{part}." in section


def test_snapshots_and_the_family_tell_the_same(told):
    models = told["found"].models.set_index("id")
    assert len(models) == 4 and (models["status"] == "ok").all()
    assert told["compared"].kind == models.loc["base-digits", "kind"]
    drawn = {one.id: set(one.retrained) for one in told["drawn"]}
    assert drawn and set(drawn) <= set(told["matrix"].index)
    assert set(told["ranking"].rows["id"]) == {"base", "base-digits", *drawn}


def test_only_the_blocks_drawn_anew_moved(told):
    assert told["moved"] and all(0 < far < np.inf for far in told["moved"].values())
    assert told["first"].shape == told["ours"].entries[0].shape


def test_the_hub_and_the_answers_are_there(told):
    assert told["listing"].models["id"].tolist() == ["ann/tuned"]
    assert told["head"].low <= told["head"].accuracy <= told["head"].high
    assert set(told["scores"].values) == {"logme", "leep", "knn"}
    assert set(told["answer"].models.index) == {"small", "middle", "large"}
    assert told["counted"].params > 100e6
    assert len(told["layers"].data) and len(told["figure"].data)
