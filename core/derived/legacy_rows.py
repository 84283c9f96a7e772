"""The rows of one comparison of the published study -> a verdict a tensor. Knows the
format of a line, not where files lie.
"""

import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from typing import Literal, get_args

from core.derived.local import folder_id
from core.derived.verdict import TensorVerdict, Verdict
from core.errors import CorruptCheckpoint
from core.weights.entry import TensorEntry
from core.weights.layout import TensorRole, layout

Level = Literal[
    "LayerSimilarity.IDENTICAL",
    "LayerSimilarity.SAME_SHAPE",
    "LayerSimilarity.SAME_NAME",
    "LayerSimilarity.DIFFERENT",
]
"""How alike two tensors at one position are: equal; only shape and name; only the name;
not even that.
"""

IDENTICAL, SAME_SHAPE, SAME_NAME, DIFFERENT = get_args(Level)
VERDICTS: dict[str, Verdict] = {
    IDENTICAL: "equal", SAME_SHAPE: "changed", SAME_NAME: "reshaped",
    DIFFERENT: "unknown",
}  # fmt: skip
EVIDENCE = {"equal": "bytes", "changed": "bytes", "unknown": "unknown"}
ELEMENTS_CAP = 1 << 48
NAME_CAP = 1000
DIMENSIONS_CAP = 16

Shape = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """One position of a comparison, base and child told apart as they are.

    A name is empty where one side has no tensor; only Pedigree writes such rows.
    """

    base_name: str
    child_name: str
    base_shape: Shape
    child_shape: Shape
    level: Level


def bounded_text(path: Path, cap_bytes: int) -> str:
    """Read a text file of at most `cap_bytes`. Raises CorruptCheckpoint."""
    try:
        with path.open("rb") as file:
            content = file.read(cap_bytes + 1)
        if len(content) > cap_bytes:
            happened = f"has more than {cap_bytes >> 20} MiB"
            raise CorruptCheckpoint(folder_id(path), happened, "no such file has")
        return content.decode()
    except (OSError, UnicodeDecodeError) as error:
        raise CorruptCheckpoint(folder_id(path), f"cannot be read ({error})") from error


def comparison_rows(lines: Iterable[str], name: str) -> list[Row]:
    """Parse the lines after the header. Raises CorruptCheckpoint, naming the line."""
    rows = []
    for number, line in enumerate(lines, start=2):
        if not line.strip():
            continue
        try:
            rows.append(_row(json.loads(line)))
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            happened = f"is no row of a comparison in line {number}"
            raise CorruptCheckpoint(name, happened, "get the file again") from error
    return rows


def tensor_verdicts(rows: Sequence[Row], name: str) -> tuple[TensorVerdict, ...]:
    """Return a verdict a tensor, the base's in its order and then what was added.

    Rows pair tensors by position. From the first tensor that one side alone has, they
    pair strangers, whose values nobody compared: a name that both sides have is then
    "unknown" (or "reshaped", if shapes differ). The end of the longer side is cut off,
    so a name that only the last rows have is unknown as well. Raises CorruptCheckpoint
    where a row contradicts itself.

    >>> names = [("a", "a"), ("b", "x"), ("c", "b")]
    >>> levels = [IDENTICAL, DIFFERENT, DIFFERENT]
    >>> rows = [Row(*pair, (2,), (2,), level) for pair, level in zip(names, levels)]
    >>> [(t.base_name, t.name, t.verdict) for t in tensor_verdicts(rows, "it")]
    [('a', 'a', 'equal'), ('b', 'b', 'unknown'), ('c', 'c', 'unknown'), (None, 'x', 'added')]
    """  # noqa: E501
    if any(_is_contradiction(row) for row in rows):
        happened = "has a row whose names, shapes and level contradict each other"
        raise CorruptCheckpoint(name, happened, "get the file again")
    base = {row.base_name: row.base_shape for row in reversed(rows) if row.base_name}
    base = dict(reversed(base.items()))
    child = {row.child_name: row.child_shape for row in reversed(rows)}
    child = {key: child[key] for key in reversed(child) if key}
    cut = _cut_off(rows, base, child)
    base |= {key: child[key] for key in cut if key in child}
    child |= {key: base[key] for key in cut}
    levels = {r.base_name: r.level for r in rows if r.base_name == r.child_name}
    return tuple(_verdicts(base, child, levels))


def _row(document: Mapping[str, object]) -> Row:
    """Read one row, with base and child exchanged back."""
    level = document["comp-level"]
    if level not in VERDICTS:
        raise ValueError(level)
    return Row(
        _name(document["derived-name"]), _name(document["base-name"]),
        _shape(document["derived-weight-shape"]), _shape(document["base-weight-shape"]),
        level,
    )  # fmt: skip


def _name(value: object) -> str:
    if not isinstance(value, str) or len(value) > NAME_CAP:
        raise TypeError(value)
    value.encode()  # a lone surrogate could not be kept
    return value


def _shape(value: object) -> Shape:
    sizes = value if isinstance(value, list) and len(value) <= DIMENSIONS_CAP else [-1]
    if not all(type(size) is int and 0 <= size <= ELEMENTS_CAP for size in sizes):
        raise TypeError(value)
    if math.prod(sizes) > ELEMENTS_CAP:
        raise ValueError(value)
    return tuple(sizes)


def _is_contradiction(row: Row) -> bool:
    same_name = row.base_name == row.child_name
    same_shape = row.base_shape == row.child_shape
    if row.level == DIFFERENT:
        return not (row.base_name or row.child_name)
    return not same_name or same_shape == (row.level == SAME_NAME)


def _cut_off(
    rows: Sequence[Row], base: Mapping[str, Shape], child: Mapping[str, Shape]
) -> list[str]:
    """Return the names that only the last rows have, on one side."""
    last = rows[-1] if rows else None
    if last is None or not (last.base_name and last.child_name):
        return []
    ours = takewhile(lambda name: name not in child, reversed(base))
    theirs = takewhile(lambda name: name not in base, reversed(child))
    return [*reversed([*ours]), *reversed([*theirs])]


def _verdicts(
    base: Mapping[str, Shape], child: Mapping[str, Shape], levels: Mapping[str, Level]
) -> Iterator[TensorVerdict]:
    ours, theirs = _roles(base), _roles(child)
    for name, shape in base.items():
        if name not in child:
            yield _verdict(None, name, shape, shape, "removed", ours[name])
            continue
        verdict = VERDICTS[levels.get(name, DIFFERENT)]
        if shape != child[name]:
            verdict = "reshaped"
        yield _verdict(name, name, child[name], shape, verdict, ours[name])
    for name, shape in child.items():
        if name not in base:
            yield _verdict(name, None, shape, None, "added", theirs[name])


def _roles(shapes: Mapping[str, Shape]) -> dict[str, TensorRole]:
    entries = [TensorEntry(name, "", shape, 0, 0) for name, shape in shapes.items()]
    return layout(entries)


def _verdict(
    name: str | None,
    base_name: str | None,
    shape: Shape,
    base_shape: Shape | None,
    verdict: Verdict,
    role: TensorRole,
) -> TensorVerdict:
    grown = verdict == "reshaped" and role.is_embedding and shape[1:] == base_shape[1:]
    return TensorVerdict(
        name, base_name, shape, base_shape, "", verdict,
        EVIDENCE.get(verdict, "header"), role, is_grown=grown,
        base_dtype=None if base_name is None else "",
    )  # fmt: skip
