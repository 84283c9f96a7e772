"""Lists in MATLAB files of version 5: words, numbers, cells, rows of fields. Reads what
data sets need of the format; every length is held against the bytes that are there.

Not scipy's reader: a file that lies about its lengths ends the process in its C code
(scipy 1.17). Format: MathWorks, "MAT-File Format", level 5: a header of 128 bytes, then
elements of a type, a length and their bytes.
"""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from math import prod
from pathlib import Path

import numpy as np

from core.errors import UsageError

MAX_FILE_BYTES = 64 * 2**20
MAX_UNPACKED_BYTES = 256 * 2**20
MAX_DEPTH, MAX_RANK = 8, 8
HEADER_BYTES, VERSION = 128, 0x0100
MATRIX, COMPRESSED = 14, 15
NUMBERS = {
    1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8", 12: "i8",
    13: "u8",
}  # fmt: skip
TEXTS = {2: "latin-1", 16: "utf-8", 4: "utf-16", 17: "utf-16", 18: "utf-32"}
CELL, STRUCT, CHAR, NUMERIC = 1, 2, 4, range(6, 16)


def read_mat(path: Path, *names: str) -> dict[str, np.ndarray]:
    """Return the named variables, squeezed: numbers, words and cells as arrays, rows of
    fields as a structured array of objects. Raises UsageError that names the file.
    """
    if not path.is_file():
        raise UsageError(path, "is missing", "unpack the archive again")
    if path.stat().st_size > MAX_FILE_BYTES:
        raise UsageError(path, "is larger than 64 MiB", "download it again")
    try:
        found = dict(_variables(path.read_bytes(), path, frozenset(names)))
    except (ValueError, KeyError, IndexError, struct.error, zlib.error) as error:
        happened = f"is no MATLAB file of version 5 ({str(error)[:80]})"
        raise UsageError(path, happened, "download it again") from error
    lacking = [name for name in names if name not in found]
    if lacking:
        raise UsageError(path, f"lacks {', '.join(lacking)}", "download it again")
    return {name: np.atleast_1d(found[name]) for name in names}


@dataclass
class _Elements:
    """A cursor over elements; `order` is the byte order of their numbers."""

    content: memoryview
    order: str
    place: int = 0

    def take(self, count: int) -> memoryview:
        """Return exactly `count` bytes. Raises ValueError where they are not there."""
        self.place += count
        if self.place > len(self.content):
            raise ValueError("it ends too early")
        return self.content[self.place - count : self.place]

    def element(self) -> tuple[int, memoryview]:
        """Return the type and the bytes of the next element."""
        (head,) = struct.unpack(f"{self.order}I", self.take(4))
        if head >> 16:  # a small element: length and type in one, four bytes of data
            kind, length = head & 0xFFFF, head >> 16
            return kind, self.take(4)[:length]
        (length,) = struct.unpack(f"{self.order}I", self.take(4))
        body = self.take(length)
        if head != COMPRESSED:
            self.place = min(self.place + -length % 8, len(self.content))
        return head, body

    def numbers(self) -> np.ndarray:
        """Return the next element as an array of numbers."""
        kind, body = self.element()
        dtype = np.dtype(NUMBERS[kind]).newbyteorder(self.order)
        return np.frombuffer(body, dtype).astype(dtype.newbyteorder("="))

    def text(self) -> str:
        """Return the next element as letters."""
        kind, body = self.element()
        encoding = TEXTS[kind]
        if encoding in ("utf-16", "utf-32"):
            encoding += "-le" if self.order == "<" else "-be"
        return bytes(body).decode(encoding)


def _variables(
    content: bytes, path: Path, names: frozenset[str]
) -> Iterator[tuple[str, object]]:
    order = {b"IM": "<", b"MI": ">"}[content[HEADER_BYTES - 2 : HEADER_BYTES]]
    (version,) = struct.unpack_from(f"{order}H", content, HEADER_BYTES - 4)
    if version != VERSION:
        raise ValueError(f"it says version {version:#x}")
    elements = _Elements(memoryview(content)[HEADER_BYTES:], order)
    room = MAX_UNPACKED_BYTES
    while elements.place < len(elements.content):
        kind, body = elements.element()
        if kind == COMPRESSED:
            unpacked = zlib.decompressobj().decompress(bytes(body), room)
            room -= len(unpacked)
            if room <= 0:
                happened = "unpacks to more than 256 MiB"
                raise UsageError(path, happened, "download it again")
            kind, body = _Elements(memoryview(unpacked), order).element()
        if kind == MATRIX:
            name = _name(body, order)
            if name in names:
                yield name, _value(body, order, MAX_DEPTH)


def _opened(body: memoryview, order: str) -> tuple[_Elements, int, list[int], str]:
    """Return what follows the front of a matrix; its class, dimensions and name."""
    elements = _Elements(body, order)
    kind = int(elements.numbers()[0]) & 0xFF
    shape = elements.numbers().tolist()
    if not 2 <= len(shape) <= MAX_RANK or min(shape) < 0:
        raise ValueError("its dimensions are none")
    _, name = elements.element()
    return elements, kind, shape, bytes(name).decode("latin-1")


def _name(body: memoryview, order: str) -> str:
    return _opened(body, order)[3] if len(body) else ""


def _value(body: memoryview, order: str, depth: int) -> object:
    """Return a matrix squeezed: one number or word as itself, more as an array."""
    if not len(body):
        return np.empty(0)
    if not depth:
        raise ValueError("it is nested too deeply")
    elements, kind, shape, _ = _opened(body, order)
    count = prod(shape)
    if kind == CHAR:
        return _words(elements.text(), shape)
    if kind in NUMERIC:
        return _squeezed(elements.numbers(), shape)
    if kind == CELL:
        return _squeezed(_matrices(elements, count, depth), shape)
    if kind == STRUCT:
        return _rows(elements, shape, depth)
    raise ValueError("it holds what no list has")


def _matrices(elements: _Elements, count: int, depth: int) -> np.ndarray:
    """Read `count` matrices one after the other, as objects."""
    if count > (len(elements.content) - elements.place) // 8:
        raise ValueError("it claims more cells than it has bytes")
    found = np.empty(count, object)
    for place in range(count):
        kind, body = elements.element()
        if kind != MATRIX:
            raise ValueError("a cell is no matrix")
        found[place] = _value(body, elements.order, depth - 1)
    return found


def _squeezed(found: np.ndarray, shape: list[int]) -> object:
    found = found.reshape(shape, order="F").squeeze()
    if found.size == 1:
        return found.item()
    return found if found.size else found.ravel()


def _words(text: str, shape: list[int]) -> object:
    """Return one word, or an array of the rows of a matrix of letters."""
    if len(text) != prod(shape):
        raise ValueError("its letters are not as many as it says")
    rows = shape[0] or 1
    words = [text[row::rows] for row in range(rows)]
    return words[0] if rows == 1 else np.array(words)


def _rows(elements: _Elements, shape: list[int], depth: int) -> np.ndarray:
    """Return the rows of a struct, by field."""
    width = int(elements.numbers()[0])
    _, listed = elements.element()
    if width < 1 or len(listed) % width:
        raise ValueError("its fields have no names")
    starts = range(0, len(listed), width)
    fields = [bytes(listed[at : at + width]).split(b"\0")[0].decode() for at in starts]
    count = prod(shape)
    cells = _matrices(elements, count * len(fields), depth)
    rows = np.empty(count, [(name, object) for name in fields])
    for place, name in enumerate(fields):
        rows[name] = cells[place :: len(fields)]
    return rows.reshape(shape, order="F").squeeze()
