"""Models from a stand-in of the Hub: fetched once, safetensors alone, else refused."""

import json

import pytest

from core.errors import PedigreeError
from core.settings import load_settings
from core.zero_shot.configurations import find_configuration
from core.zero_shot.footprint import footprint
from core.zero_shot.recognizer import open_recognizer
from core.zero_shot.tryout import Question, try_model
from tests.standin import Standin


def quietly(fraction: float, message: str) -> None:
    """Hear progress and say nothing."""


@pytest.fixture(scope="module")
def hub(tiny):
    """Serve a tiny CLIP, whole, gated, and with a pickle for its weights."""
    files = {path.name: path for path in tiny("clip").iterdir()}
    weights = files["model.safetensors"]
    rest = {name: path for name, path in files.items() if path != weights}
    with Standin() as standin:
        standin.repository("ann/clip", files=files)
        standin.repository("ann/gated", files=files, gated="manual")
        standin.repository("ann/pickled", files=rest | {"pytorch_model.bin": weights})
        yield standin


@pytest.fixture
def settings(hub, tmp_path):
    return load_settings({"PEDIGREE_CACHE": str(tmp_path), "HF_ENDPOINT": hub.endpoint})


def test_a_model_of_the_hub_is_fetched_once_and_serves_offline(
    hub, settings, photo, cpu
):
    question = Question(["cat", "dog"])
    first = try_model("ann/clip", photo, question, settings, cpu, quietly)
    away = load_settings(
        {
            "PEDIGREE_CACHE": str(settings.cache_root),
            "HF_ENDPOINT": "http://127.0.0.1:9",
        }
    )
    again = try_model("ann/clip", photo, question, away, cpu, quietly)
    assert first.rows.equals(again.rows)


def test_a_configuration_alone_is_fetched_for_an_estimate(hub, settings):
    before = hub.bytes_sent()
    found = footprint(find_configuration("ann/clip", settings))
    assert found.params > 10_000 and found.macs > 0
    assert hub.bytes_sent() - before < 20_000


@pytest.mark.parametrize(
    ("name", "says"),
    [("ann/pickled", "no safetensors"), ("ann/gated", "gated"),
     ("ann/nobody", "not found|does not exist"), ("nobody", "is unknown")],
)  # fmt: skip
def test_what_cannot_be_had_is_one_sentence(name, says, settings, photo, cpu):
    with pytest.raises(PedigreeError, match=says) as error:
        try_model(name, photo, Question(["cat"]), settings, cpu, quietly)
    assert "\n" not in str(error.value)


def test_no_network_is_one_sentence(offline, photo, cpu):
    with pytest.raises(PedigreeError, match="could not be reached"):
        try_model("ann/clip", photo, Question(["cat"]), offline, cpu, quietly)


def spoiled(tiny, tmp_path, name: str, change: dict):
    """Return a copy of the tiny CLIP with one JSON file changed."""
    for path in tiny("clip").iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    told = json.loads((tmp_path / name).read_text())
    (tmp_path / name).write_text(json.dumps(told | change))
    return tmp_path


@pytest.mark.parametrize(
    ("name", "change", "says"),
    [("config.json", {"model_type": "gpt2"}, "cannot be tried here"),
     ("preprocessor_config.json", {"size": 10**6}, "1,000,000 pixels"),
     ("config.json", {"projection_dim": 10**6}, "claims")],
)  # fmt: skip
def test_a_folder_that_claims_too_much_is_refused(
    name, change, says, tiny, tmp_path, offline, cpu
):
    folder = spoiled(tiny, tmp_path, name, change)
    with pytest.raises(PedigreeError, match=says):
        open_recognizer(str(folder), offline, cpu, quietly)


def test_a_tokenizer_of_any_plain_form_is_read(tiny, tmp_path, offline, cpu):
    folder = spoiled(tiny, tmp_path, "tokenizer_config.json", {})
    (folder / "merges.txt").unlink()
    with pytest.raises(PedigreeError, match=r"tokenizer\.json"):
        open_recognizer(str(folder), offline, cpu, quietly)
