"""The similarity reports of the published study: the full one, JSON by child, and the
short one, a line a child. Both drop names and shapes. Reads and makes them.
"""

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from core.derived.legacy_rows import IDENTICAL, VERDICTS, bounded_text
from core.derived.local import folder_id
from core.errors import CorruptCheckpoint

REPORT_CAP_BYTES = 1 << 28
"""1,468 models of 200 tensors make about 20 MB."""

SHORT_LINE = re.compile(r"(?P<child>.+): (?P<identical>\d{1,9}) / (?P<total>\d{1,9}) ?")


@dataclass(frozen=True, slots=True)
class Report:
    """What a report says of one child. `levels` is None in a short one.

    `identical` is the study's `first_identical_layer_count`: all identical tensors,
    wherever they stand, not the first ones.
    """

    identical: int
    total: int
    levels: tuple[str, ...] | None = None

    @property
    def sentence(self) -> str:
        """The counts in words.

        >>> Report(26, 46).sentence
        '26 of 46 tensors equal'
        """
        return f"{self.identical} of {self.total} tensors equal"


def read_report(path: Path) -> dict[str, Report]:
    """Read a `compare-BASE;.json` by child. Raises CorruptCheckpoint."""
    text = bounded_text(path, REPORT_CAP_BYTES)
    try:
        document = json.loads(text)
        return {_id(child): _report(entry) for child, entry in document.items()}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        happened = "is no similarity report"
        raise CorruptCheckpoint(folder_id(path), happened, "make it again") from error


def read_short_report(path: Path) -> dict[str, Report]:
    """Read a `SHORT-compare-BASE;.json`, which is plain text. Raises
    CorruptCheckpoint.
    """
    found = {}
    for line in bounded_text(path, REPORT_CAP_BYTES).splitlines():
        match = SHORT_LINE.fullmatch(line)
        if match is None or int(match["identical"]) > int(match["total"]):
            happened = "has a line that is not `CHILD: IDENTICAL / TOTAL`"
            raise CorruptCheckpoint(folder_id(path), happened, "make it again")
        found[match["child"]] = Report(int(match["identical"]), int(match["total"]))
    return found


def report_text(levels: Mapping[str, tuple[Path, Sequence[str]]]) -> str:
    """Write a full report of the levels of each child and the file they are from.

    The most identical tensors come first, as in the study.

    >>> print(report_text({}))
    {}
    """
    entries = {child: _entry(path, list(names)) for child, (path, names) in
               levels.items()}  # fmt: skip
    return json.dumps(dict(sorted(entries.items(), key=_identical)), indent=4)


def short_report_text(levels: Mapping[str, tuple[Path, Sequence[str]]]) -> str:
    """Write a short report, in the same order.

    >>> short_report_text({"b": (Path("b.txt"), [IDENTICAL])})
    'b: 1 / 1 \\n'
    """
    counts = {
        child: (list(names).count(IDENTICAL), len(names))
        for child, (_, names) in levels.items()
    }
    ranked = sorted(counts.items(), key=lambda item: -item[1][0])
    return "".join(f"{child}: {same} / {total} \n" for child, (same, total) in ranked)


def _id(child: str) -> str:
    child.encode()  # a lone surrogate could not be kept
    return child


def _report(entry: Mapping[str, object]) -> Report:
    levels = entry["similarity_list"]
    runs = [[level, len(list(run))] for level, run in groupby(levels)]
    identical = levels.count(IDENTICAL)
    if not all(level in VERDICTS for level in levels):
        raise ValueError("an unknown level")
    if entry["similarity_groups"] != runs:
        raise ValueError("groups that are not those of the list")
    if entry["first_identical_layer_count"] != identical:
        raise ValueError("a count that is not that of the list")
    return Report(identical, len(levels), tuple(levels))


def _entry(path: Path, levels: list[str]) -> dict[str, object]:
    return {
        "file_path": str(path),
        "similarity_list": levels,
        "similarity_groups": [[level, len(list(run))] for level, run in
                              groupby(levels)],
        "similarity_histogram": dict(Counter(levels)),
        "first_identical_layer_count": levels.count(IDENTICAL),
    }  # fmt: skip


def _identical(item: tuple[str, Mapping[str, object]]) -> int:
    return -item[1]["first_identical_layer_count"]
