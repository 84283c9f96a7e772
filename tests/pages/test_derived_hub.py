"""The Derived page on a family of the Hub, against the stand-in."""

import threading

import pytest

from core.settings import load_settings
from tests.standin import Standin, generated_safetensors, tune, vit

PAGE = "pages/derived.py"
BASE = "ann/vit"
TINY = {"width": 32, "depth": 2, "image": 32}
SECRET = "hf_0123456789secret"


@pytest.fixture
def hub(monkeypatch):
    """A base with a fine-tuned and a gated child, on a Hub of our own."""
    with Standin() as hub:
        weights = vit(**TINY)
        tuned = tune(weights, "*", by="bob")
        hub.repository(
            BASE, files={"model.safetensors": generated_safetensors(weights)}
        )
        hub.repository(
            "bob/tuned", base_model=BASE,
            files={"model.safetensors": generated_safetensors(tuned)},
        )  # fmt: skip
        hub.repository(
            "eve/gated", base_model=BASE, gated="manual",
            files={"model.safetensors": generated_safetensors(weights)},
        )  # fmt: skip
        monkeypatch.setenv("HF_ENDPOINT", hub.endpoint)
        yield hub


def joined():
    """Wait for the end of the family's job."""
    for thread in threading.enumerate():
        if thread.name.startswith("job-family"):
            thread.join(60)


def test_nothing_is_asked_before_a_person_does(open_page, hub):
    page = open_page(PAGE, base=BASE)
    assert not page.exception and not page.error
    assert "Nothing is known of ann/vit yet" in page.info[-1].value
    assert hub.requests == []


def test_a_family_is_listed_compared_and_its_gated_child_explained(open_page, hub):
    page = open_page(PAGE, base=BASE)
    next(b for b in page.button if b.label == "List and compare").click().run()
    joined()
    page = open_page(PAGE, base=BASE)
    metrics = {metric.label: metric.value for metric in page.metric}
    assert metrics == {"Listed": "2", "Compared": "1", "Failed": "1"}
    assert page.dataframe[0].value["id"].tolist() == ["bob/tuned"]
    assert page.dataframe[-1].value["reason"].tolist() == ["gated"]
    assert "Retry 1 gated" in [button.label for button in page.button]


def test_a_listing_gives_the_estimate_before_anything_is_read(open_page, hub):
    page = open_page(PAGE, base=BASE)
    next(b for b in page.button if b.label == "List only").click().run()
    joined()
    page = open_page(PAGE, base=BASE)
    assert any("for 1 model" in element.value for element in page.caption)
    assert {m.label: m.value for m in page.metric}["Not compared yet"] == "2"
    assert not hub.requests_to("cdn")


def test_the_token_is_named_but_never_shown(open_page, hub, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", SECRET)
    page = open_page(PAGE, base=BASE)
    shown = " ".join(element.value for element in [*page.caption, *page.markdown])
    assert "A token is set" in shown and SECRET not in shown


def test_a_hub_that_does_not_answer_is_one_sentence(open_page, monkeypatch):
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    assert load_settings().hub_endpoint == "http://127.0.0.1:9"
    page = open_page(PAGE, base="ann/elsewhere")
    next(b for b in page.button if b.label == "List and compare").click().run()
    joined()
    page = open_page(PAGE, base="ann/elsewhere")
    assert not page.exception
    assert "ann/elsewhere could not be reached" in page.error[0].value
