"""Read the files of the published study of derived models as a family: its comparison
files, one a child, and its reports. Compares nothing; what the study left out stays
unknown.

Source of the formats: hpides/alsatian, main @ a5749c9, 2025-08-21,
`hf_model_analysis/model_comparator.py` and `similarity_analysis.py`. It compares by
position, every entry of two `state_dict`s, and hands the models over in the wrong
order: what a file calls base is the child, and the other way round. What the longer of
the two has beyond the end of the other is in no file.
"""

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from core.derived.card import Card
from core.derived.comparisons import Result, failed, succeeded
from core.derived.family import Family
from core.derived.legacy_report import Report, read_report, read_short_report
from core.derived.legacy_rows import bounded_text, comparison_rows, tensor_verdicts
from core.derived.local import folder_id
from core.derived.pattern import concluded, freeze_pattern
from core.derived.verdict import TensorVerdict
from core.errors import CorruptCheckpoint, UnsupportedFormat, UsageError

MOMENT = "%Y-%m-%d-%H:%M:%S"
COMPARISON = re.compile(
    r"(?P<moment>\d{4}(?:-\d\d){3}:\d\d:\d\d);compare;(?P<base>[^;]+);(?P<child>[^;]+)\.txt"
)
REPORT = re.compile(r"(?P<short>SHORT-)?compare-(?P<base>[^;]+);\.json")
HEADER = re.compile(
    r"comparing: base base_model_id: (?P<base>.{1,400}?)"
    r" with derived derived_model_id: (?P<child>.{1,400})"
)
COMPARISON_CAP_BYTES = 1 << 24
"""A comparison of 1,000 tensors has 0.2 MB."""


@dataclass
class _Files:
    """What a folder holds about one base: a newest file a child, and the reports."""

    comparisons: dict[str, Path] = field(default_factory=dict)
    report: Path | None = None
    short: Path | None = None


def dashed(id: str) -> str:
    """Write an id as the study's file names do; many ids become the same.

    >>> dashed("google/vit-base"), dashed("google-vit/base")
    ('google-vit-base', 'google-vit-base')
    """
    return re.sub(r"[/\\;\x00-\x1f\x85\u2028\u2029]", "-", id)


def read_legacy(folder: Path, base: str | None = None) -> Family:
    """Return what the study's files in `folder` say of one base.

    `base` (owner/name, or as file names have it) may be left out where the files know
    only one. A child of which only a report speaks, and a comparison that contradicts
    itself, is a failed row. Raises UsageError for a folder without such files, and
    CorruptCheckpoint for a report that cannot be read.
    """
    known = _files(folder)
    name = _chosen(folder, known, base)
    files = known[name]
    title = base if base and "/" in base else _title(files) or name
    results = {child: _compared(path, title)
               for child, path in files.comparisons.items()}  # fmt: skip
    reported = _reported(files)
    results |= {
        child: _only_reported(child, reported[child])
        for child in reported.keys() - results.keys()
    }
    ordered = tuple(results[child] for child in sorted(results))
    cards = tuple(Card(base_models=(title,), relation="finetune") for _ in ordered)
    return Family(title, ordered, cards)


def _files(folder: Path) -> dict[str, _Files]:
    """Sort the study's files of a folder by base; a later file hides an earlier one."""
    if not folder.is_dir():
        raise UsageError(folder, "is not a folder", "name one with the study's files")
    known: dict[str, _Files] = {}
    for path in _listed(folder):
        name = folder_id(path)
        if match := COMPARISON.fullmatch(name):
            files = known.setdefault(match["base"], _Files())
            files.comparisons[match["child"]] = path
        elif match := REPORT.fullmatch(name):
            files = known.setdefault(match["base"], _Files())
            setattr(files, "short" if match["short"] else "report", path)
    return known


def _listed(folder: Path) -> list[Path]:
    try:
        return sorted(path for path in folder.iterdir() if path.is_file())
    except OSError as error:
        happened = f"cannot be listed ({error.strerror})"
        raise UsageError(folder, happened, "allow it to be read") from error


def _chosen(folder: Path, known: Mapping[str, _Files], base: str | None) -> str:
    if not known:
        happened = "has no file named as the study names them"
        raise UsageError(folder, happened, "look for DATE;compare;BASE;CHILD.txt")
    if base is None and len(known) == 1:
        return next(iter(known))
    if base is None or dashed(base) not in known:
        names = ", ".join(sorted(known)[:8])
        happened = f"holds {len(known)} base{'s' * (len(known) > 1)}: {names}"
        raise UsageError(folder, happened, "name one of them")
    return dashed(base)


def _reported(files: _Files) -> dict[str, Report]:
    short = read_short_report(files.short) if files.short else {}
    return short | (read_report(files.report) if files.report else {})


def _title(files: _Files) -> str | None:
    """Return the base's id with its slash, as the first readable header has it."""
    for path in files.comparisons.values():
        with suppress(CorruptCheckpoint):
            return _header(_lines(path)[0], path)["base"]
    return None


def _lines(path: Path) -> list[str]:
    return bounded_text(path, COMPARISON_CAP_BYTES).splitlines() or [""]


def _header(line: str, path: Path) -> re.Match[str]:
    ids = HEADER.fullmatch(line)
    if ids is None:
        happened = "does not begin as a comparison does"
        raise CorruptCheckpoint(folder_id(path), happened, "get the file again")
    return ids


def _compared(path: Path, base: str) -> Result:
    """Read one comparison; the header's ids are whole, those of the name are not."""
    name = folder_id(path)
    match = COMPARISON.fullmatch(name)
    child = match["child"]
    try:
        line, *lines = _lines(path)
        ids = _header(line, path)
        child = ids["child"]
        if dashed(ids["base"]) != match["base"] or dashed(child) != match["child"]:
            raise CorruptCheckpoint(name, "names other models in its first line")
        if "/" in base and ids["base"] != base:
            raise CorruptCheckpoint(name, f"is about {ids['base']}, not {base}")
        tensors = tensor_verdicts(comparison_rows(lines, name), name)
        moment = datetime.strptime(match["moment"], MOMENT).isoformat()
        return _result(ids["base"], child, tensors, moment)
    except CorruptCheckpoint as error:
        return failed(child, "open", error, "")
    except ValueError:
        problem = CorruptCheckpoint(name, "has a date that is none in its name")
        return failed(child, "open", problem, "")


def _result(
    base: str, child: str, tensors: tuple[TensorVerdict, ...], moment: str
) -> Result:
    pattern = freeze_pattern(tensors)
    flags = pattern.flags
    if any(t.verdict == "changed" and t.role.is_matrix and t.role.decides
           for t in tensors):  # fmt: skip
        flags = replace(flags, low_rank="undecided")
    sentence = " ".join([pattern.sentence, *_remarks(tensors)])
    comparison = concluded(
        replace(pattern, flags=flags, sentence=sentence), tensors,
        base=base, child=child,
    )  # fmt: skip
    return replace(succeeded(child, comparison, ""), compared_at=moment)


def _remarks(tensors: Sequence[TensorVerdict]) -> list[str]:
    """Say what the study's way of comparing hides."""
    remarks = []
    unknown = sum(tensor.verdict == "unknown" for tensor in tensors)
    if unknown:
        remarks.append(
            f"{unknown} tensors are unknown: the study compares by position, and at "
            "theirs the names differ, so their values were never looked at."
        )
    differing = [t for t in tensors if t.verdict != "equal" and t.role.is_parameter]
    if differing and all("pooler." in (t.name or "") for t in differing):
        remarks.append(
            "Only the pooler differs: a file without one was loaded with a random one."
        )
    return remarks


def _only_reported(child: str, report: Report) -> Result:
    """A report drops names and shapes, so no pattern can be told from it."""
    happened = (
        f"is known from a report alone, without tensor names ({report.sentence}; a "
        "dash of its id may have been a slash)"
    )
    remedy = "import its comparison file, or compare it again"
    return failed(child, "open", UnsupportedFormat(child, happened, remedy), "")
