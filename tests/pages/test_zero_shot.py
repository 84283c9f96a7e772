"""The Zero-shot page: every section, deep links, and what it says when nothing fits."""

import json

import pytest

PAGE = "pages/zero_shot.py"


def texts(page) -> str:
    return "\n".join(element.value for element in [*page.markdown, *page.caption])


def figures(page) -> list[dict]:
    return [json.loads(one.proto.spec) for one in page.get("plotly_chart")]


@pytest.mark.parametrize(
    ("task", "protocol"),
    [("Classification", "Zero-shot"), ("Detection", "Zero-shot"),
     ("Segmentation", "Supervised")],
)  # fmt: skip
def test_a_task_and_protocol_has_its_rankings(open_page, task, protocol):
    page = open_page(PAGE, recognize=task, trained=protocol)
    assert not page.exception and not page.error
    consensus, ranks, *_ = figures(page)
    drawn = [card[0] for card in consensus["data"][1]["customdata"]]
    assert drawn == ranks["layout"]["yaxis"]["ticktext"]
    assert any("supervised" in name for name in drawn) == (protocol == "Supervised")


def test_filters_and_a_model_come_from_the_address(open_page):
    page = open_page(
        PAGE,
        recognize="Detection",
        criteria=["Open"],
        undecided="false",
        recognizer="OWLv2",
    )
    models = next(one.value for one in page.dataframe if "place" in one.value)
    assert {"OWLv2", "LLMDet"} <= set(models["name"])
    assert set(models["open_source"]) == {"yes"}
    assert "**Easy: yes.**" in texts(page)


def test_nothing_that_fits_says_what_to_do_and_reset_does_it(open_page):
    page = open_page(
        PAGE, weights_access=["gated"], recognize="Detection", trained="Supervised"
    )
    assert not page.exception and not page.error
    assert "Reset them" in page.info[0].value
    next(one for one in page.button if one.label == "Reset").click()
    page.run()
    assert page.multiselect(key="weights_access").value == []
    assert figures(page)


def test_a_hostile_address_falls_back(open_page):
    keys = ("recognizer", "recognize", "scored_on", "against", "section", "gpu_memory")
    page = open_page(PAGE, **dict.fromkeys(keys, "<script>![](http://x)"))
    assert not page.exception and not page.error
    assert figures(page)


def test_an_audit_shows_its_history_and_its_corrections(open_page):
    page = open_page(PAGE, section="Install audit", audit="OWLv2 and OWL-ViT")
    said = texts(page)
    assert "2024-07-30: ok" in said and "2026-11: ok" in said
    assert "The other way round" in said
    assert page.code[0].value.startswith("pip install")


def test_an_archived_link_cannot_be_clicked(open_page):
    page = open_page(PAGE, section="Sources and corrections", link_state=["archived"])
    links = next(one.value for one in page.dataframe if "address" in one.value)
    assert len(links) == 29
    assert links["open"].isna().all()
    assert links["address"].str.startswith("https://paperswithcode.com/").all()
