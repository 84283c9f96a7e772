"""Fits my machine and Try it: what an address asks for, what is kept, what is wrong."""

import pytest

from core.device import Device
from core.zero_shot.fit import fit
from core.zero_shot.fit_document import keep_fit
from core.zero_shot.footprint import Footprint
from core.zero_shot.workload import Workload

PAGE = "pages/zero_shot.py"
MODEL = "ann/<b>model"


def texts(page) -> str:
    parts = [*page.markdown, *page.caption, *page.error, *page.success, *page.info]
    return "\n".join(element.value for element in [*parts, *page.warning])


@pytest.fixture
def kept(cache_root):
    """Keep a fit of a model that nobody can build."""
    found = Footprint(MODEL, "here", Workload(), (8, 8), 10**6, 2**30, 10**9, 2**30)
    device = Device("cpu", "cpu", "A machine", 2**35, 2**35)
    return keep_fit(MODEL, Workload(), fit(found, device), cache_root)


def test_a_kept_fit_is_shown_with_its_verdict(open_page, kept):
    page = open_page(PAGE, section="Fits my machine", fit_model=MODEL)
    assert not page.exception and not page.error
    assert "fits A machine" in page.success[0].value
    assert [metric.value for metric in page.metric][:2] == ["1 M", "1.00"]


def test_another_device_changes_the_verdict(open_page, kept):
    page = open_page(PAGE, section="Fits my machine", fit_model=MODEL, fit_memory="1.0")
    assert not page.exception and "more than a GPU of 1 GiB" in page.error[0].value


@pytest.mark.parametrize(
    ("query", "says"),
    [({}, "Give an image"), ({"try_path": "/nowhere/at/all"}, "full path"),
     ({"try_labels": " "}, "at least one label"),
     ({"try_labels": ",".join(map(str, range(10_000)))}, "10,000 labels"),
     ({"try_templates": "no place"}, "exactly one")],
)  # fmt: skip
def test_what_cannot_be_tried_is_one_sentence(open_page, query, says):
    page = open_page(PAGE, section="Try it", **query)
    assert not page.exception and says in texts(page)


@pytest.mark.parametrize("section", ["Fits my machine", "Try it"])
def test_a_hostile_address_falls_back(open_page, section):
    keys = ("fit_model", "fit_batch", "fit_dtype", "try_models", "try_path",
            "try_threshold", "try_masks")  # fmt: skip
    page = open_page(PAGE, section=section, **dict.fromkeys(keys, "<i>![](http://x)"))
    assert not page.exception and "This page failed" not in texts(page)
