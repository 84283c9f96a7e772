"""The four criteria, the points they look at, and the audits."""

import pandas as pd
import pytest

from core.zero_shot.audits import audit_table, history, links_of, sentence
from core.zero_shot.criteria import ORDER, answer, decide
from core.zero_shot.points import every_point


@pytest.fixture(scope="module")
def points(catalog, nothing):
    return every_point(catalog, nothing)


@pytest.fixture(scope="module")
def decided(catalog, points):
    return decide(catalog, points, 8e9).set_index("model")


def test_every_model_has_every_decision_with_a_reason(decided, catalog):
    names = catalog.criteria["id"].tolist()
    assert len(decided) == len(catalog.models) + len(catalog.later)
    assert set(decided[names].to_numpy().ravel()) <= set(ORDER)
    assert (decided[[f"why_{name}" for name in names]] != "").all(axis=None)


@pytest.mark.parametrize(
    ("model", "criterion", "decision"),
    [
        ("owlv2", "open_source", "yes"),
        ("sam3", "open_source", "no"),
        ("metaclip", "open_source", "no"),
        ("detr", "open_source", "unknown"),
        ("lit", "easy", "no"),
        ("grounded-sam", "easy", "yes"),
        ("clip-dinoiser", "easy", "unknown"),
        ("mobileclip2", "balance", "yes"),
        ("lit-22b", "consumer_hw", "unknown"),
        ("siglip", "consumer_hw", "yes"),
    ],
)
def test_decisions_follow_the_facts(decided, model, criterion, decision):
    assert decided.loc[model, criterion] == decision


def test_the_answer_names_those_that_meet_everything(decided, catalog):
    names = catalog.criteria["id"].tolist()
    expected = [
        row.name
        for row in decided.reset_index().itertuples(index=False)
        if all(getattr(row, name) == "yes" for name in names)
    ]
    assert expected
    assert answer(decided, names).partition(" meet")[0].split(", ") == expected
    assert answer(decided[:0], names) == "No model meets all criteria."


def test_less_memory_fits_no_more_models(catalog, points):
    fits = [
        (decide(catalog, points, memory)["consumer_hw"] == "yes").sum()
        for memory in (1e8, 1e9, 8e9, 8e10)
    ]
    assert fits == sorted(fits) and fits[0] < fits[-1]


def test_points_take_counted_costs_and_say_memory_in_bytes(points):
    point = points.set_index("id").loc["openai-clip/ViT-B-32 openai"]
    assert (point["params"], point["gmacs"]) == (151_277_313, 7.39)
    assert point["weights"] == 2 * 151_277_313
    assert point["weights"] < point["peak"] < 1.02 * point["weights"]


def test_open_clips_own_table_replaces_what_was_copied_from_it(
    catalog, open_clip, points
):
    fresh = every_point(catalog, open_clip)
    copied = "mlfoundations/open_clip"
    assert points["source"].str.startswith(copied).any()
    assert not fresh["source"].str.startswith(copied).any()
    assert (fresh["model"] == "").sum() == 2
    assert fresh.loc[fresh["model"] == "", "name"].unique() == ["ViT-B-32 · mine"]


def test_an_audit_keeps_its_history(catalog):
    table = audit_table(catalog).set_index("id")
    assert table.loc["grounded-sam", ["then", "now", "changed"]].tolist() == [
        "blocked", "ok", True,
    ]  # fmt: skip
    steps = history(catalog, "lit")
    assert steps["verdict"].tolist() == ["ok", "blocked", "blocked"]
    assert steps["date"].is_monotonic_increasing


def test_a_verdict_added_later_is_the_one_that_holds(catalog):
    row = {"audit": "sam", "date": "2027-01", "verdict": "blocked", "by": "me",
           "reasons": ("Gone.",)}  # fmt: skip
    verdicts = pd.concat([catalog.verdicts, pd.DataFrame([row])], ignore_index=True)
    later = type(catalog)(**{**vars(catalog), "verdicts": verdicts})
    assert audit_table(later).set_index("id").loc["sam", "now"] == "blocked"
    assert (
        audit_table(later)["changed"].sum() == 1 + audit_table(catalog)["changed"].sum()
    )


def test_the_sentence_counts(catalog):
    assert sentence(audit_table(catalog)) == (
        "10 of 14 installed then, 9 now; 5 verdicts changed."
    )


def test_corrections_and_links_stand_beside_their_audit(catalog):
    links = links_of(catalog, "audit:owl")
    assert len(links) == 3
    owners = ["audit:owl", *("link:" + links["url"])]
    assert len(catalog.corrections_of(*owners)) == 2
