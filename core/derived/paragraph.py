"""A family in one paragraph that a person can paste; every number knows its rows. Knows
frames: no files, no pages.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import pandas as pd

from core.derived.family import Family
from core.derived.shares import wilson
from core.derived.summary import by_layer, compared, pattern_shares

COPIES = ("identical", "cast", "statistics-only")
"""Patterns in which no parameter was trained."""


@dataclass(frozen=True)
class Statement:
    """A piece of the paragraph around one number, which counts `ids`.

    `name` tells it from the others in an address. `kind` is set where the rows are
    exactly the models of one pattern.
    """

    name: str
    before: str
    number: str
    after: str
    ids: tuple[str, ...]
    kind: str | None = None

    @property
    def text(self) -> str:
        """The piece in words."""
        return f"{self.before}{self.number}{self.after}"


def paragraph(family: Family) -> tuple[Statement, ...]:
    """Tell a family in words, one statement a number; `plain` joins them.

    A family without models has nothing to tell.
    """
    models = family.models
    if models.empty:
        return ()
    return (
        *_coverage(family.base_name, models),
        *_patterns(models),
        *_frozen(models),
        *_downloads(models),
    )


def plain(statements: Iterable[Statement]) -> str:
    """Join statements into the paragraph.

    >>> plain([Statement("all", "Of ", "2", " models", ("a", "b")),
    ...        Statement("ok", " ", "1", " was compared.", ("a",))])
    'Of 2 models 1 was compared.'
    """
    return "".join(statement.text for statement in statements).strip()


def interval(count: int, total: int) -> str:
    """Write a share with its interval.

    >>> interval(353, 420)
    '84 % of 420, 95 % interval 80 to 87 %'
    """
    low, high = wilson(count, total)
    share = count / total if total else 0.0
    return (
        f"{100 * share:.0f} % of {total:,}, 95 % interval "
        f"{100 * low:.0f} to {100 * high:.0f} %"
    )


def is_tie(first: int, second: int) -> bool:
    """Tell whether of two patterns neither is surely commoner.

    They tie while one half lies in the interval of the first's share of both.

    >>> is_tie(12, 9), is_tie(353, 13)
    (True, False)
    """
    low, high = wilson(first, first + second)
    return low <= 0.5 <= high


def _coverage(base: str, models: pd.DataFrame) -> list[Statement]:
    done, failed = compared(models), models[models["status"] == "failed"]
    waiting = models[models["status"] == "skipped"]
    told = [
        _count("listed", "Of ", models, f" listed as made from {base}, "),
        _count("compared", "", done, f" could be compared with it{_when(done)}",
               noun=False),
    ]  # fmt: skip
    if len(failed):
        share = interval(len(failed), len(done) + len(failed))
        why = failed["reason"].mode()
        most = f'; most often "{why.iloc[0]}"' if len(why) else ""
        after = f" could not ({share}{most})"
        told.append(_count("failed", ", ", failed, after, noun=False))
    if len(waiting):
        told.append(_count("waiting", ", ", waiting, " not yet", noun=False))
    return [*told, _words(".")]


def _patterns(models: pd.DataFrame) -> list[Statement]:
    shares = pattern_shares(models)
    if shares.empty:
        return []
    done = compared(models)
    told = []
    for place, row in enumerate(shares.head(3).itertuples()):
        before = " The commonest freeze pattern is " if not place else ", then "
        rows = done[done["kind"] == row.kind]
        after = f" ({interval(row.models, len(done))})"
        told.append(
            _count(f"pattern {row.kind}", f"{before}{row.kind}: ", rows, after,
                   kind=row.kind)
        )  # fmt: skip
    counts = list(shares["models"])
    tie = len(counts) > 1 and is_tie(counts[0], counts[1])
    return [*told, _words("; the first two tie." if tie else ".")]


def _frozen(models: pd.DataFrame) -> list[Statement]:
    told_by_layer = by_layer(models)
    copies = compared(models)
    copies = copies[copies["kind"].isin(COPIES)]
    head = told_by_layer[told_by_layer["kind"] == "head-only"]
    full = told_by_layer[told_by_layer["kind"].isin(["full", "reinitialized"])]
    told = []
    if len(told_by_layer):
        total = len(told_by_layer)
        after = f" ({interval(len(full), total)}) changed all trainable layers, "
        told.append(_count("trained throughout", " ", full, after))
        after = f" ({interval(len(head), total)}) only the head"
        told.append(_count("head alone", "", head, after, noun=False))
    if len(copies):
        after = " changed no parameter at all: copies, or the base in another dtype"
        told.append(_count("copies", "; ", copies, after, noun=False))
    return [*told, _words(".")] if told else []


def _downloads(models: pd.DataFrame) -> list[Statement]:
    known = compared(models).dropna(subset=["downloads"])
    total = int(known["downloads"].sum()) if len(known) else 0
    if not total:
        return [_words(" How often they are downloaded is not known here.")]
    by_kind = known.groupby("kind")["downloads"].sum().sort_values(ascending=False)
    kind, downloads = str(by_kind.index[0]), int(by_kind.iloc[0])
    rows = known[known["kind"] == kind]
    before = f" Weighted by downloads ({total:,} in all), {kind} comes first with "
    after = f" of them ({100 * downloads / total:.0f} %)."
    ids = tuple(rows["id"])
    return [Statement("downloads", before, f"{downloads:,}", after, ids, kind)]


def _count(
    name: str,
    before: str,
    rows: pd.DataFrame,
    after: str,
    *,
    noun: bool = True,
    kind: str | None = None,
) -> Statement:
    words = (" model" if len(rows) == 1 else " models") if noun else ""
    ids = tuple(rows["id"])
    return Statement(name, before, f"{len(rows):,}", f"{words}{after}", ids, kind)


def _words(text: str) -> Statement:
    return Statement("", text, "", "", ())


def _when(rows: Sequence) -> str:
    if len(rows) == 0:
        return ""
    first, last = (str(day)[:10] for day in
                   (rows["compared_at"].min(), rows["compared_at"].max()))  # fmt: skip
    return f" ({first})" if first == last else f" ({first} to {last})"
