"""Models with the same row of a freeze map, counted and put in words."""

from dataclasses import dataclass
from itertools import groupby

import numpy as np
import pandas as pd

from core.derived.matrix import NOT_MEASURED, NOTHING, VERDICT_CODES, Shown


@dataclass(frozen=True)
class Alike:
    """A freeze map with one row a pattern instead of one a model.

    `rows` has the codes, indexed by the pattern in words with its count; `members` one
    row a model: pattern, model. Both stand in the order of the matrix they were made
    of, or the most frequent first.
    """

    rows: pd.DataFrame
    members: pd.DataFrame


def alike(matrix: pd.DataFrame, *, frequent_first: bool = True) -> Alike:
    """Gather the models whose rows of verdicts are the same, cell by cell.

    >>> matrix = pd.DataFrame([[0, 1], [1, 1], [0, 1]], list("abc"), ["stem", "head"])
    >>> alike(matrix).rows.index.tolist()
    ['2 × stem frozen', '1 × nothing frozen']
    """
    codes = np.ascontiguousarray(matrix.to_numpy())
    first, group, counts = _groups(codes)
    order = np.argsort(first)
    if frequent_first:
        order = order[np.argsort(-counts[order], kind="stable")]
    words = _told_apart(
        [
            f"{counts[at]:,} × {frozen_words(codes[first[at]], list(matrix.columns))}"
            for at in order
        ]
    )
    names = pd.Series(words, index=order)
    rows = matrix.iloc[first[order]].set_axis(pd.Index(words, name="pattern"))
    members = pd.DataFrame({"pattern": names[group].to_numpy(), "model": matrix.index})
    return Alike(rows, members)


def of_patterns(
    matrix: pd.DataFrame, members: pd.DataFrame, shown: Shown
) -> pd.DataFrame:
    """Sum up, for each pattern, what its models' cells say of evidence or distance.

    Evidence is that of the weakest; distance that of the median model among those that
    were measured. `matrix` has a row for each of `members`, as `alike` returns them.

    >>> members = pd.DataFrame({"pattern": ["p"] * 3, "model": list("abc")})
    >>> codes = pd.DataFrame({"stem": [1, 8, 5]}, list("abc"))
    >>> [int(of_patterns(codes, members, shown).loc["p", "stem"])
    ...  for shown in ("evidence", "distance")]
    [8, 3]
    """
    pattern = members.set_index("model")["pattern"].reindex(matrix.index)
    if shown == "evidence":
        return matrix.groupby(pattern).max()
    measured = matrix.where(matrix < NOT_MEASURED)
    median = np.floor(measured.groupby(pattern).median())
    return median.fillna(NOT_MEASURED).astype(np.int8)


def frozen_words(codes: np.ndarray, columns: list[str]) -> str:
    """Say which of the columns equal the base, what neither side has aside.

    >>> frozen_words(np.array([0, 0, 1, 0]), ["stem", "stage 1", "stage 2", "head"])
    'stem to stage 1, head frozen'
    >>> frozen_words(np.array([0, 0]), ["stem", "head"])
    'everything frozen'
    """
    seen = [(c, n) for c, n in zip(codes, columns, strict=True) if c != NOTHING]
    equal = VERDICT_CODES["equal"]
    spans = [
        [name for _, name in run]
        for is_equal, run in groupby(seen, key=lambda cell: cell[0] == equal)
        if is_equal
    ]
    if not spans:
        return "nothing frozen"
    if sum(map(len, spans)) == len(seen):
        return "everything frozen"
    named = [s[0] if len(s) == 1 else f"{s[0]} to {s[-1]}" for s in spans]
    return f"{', '.join(named)} frozen"


def _groups(codes: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return where each different row is first, the group of each row, the counts."""
    _, first, group, counts = np.unique(
        codes, axis=0, return_index=True, return_inverse=True, return_counts=True
    )
    return first, group, counts


def _told_apart(words: list[str]) -> list[str]:
    """Number names that several rows share: their other cells differ."""
    seen: dict[str, int] = {}
    told = []
    for word in words:
        seen[word] = seen.get(word, 0) + 1
        told.append(word if seen[word] == 1 else f"{word} ({seen[word]})")
    return told
