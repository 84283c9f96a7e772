"""The survey's files hold all that was surveyed, and every later number its source."""

import json
from collections import Counter
from pathlib import Path

import pytest

from core.zero_shot.document import document

FACTS = Path(__file__).parents[2] / "../shared/data/zero_shot"
PLACED = {
    "roz": 10, "pwc": 36, "goldblum2023": 6, "hf_trends": 5, "github_trends": 12,
    "timm_results": 9,
}  # fmt: skip


@pytest.fixture(scope="module")
def found(catalog):
    return document(catalog)


def facts(name: str) -> dict:
    """Read the reference facts, or skip where they are not beside the repository."""
    if not (FACTS / name).exists():
        pytest.skip(f"the reference facts {name} are not on this machine")
    return json.loads((FACTS / name).read_text())


def test_every_list_has_its_length(found):
    lengths = {name: len(found[name]) for name in found if name != "survey"}
    assert lengths["criteria"] == 4 and lengths["sources"] == 10
    assert lengths["rankings"] == 24 and lengths["placements"] == 78
    assert lengths["audits"] == 14 and lengths["models"] == 52
    assert lengths["corrections"] == 13 and lengths["later_models"] >= 18


def test_placements_count_by_source(found):
    assert Counter(one["source"] for one in found["placements"]) == PLACED


def test_ten_audits_installed_and_four_were_blocked_with_reasons(found):
    verdicts = Counter(audit["verdict"] for audit in found["audits"])
    assert verdicts == {"ok": 10, "blocked": 4}
    for audit in found["audits"]:
        assert bool(audit["reasons"]) == (audit["verdict"] == "blocked")
        assert audit["history"][0]["date"] == found["survey"]["as_of"]
        assert audit["reasons_now"]


def test_links_are_distinct_and_the_dead_ones_archived(found):
    urls = [link["url"] for link in found["links"]]
    assert len(urls) == len(set(urls)) == 105
    dead = {link["url"] for link in found["links"] if link["state"] == "archived"}
    assert dead == {url for url in urls if "//paperswithcode.com/" in url}


def test_every_later_number_names_source_and_date(catalog):
    assert (catalog.results["source"] != "").all()
    assert catalog.results["read"].str.fullmatch(r"20\d\d-\d\d(-\d\d)?").all()
    assert set(catalog.later["id"]) <= set(catalog.results["model"])


def test_placements_are_those_of_the_reference(found):
    expected = Counter(
        (ranking["id"], entry["rank"], entry["model"], entry["label"], entry["line"])
        for ranking in facts("catalog.json")["rankings"]
        for entry in ranking["entries"]
    )
    keys = ("ranking", "rank", "model", "label", "line")
    assert Counter(tuple(o[k] for k in keys) for o in found["placements"]) == expected


def test_links_are_those_of_the_reference(found):
    reference = facts("catalog.json")
    pages = [
        *reference["resources"],
        *reference["source_pages"],
        *reference["rankings"],
    ]
    urls = {page["url"] for page in pages if page.get("url")}
    urls |= {url for source in reference["sources"] for url in source["urls"]}
    for audit in reference["audit"]:
        links = audit["links"] + audit["install"]["links"]
        urls |= {link["url"] for link in links}
    assert {link["url"] for link in found["links"]} == urls


def test_audits_and_models_are_those_of_the_reference(found):
    reference = facts("catalog.json")
    then = {
        one["id"]: (one["verdict"], one["verdict_2026"]) for one in reference["audit"]
    }
    assert {o["id"]: (o["verdict"], o["verdict_now"]) for o in found["audits"]} == then
    names = {one["id"]: (one["name"], one["year"]) for one in reference["models"]}
    assert {one["id"]: (one["name"], one["year"]) for one in found["models"]} == names
    assert [one["line"] for one in found["corrections"]] == [
        one["line"] for one in reference["corrections"]
    ]


def test_values_are_those_of_the_reference(found):
    numbers = [
        (result["variant"], round(result["value"] / 100, 6))
        for model in facts("models-2026.json")["models"]
        for result in model["results"]
        if not result["metric"].startswith(("params_M", "available"))
    ]
    ours = [
        (one["variant"], one["value"]) for one in found["results"] if one["benchmark"]
    ]
    assert Counter(ours) == Counter(numbers)


def test_counted_costs_are_those_of_the_reference(catalog):
    ours = dict(zip(catalog.costs["params"], catalog.costs["gmacs"], strict=True))
    for one in facts("footprint.json"):
        assert one["params"] in ours
        if "gflops" in one:
            assert ours[one["params"]] == pytest.approx(one["gflops"] / 2, rel=1e-4)
