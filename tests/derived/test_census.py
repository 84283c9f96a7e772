"""The study's findings next to ours: counts, shares, corrections, what is not known."""

from dataclasses import replace

import pandas as pd
import pytest

from core.derived.census import STANDINGS, census, having
from core.derived.census_run import compare_census, stored_census
from core.derived.census_study import Finding, StudiedBase, Study, published_study
from core.errors import UsageError
from core.settings import load_settings

FULL = Finding("all changed", 3, 3, ("full", "reinitialized"))
HEAD = Finding("only the last", 1, 1, ("head-only",))


def models(*kinds, status="ok", relation="finetune", blocks=None, drift=False):
    rows = [
        {
            "id": f"u/m{number}", "status": status, "kind": kind, "reason": None,
            "frozen_blocks": blocks, "statistics_drift": drift, "relation": relation,
            "compared_at": "2026-11-21T00:00:00Z",
        }
        for number, kind in enumerate(kinds)
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=["id", "status", "kind", "reason",
                                       "frozen_blocks", "statistics_drift", "relation",
                                       "compared_at"])  # fmt: skip


def row(finding, found, listed=4):
    base = StudiedBase("org/base", "detection", listed, listed + 2, listed, (finding,))
    study = Study("study", "abc", "2025", "https://example.org", (base,))
    return census(study, lambda name: found).findings.iloc[0]


def test_the_study_is_told_in_whole():
    study = published_study()
    assert len(study.bases) == 33 and study.revision == "a5749c9"
    assert sum(base.worked for base in study.bases) == 2885
    assert sum(base.crawled for base in study.bases) == 3303
    assert sum(base.crawled - base.worked for base in study.bases) == 418


@pytest.mark.parametrize("base", published_study().bases, ids=lambda base: base.base)
def test_every_base_has_a_finding_that_is_counted_and_all_models_are_in_one(base):
    counted = [f for f in base.findings if f.models is not None]
    assert counted and all(finding.patterns for finding in counted)
    assert sum(finding.expected for finding in counted) == base.listed


def test_the_exchanged_counts_are_mended_and_told():
    bases = {base.base: base for base in published_study().bases}
    ours = bases["SenseTime/deformable-detr"].findings[0]
    theirs = bases["facebook/detr-resnet-50-dc5"].findings[0]
    assert (ours.models, ours.expected) == (theirs.expected, theirs.models) == (16, 7)
    assert "exchanged" in ours.correction


def test_the_same_count_of_the_same_number_agrees():
    told = row(FULL, models("full", "full", "reinitialized", "head-only"))
    assert (told["standing"], told["found"]) == ("agrees", 3)
    assert pd.isna(told["why"]) and pd.isna(told["correction"])
    assert told["low"] < told["share"] == told["share_expected"] < told["high"]


def test_a_known_error_is_told_where_the_count_is_the_mended_one():
    mended = replace(FULL, models=0, expected=3, correction="They were exchanged.")
    told = row(mended, models("full", "full", "full", "head-only"))
    assert told["standing"] == "corrected"
    assert told["correction"] == "They were exchanged."
    assert (told["published"], told["expected"]) == (0, 3)


def test_another_count_differs_and_says_what_there_is():
    told = row(FULL, models("full", "full", "head-only", "head-only"))
    assert told["standing"] == "differs"
    assert told["why"] == "4 models are compared, 4 in the study: 2 full, 2 head-only."


def test_a_family_that_has_grown_is_compared_by_its_share():
    kinds = ["full"] * 60 + ["head-only"] * 20
    assert row(FULL, models(*kinds))["standing"] == "similar share"
    assert row(FULL, models(*["full"] * 20, *["head-only"] * 60))["standing"] == (
        "differs"
    )


@pytest.mark.parametrize("found", [
    models(), models("full", None, status="skipped"), models(None, status="failed"),
    pd.concat([models("full"), models(None, status="skipped")]),
])  # fmt: skip
def test_what_is_not_compared_is_not_checked(found):
    told = row(FULL, found)
    assert told["standing"] == "not checked"
    assert pd.isna(told["found"]) and pd.isna(told["share"])


def test_a_finding_without_a_number_is_not_counted():
    told = row(Finding("they overlap"), models("full"))
    assert told["standing"] == "not counted" and pd.isna(told["published"])


def test_only_fine_tuned_models_count():
    found = pd.concat([models("full", "full", "full", "head-only"),
                       models("adapter", "adapter", relation="adapter")])  # fmt: skip
    assert row(FULL, found)["standing"] == "agrees"


def test_patterns_can_ask_for_blocks_and_statistics():
    deep, shallow = (models("frozen-prefix", blocks=blocks) for blocks in (6, 1))
    assert having(deep, ["frozen-prefix 6"]).tolist() == [True]
    assert having(shallow, ["frozen-prefix 6"]).tolist() == [False]
    drifted = models("head-only", drift=True)
    assert having(drifted, ["head-only with drift"]).tolist() == [True]
    assert having(drifted, ["head-only without drift"]).tolist() == [False]
    assert having(models(None), ["head-only"]).tolist() == [False]


def test_the_bases_reconcile():
    found = pd.concat([
        models("full", "full"), models(None, status="skipped"),
        models(None, status="failed").assign(reason="gated"),
    ])  # fmt: skip
    base = StudiedBase("org/base", "detection", 5, 9, 6, (HEAD,))
    study = Study("study", "abc", "2025", "https://example.org", (base,))
    told = census(study, lambda name: found).bases.iloc[0]
    assert told["listed"] == told["compared"] + told["failed"] + told["waiting"] == 4
    assert (told["lost"], told["failures"], told["patterns"]) == (3, "1 gated",
                                                                  "2 full")  # fmt: skip


def test_an_empty_cache_has_checked_nothing(tmp_path):
    known = stored_census(load_settings({"PEDIGREE_CACHE": str(tmp_path)}))
    standings = known.standings
    assert list(standings) == list(STANDINGS)
    assert standings["not checked"] + standings["not counted"] == len(known.findings)
    assert not list(tmp_path.iterdir())


def test_a_base_that_the_study_does_not_know_is_refused(tmp_path):
    settings = load_settings({"PEDIGREE_CACHE": str(tmp_path)})
    with pytest.raises(UsageError, match="no base of the published study"):
        compare_census(settings, ["google/vit-base-patch16-224"])
