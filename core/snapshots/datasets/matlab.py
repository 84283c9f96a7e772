"""Lists in MATLAB files of version 5, read by scipy with a cap on what they unpack to.

Format: MathWorks, "MAT-File Format", level 5: a header of 128 bytes, then elements of
a type, a length and their bytes; type 15 is compressed by zlib.
"""

import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from core.errors import UsageError

MAX_FILE_BYTES = 64 * 2**20
MAX_UNPACKED_BYTES = 256 * 2**20
HEADER_BYTES = 128
COMPRESSED = 15


def read_mat(path: Path, *names: str) -> dict[str, np.ndarray]:
    """Return the named variables, squeezed. Raises UsageError that names the file."""
    from scipy.io import loadmat

    if not path.is_file():
        raise UsageError(path, "is missing", "unpack the archive again")
    _check_size(path)
    try:
        found: dict[str, Any] = loadmat(
            path, variable_names=list(names), squeeze_me=True
        )
    except Exception as error:  # scipy names no error of its own for a broken file
        happened = f"is no MATLAB file of version 5 ({type(error).__name__})"
        raise UsageError(path, happened, "download it again") from error
    lacking = [name for name in names if name not in found]
    if lacking:
        raise UsageError(path, f"lacks {', '.join(lacking)}", "download it again")
    return {name: np.atleast_1d(found[name]) for name in names}


def _check_size(path: Path) -> None:
    """Refuse a file whose compressed elements unpack to more than the cap."""
    if path.stat().st_size > MAX_FILE_BYTES:
        raise UsageError(path, "is larger than 64 MiB", "download it again")
    content = path.read_bytes()
    order = "<" if content[126:128] == b"IM" else ">"
    place, total = HEADER_BYTES, 0
    while place + 8 <= len(content):
        kind, length = struct.unpack_from(f"{order}II", content, place)
        body = content[place + 8 : place + 8 + length]
        if kind == COMPRESSED:
            total += _unpacked_bytes(body, MAX_UNPACKED_BYTES - total)
        place += 8 + length
        if total >= MAX_UNPACKED_BYTES:
            raise UsageError(path, "unpacks to more than 256 MiB", "download it again")


def _unpacked_bytes(body: bytes, most: int) -> int:
    try:
        return len(zlib.decompressobj().decompress(body, max(most, 1)))
    except zlib.error:
        return 0
