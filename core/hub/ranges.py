"""Byte ranges in HTTP (RFC 9110, section 14): merging them, asking for several, reading
the answer. Sends nothing. A range is a pair (start, stop), stop excluded.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from email.message import Message

Span = tuple[int, int]

_CONTENT_RANGE = re.compile(r"bytes (\d{1,19})-(\d{1,19})/(\d{1,19})")
_UNSATISFIED = re.compile(r"bytes \*/(\d{1,19})")
MAX_PART_HEADER = 1024
MAX_RANGES = 128
MAX_GROUP_BYTES = 8 * 2**20
MAX_GROUPED_BYTES = 2**20


def coalesce(spans: Iterable[Span], *, gap_bytes: int = 0) -> list[Span]:
    """Merge ranges that overlap or lie at most `gap_bytes` apart; empty ones vanish.

    >>> coalesce([(40, 50), (0, 10), (12, 20), (5, 5)], gap_bytes=2)
    [(0, 20), (40, 50)]
    """
    merged: list[Span] = []
    for start, stop in sorted(span for span in spans if span[0] < span[1]):
        if merged and start <= merged[-1][1] + gap_bytes:
            merged[-1] = merged[-1][0], max(stop, merged[-1][1])
        else:
            merged.append((start, stop))
    return merged


def batches(spans: Iterable[Span]) -> Iterator[list[Span]]:
    """Group small ranges for one request each; those over 1 MiB are left out.

    A group has at most 128 ranges and 8 MiB, since its answer is held in memory.

    >>> [len(group) for group in batches([(0, 9)] * 129 + [(0, 2**21)])]
    [128, 1]
    """
    group: list[Span] = []
    held = 0
    for start, stop in spans:
        if stop - start > MAX_GROUPED_BYTES:
            continue
        if len(group) == MAX_RANGES or held + stop - start > MAX_GROUP_BYTES:
            yield group
            group, held = [], 0
        group.append((start, stop))
        held += stop - start
    if group:
        yield group


def range_header(spans: Sequence[Span]) -> str:
    """Return the Range header that asks for these ranges.

    >>> range_header([(0, 10), (20, 30)])
    'bytes=0-9,20-29'
    """
    return "bytes=" + ",".join(f"{start}-{stop - 1}" for start, stop in spans)


def content_range(header: str | None) -> tuple[int, int, int] | None:
    """Return start, stop and the file's size from a Content-Range; None if unreadable.

    >>> content_range("bytes 0-9/100"), content_range("bytes 9-0/100")
    ((0, 10, 100), None)
    """
    found = _CONTENT_RANGE.fullmatch((header or "").strip())
    if not found:
        return None
    first, last, size = map(int, found.groups())
    return (first, last + 1, size) if first <= last < size else None


def size_of_unsatisfied(header: str | None) -> int | None:
    """Return the file's size from the Content-Range of a 416.

    >>> size_of_unsatisfied("bytes */100")
    100
    """
    found = _UNSATISFIED.fullmatch((header or "").strip())
    return int(found[1]) if found else None


def boundary_of(content_type: str | None) -> str | None:
    """Return the boundary of a multipart/byteranges answer; None for any other.

    >>> boundary_of('multipart/byteranges; boundary="x y"')
    'x y'
    """
    message = Message()
    message["Content-Type"] = content_type or "text/plain"
    if message.get_content_type() != "multipart/byteranges":
        return None
    return message.get_boundary()


def parse_multipart(body: bytes, boundary: str, size: int) -> list[tuple[Span, bytes]]:
    """Return the ranges of a multipart body of a file of `size` bytes.

    The length of a part is taken from its Content-Range, so weights that look like a
    boundary do no harm. What follows a damaged part is left out.
    """
    mark = b"--" + boundary.encode("latin-1", "replace")
    parts: list[tuple[Span, bytes]] = []
    at = body.find(mark)
    while at >= 0 and body[at + len(mark) : at + len(mark) + 2] != b"--":
        head = body.find(b"\r\n\r\n", at, at + len(mark) + MAX_PART_HEADER)
        found = _part_range(body[at:head]) if head >= 0 else None
        if found is None or found[2] != size:
            break
        start, stop, _ = found
        content = body[head + 4 : head + 4 + stop - start]
        if len(content) < stop - start:
            break
        parts.append(((start, stop), content))
        at = body.find(mark, head + 4 + stop - start)
    return parts


def pick(parts: Iterable[tuple[Span, bytes]], span: Span) -> bytes | None:
    """Return the bytes of `span` from a part that holds all of it; None without one.

    >>> pick([((10, 20), b"0123456789")], (12, 14))
    b'23'
    """
    for (start, stop), content in parts:
        if start <= span[0] and span[1] <= stop:
            return content[span[0] - start : span[1] - start]
    return None


def cut(
    held: Sequence[Span], contents: Sequence[bytes], wanted: Iterable[Span]
) -> list[bytes]:
    """Cut ranges out of the sorted, disjoint ranges that hold them.

    >>> cut([(0, 4), (10, 14)], [b"abcd", b"klmn"], [(11, 13), (0, 1), (7, 7)])
    [b'lm', b'a', b'']
    """
    starts = [start for start, _ in held]
    pieces = []
    for start, stop in wanted:
        index = bisect_right(starts, start) - 1
        at = start - starts[index] if start < stop else 0
        pieces.append(contents[index][at : at + stop - start] if start < stop else b"")
    return pieces


def _part_range(head: bytes) -> tuple[int, int, int] | None:
    for line in head.split(b"\r\n"):
        name, _, text = line.partition(b":")
        if name.strip().lower() == b"content-range":
            return content_range(text.decode("latin-1"))
    return None
