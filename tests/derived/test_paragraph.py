"""Every number of the paragraph is the number of its rows."""

import pytest

from core.derived.card import Card
from core.derived.comparisons import Result
from core.derived.family import Family
from core.derived.paragraph import is_tie, paragraph, plain

DAY = "2026-11-20T10:00:00+00:00"


def result(id, word, status="ok"):
    summary = {"kind": word, "flags": {}, "counts": {}, "runs": "", "sentence": ""}
    ok = status == "ok"
    return Result(
        id, status, "", DAY, reason=None if ok else word,
        summary=summary if ok else None,
    )  # fmt: skip


@pytest.fixture
def family():
    """Six full, two head-only, one copy; two failed and one waits."""
    results = [result(f"full{n}", "full") for n in range(6)]
    results += [result(f"head{n}", "head-only") for n in range(2)]
    results += [result("copy", "identical"), result("x", "gated", "failed")]
    results += [result("y", "gated", "failed"), result("z", "limit", "skipped")]
    cards = [Card(downloads=n) for n in range(len(results))]
    return Family("base/model", tuple(results), tuple(cards))


def by_name(family):
    return {said.name: said for said in paragraph(family) if said.name}


def test_every_number_counts_its_rows(family):
    for name, said in by_name(family).items():
        rows = family.models.set_index("id").loc[list(said.ids)]
        expected = rows["downloads"].sum() if name == "downloads" else len(rows)
        assert int(said.number.replace(",", "")) == expected, name


def test_a_statement_of_one_pattern_holds_exactly_its_models(family):
    models = family.models
    told = [said for said in by_name(family).values() if said.kind]
    assert {said.kind for said in told} >= {"full", "head-only", "identical"}
    for said in told:
        assert set(said.ids) == set(models.loc[models["kind"] == said.kind, "id"])


def test_the_paragraph_reads_as_sentences(family):
    text = plain(paragraph(family))
    assert text.startswith(
        "Of 12 models listed as made from base/model, 9 could be compared with it "
        "(2026-11-20), 2 could not (18 % of 11, 95 % interval 5 to 48 %; most often "
        '"gated"), 1 not yet. The commonest freeze pattern is full: 6 models'
    )
    assert "  " not in text and text.endswith(".")


def test_counts_of_the_paragraph_reconcile(family):
    count = {name: len(said.ids) for name, said in by_name(family).items()}
    assert count["listed"] == count["compared"] + count["failed"] + count["waiting"]


def test_unknown_downloads_are_called_unknown(family):
    quiet = Family(family.base, family.results, (Card(),) * len(family.results))
    assert "not known" in plain(paragraph(quiet))
    assert "downloads" not in by_name(quiet)


def test_a_tie_is_called_one():
    results = tuple(result(f"m{n}", kind) for n, kind in enumerate(["full", "partial"]))
    text = plain(paragraph(Family("b", results, (Card(), Card()))))
    assert "the first two tie" in text
    assert is_tie(5, 5) and not is_tie(100, 10) and is_tie(0, 0)


def test_an_empty_family_says_nothing():
    assert paragraph(Family("b", (), ())) == ()


def test_a_family_of_failures_has_no_pattern():
    family = Family("b", (result("x", "corrupt", "failed"),), (Card(),))
    text = plain(paragraph(family))
    assert "Of 1 model listed as made from b, 0 could be compared with it" in text
    assert "pattern" not in text
