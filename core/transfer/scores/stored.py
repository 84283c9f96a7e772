"""Arrays in .npy and .npz files whose rows are read when they are asked for.

Reads headers itself, never a pickle; a header must agree with the bytes that follow.
Source: the NPY format, numpy.lib.format, versions 1 and 2; APPNOTE.TXT for zip.
"""

import lzma
import shutil
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import IO

import numpy as np

from core.errors import UsageError

MAX_UNPACKED_BYTES = 8 * 2**30
"""What compressed arrays of a file may unpack to, on disk."""

MAX_ARRAYS = 100
MAX_RANK = 2
LOCAL_HEADER_BYTES = 30
BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    NotImplementedError,
    RuntimeError,
    ValueError,
)
"""What zipfile raises for an archive that is cut off, damaged, odd or encrypted."""


@dataclass(frozen=True, eq=False)
class StoredArray:
    """An array in a file; a slice or an index array reads those rows alone.

    Every read maps the file anew and copies, so that nothing stays in memory.
    """

    path: Path
    offset: int
    shape: tuple[int, ...]
    dtype: np.dtype
    order: str

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, rows: slice | np.ndarray) -> np.ndarray:
        if 0 in self.shape:
            return np.empty(self.shape, self.dtype)[rows]
        place = self.offset, self.shape, self.order
        return np.array(np.memmap(self.path, self.dtype, "r", *place)[rows])


@contextmanager
def open_arrays(path: Path) -> Iterator[dict[str, StoredArray]]:
    """Open every array of an .npz archive, or the one of an .npy file as "features".

    Compressed members are unpacked to a temporary folder until the context ends.
    Raises UsageError for what is no such file, holds objects or contradicts itself.
    """
    with ExitStack() as stack:
        try:
            arrays = _open(path, stack)
        except OSError as error:
            happened = f"cannot be read ({error.strerror or error})"
            raise UsageError(path.name, happened, "check the path") from error
        except BROKEN as error:
            remedy = "write it with numpy.savez"
            raise UsageError(path.name, "is no readable .npz file", remedy) from error
        yield arrays


def _open(path: Path, stack: ExitStack) -> dict[str, StoredArray]:
    with path.open("rb") as file:
        if file.read(6) == b"\x93NUMPY":
            size = path.stat().st_size
            return {"features": _read_header(path, file, 0, size, path.name)}
    with zipfile.ZipFile(path) as archive:
        members = [m for m in archive.infolist() if m.filename.endswith(".npy")]
        if len(members) > MAX_ARRAYS:
            happened = f"holds {len(members):,} arrays"
            raise UsageError(path.name, happened, f"keep {MAX_ARRAYS} at most")
        packed = [m.file_size for m in members if m.compress_type != zipfile.ZIP_STORED]
        if sum(packed) > MAX_UNPACKED_BYTES:
            happened = f"unpacks to {sum(packed):,} bytes"
            raise UsageError(path.name, happened, "write it with numpy.savez instead")
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        return {
            member.filename.removesuffix(".npy"): _open_member(
                path, archive, member, folder / f"{at}.npy"
            )
            for at, member in enumerate(members)
        }


def _open_member(
    path: Path, archive: zipfile.ZipFile, member: zipfile.ZipInfo, unpacked: Path
) -> StoredArray:
    name = f"{member.filename[:80]} in {path.name}"
    if member.compress_type == zipfile.ZIP_STORED:
        with path.open("rb") as file:
            start = _member_start(name, file, member)
            return _read_header(path, file, start, member.file_size, name)
    with archive.open(member) as stream, unpacked.open("wb") as file:
        shutil.copyfileobj(stream, file)
    with unpacked.open("rb") as file:
        return _read_header(unpacked, file, 0, unpacked.stat().st_size, name)


def _member_start(name: str, file: IO[bytes], member: zipfile.ZipInfo) -> int:
    """Return where the bytes of a stored member begin, past its local header."""
    file.seek(member.header_offset)
    header = file.read(LOCAL_HEADER_BYTES)
    if len(header) < LOCAL_HEADER_BYTES or member.flag_bits & 1:
        raise UsageError(name, "is cut off or encrypted", "write it again")
    name_bytes, extra_bytes = struct.unpack_from("<2H", header, 26)
    return member.header_offset + LOCAL_HEADER_BYTES + name_bytes + extra_bytes


def _read_header(
    path: Path, file: IO[bytes], start: int, size: int, name: str
) -> StoredArray:
    """Read the header of an array of `size` bytes at `start`."""
    file.seek(start)
    try:
        version = np.lib.format.read_magic(file)
        read = {
            (1, 0): np.lib.format.read_array_header_1_0,
            (2, 0): np.lib.format.read_array_header_2_0,
        }[version]
        shape, is_fortran, dtype = read(file)
    except Exception as error:  # numpy reads it as Python, whose errors are many
        raise UsageError(name, "has no readable header", "save it again") from error
    if dtype.hasobject or dtype.fields:
        happened = f"holds {'Python objects' if dtype.hasobject else 'records'}"
        raise UsageError(name, happened, "save plain numbers or strings")
    offset = file.tell()
    if not 1 <= len(shape) <= MAX_RANK or min(shape) < 0:
        raise UsageError(name, f"has the shape {shape}", "save (N, D) or (N,)")
    size_bytes = prod(shape) * dtype.itemsize
    is_whole = offset + size_bytes <= path.stat().st_size
    if size_bytes != size - (offset - start) or not is_whole:
        raise UsageError(name, "holds other bytes than it claims", "save it again")
    return StoredArray(path, offset, shape, dtype, "F" if is_fortran else "C")
