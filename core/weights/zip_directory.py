"""The members of a stored (uncompressed) zip archive as byte ranges, from its central
directory alone. Knows nothing of torch.

Written for ranges over HTTP: the end of the file is asked once, and where the bytes of
a member begin is computed rather than read. Source: APPNOTE.TXT 6.3.10, sections 4.3
and 4.5.3.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

from core.errors import CorruptCheckpoint, UnsupportedFormat
from core.weights.bounds import MAX_TENSORS
from core.weights.entry import ByteSource

SUFFIX_BYTES = 65_536 + 22
MAX_DIRECTORY_BYTES = 64 * 1024 * 1024
TORCH_ALIGNMENT = 64
UNKNOWN_32 = 0xFFFFFFFF

END = struct.Struct("<4s4H2LH")
END_64_LOCATOR = struct.Struct("<4sLQL")
END_64 = struct.Struct("<4sQ2H2L4Q")
MEMBER = struct.Struct("<4s6H3L5H2L")
LOCAL = struct.Struct("<4s5H3L2H")


@dataclass(frozen=True, slots=True)
class Member:
    """One file of the archive; its header begins at `header` and whatever follows it
    begins at `limit`. `footer` is the size of its data descriptor, and `is_stored`
    false when its bytes are compressed or encrypted.
    """

    name: str
    size: int
    crc32: int
    header: int
    limit: int
    footer: int
    name_bytes: int
    is_stored: bool


def read_members(source: ByteSource) -> dict[str, Member] | None:
    """Read the central directory, in the order of the file; None if this is no zip.

    Raises CorruptCheckpoint when the directory contradicts the file.
    """
    tail_start = max(0, source.size - SUFFIX_BYTES)
    tail = source.read(tail_start, source.size)
    end = _end_of_archive(tail)
    if end is None:
        return None
    count, size, start, stop = _directory_range(source, tail, tail_start, end)
    if size > MAX_DIRECTORY_BYTES or count > MAX_TENSORS or start + size != stop:
        raise _corrupt(source, "has a zip directory of impossible size")
    if start >= tail_start:
        directory = tail[start - tail_start : stop - tail_start]
    else:
        directory = source.read(start, stop)
    members = list(_members(source, directory, count))
    return _with_limits(source, members, start)


def data_range(source: ByteSource, member: Member) -> tuple[int, int]:
    """Return where the bytes of a member are.

    A member ends, but for its descriptor, where the next one begins. When that gives a
    start on torch's 64-byte alignment it is taken; otherwise the local header is read.
    Raises UnsupportedFormat for compressed members.
    """
    if not member.is_stored:
        happened = f"holds compressed bytes in {member.name[:80]!a}"
        raise UnsupportedFormat(source.name, happened)
    stop = member.limit - member.footer
    start = stop - member.size
    least = member.header + LOCAL.size + member.name_bytes
    if start >= least and start % TORCH_ALIGNMENT == 0:
        return start, stop
    local = source.read(member.header, min(member.header + LOCAL.size, source.size))
    if len(local) < LOCAL.size or local[:4] != b"PK\x03\x04":
        raise _corrupt(source, f"has no member at {member.name!a}")
    *_, name_bytes, extra_bytes = LOCAL.unpack(local)
    start = member.header + LOCAL.size + name_bytes + extra_bytes
    if start + member.size > member.limit:
        raise _corrupt(source, f"has overlapping members at {member.name!a}")
    return start, start + member.size


def _end_of_archive(tail: bytes) -> int | None:
    """Find the end record whose comment reaches exactly to the end of the file."""
    found = tail.rfind(b"PK\x05\x06")
    while found >= 0:
        if found + END.size <= len(tail):
            comment_bytes = END.unpack_from(tail, found)[-1]
            if found + END.size + comment_bytes == len(tail):
                return found
        found = tail.rfind(b"PK\x05\x06", 0, found)
    return None


def _directory_range(
    source: ByteSource, tail: bytes, tail_start: int, end: int
) -> tuple[int, int, int, int]:
    """Return the members' count, then size, start and stop of the directory."""
    _, _, _, _, count, size, start, _ = END.unpack_from(tail, end)
    stop = tail_start + end
    at = end - END_64_LOCATOR.size
    if at < 0 or tail[at : at + 4] != b"PK\x06\x07":
        return count, size, start, stop
    end_64 = END_64_LOCATOR.unpack_from(tail, at)[2]
    if not tail_start <= end_64 <= tail_start + at - END_64.size:
        raise _corrupt(source, "has a zip64 record outside the file")
    record = END_64.unpack_from(tail, end_64 - tail_start)
    if record[0] != b"PK\x06\x06":
        raise _corrupt(source, "has no zip64 record where it claims one")
    return record[7], record[8], record[9], end_64


def _members(source: ByteSource, directory: bytes, count: int) -> Iterator[Member]:
    position = 0
    for _ in range(count):
        if position + MEMBER.size > len(directory):
            raise _corrupt(source, "has a zip directory that ends too early")
        fields = MEMBER.unpack_from(directory, position)
        name_at = position + MEMBER.size
        extra_at = name_at + fields[10]
        position = extra_at + fields[11] + fields[12]
        if fields[0] != b"PK\x01\x02" or position > len(directory):
            raise _corrupt(source, "has a broken zip directory")
        extra = directory[extra_at : extra_at + fields[11]]
        yield _member(fields, directory[name_at:extra_at], extra)


def _member(fields: tuple[int, ...], name_text: bytes, extra: bytes) -> Member:
    flags, method, crc32, packed, size = (*fields[3:5], *fields[7:10])
    size, packed, header = _sizes_64(extra, [size, packed, fields[16]])
    return Member(
        name=name_text.decode("utf-8", "replace"),
        size=packed,
        crc32=crc32,
        header=header,
        limit=0,
        footer=_footer_bytes(flags, max(size, header)),
        name_bytes=len(name_text),
        is_stored=not method and not flags & 1 and size == packed,
    )


def _footer_bytes(flags: int, largest: int) -> int:
    """Return the size of a data descriptor with its signature, as torch writes it."""
    if not flags & 8:
        return 0
    return 24 if largest >= UNKNOWN_32 else 16


def _sizes_64(extra: bytes, sizes: list[int]) -> list[int]:
    """Replace what does not fit 32 bits by the numbers of the zip64 extra field."""
    position = 0
    while position + 4 <= len(extra):
        kind, length = struct.unpack_from("<2H", extra, position)
        if kind == 1:
            wide = extra[position + 4 : position + 4 + length]
            numbers = iter(struct.unpack(f"<{len(wide) // 8}Q", wide[: len(wide) & ~7]))
            return [next(numbers, s) if s == UNKNOWN_32 else s for s in sizes]
        position += 4 + length
    return sizes


def _with_limits(
    source: ByteSource, members: list[Member], directory_start: int
) -> dict[str, Member]:
    """Give each member the offset at which the next one begins."""
    ordered = sorted(members, key=lambda member: member.header)
    headers = [*(member.header for member in ordered), directory_start]
    named = {}
    for (header, limit), member in zip(pairwise(headers), ordered, strict=True):
        if header + LOCAL.size + member.name_bytes + member.size > limit:
            raise _corrupt(source, f"has overlapping members at {member.name[:80]!a}")
        named[member.name] = replace(member, limit=limit)
    if len(named) != len(ordered):
        raise _corrupt(source, "holds two members of one name")
    return named


def _corrupt(source: ByteSource, happened: str) -> CorruptCheckpoint:
    return CorruptCheckpoint(source.name, happened, "download it again")
