"""A comparison as a few lines that one person sends to another. Knows no pages."""

import shlex
from collections import Counter
from dataclasses import asdict

from core.derived.verdict import Comparison


def message(found: Comparison, *, day: str, link: str = "") -> str:
    """Tell what differs, by what evidence, and two ways to see it again.

    `day` is when the two were compared, `link` where a page shows it.

    >>> from core.derived.verdict import Counts, Flags
    >>> told = "Every parameter equals the base's."
    >>> found = Comparison("a.bin", "b c.bin", "identical", None, Flags(),
    ...                    Counts(equal=2), "all equal", told, 8, ())
    >>> print(message(found, day="2026-11-21"))
    b c.bin against a.bin: identical.
    Every parameter equals the base's.
    In forward order: all equal.
    Tensors: 2 equal. Compared on 2026-11-21.
    python -m core compare a.bin 'b c.bin' --metrics
    """
    counts = [f"{n:,} {verdict}" for verdict, n in asdict(found.counts).items() if n]
    evidence = Counter(tensor.evidence for tensor in found.tensors).most_common()
    said_by = ", ".join(f"{word} ({n:,})" for word, n in evidence)
    lines = [
        f"{found.child} against {found.base}: {found.kind}.",
        found.sentence,
        f"In forward order: {found.runs}.",
        f"Tensors: {', '.join(counts) or 'none'}. Compared on {day}"
        + (f"; evidence: {said_by}." if said_by else "."),
        link,
        shlex.join(
            ["python", "-m", "core", "compare", found.base, found.child, "--metrics"]
        ),
    ]
    return "\n".join(filter(None, lines))
