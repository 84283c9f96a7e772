"""Where the bytes of a checkpoint come from on this machine: a file or memory. Knows
nothing of tensors.
"""

import os
from contextlib import suppress
from pathlib import Path
from threading import Lock

from core.errors import CorruptCheckpoint, UsageError
from core.weights.entry import ByteSource
from core.weights.lending import CAN_LEASE, MappedFile


class FileSource:
    """A local file read by position, safe to share between threads.

    `path` is for code that reads the file in its own way. Raises UsageError when there
    is no such file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.name = str(path)
        if not path.is_file():
            raise UsageError(path, "is not a file", "check the path")
        try:
            self._file = path.open("rb", buffering=0)
        except OSError as error:
            raise UsageError(path, f"cannot be opened ({error.strerror})") from error
        self.size = os.fstat(self._file.fileno()).st_size
        self._lock = Lock()
        self._mapped: MappedFile | None = None

    def read(self, start: int, stop: int) -> bytes:
        """Return exactly the bytes [start, stop), or raise CorruptCheckpoint."""
        check_range(self, start, stop)
        content = bytearray(stop - start)
        self.read_into(start, memoryview(content))
        return bytes(content)

    def read_into(self, start: int, buffer: memoryview) -> None:
        """Fill `buffer` with the bytes from `start`, or raise CorruptCheckpoint."""
        check_range(self, start, start + buffer.nbytes)
        rest = buffer.cast("B")
        while rest:
            try:
                count = self._read_some(rest, start)
            except (OSError, ValueError) as error:
                raise _unreadable(self, error) from error
            if not count:
                raise truncated(self, start + len(rest))
            rest, start = rest[count:], start + count

    def _read_some(self, buffer: memoryview, start: int) -> int:
        if hasattr(os, "preadv"):
            return os.preadv(self._file.fileno(), [buffer], start)
        with self._lock:  # Windows reads by position only after a seek
            self._file.seek(start)
            return self._file.readinto(buffer)

    def mapped(self) -> MappedFile | None:
        """Return the file as memory to borrow from, or None where it cannot be."""
        with self._lock:
            if self._mapped is None and CAN_LEASE and self.size:
                with suppress(OSError, ValueError):  # cannot be mapped, or is closed
                    self._mapped = MappedFile(self._file.fileno(), self.size)
            return self._mapped

    def close(self) -> None:
        """Close the file, when nobody borrows from it."""
        self._mapped = None
        self._file.close()


class BytesSource:
    """A file that is already in memory."""

    def __init__(self, content: bytes, name: str) -> None:
        self.name = name
        self.size = len(content)
        self._content = content

    def read(self, start: int, stop: int) -> bytes:
        """Return exactly the bytes [start, stop), or raise CorruptCheckpoint.

        >>> BytesSource(b"weights", "w").read(0, 3)
        b'wei'
        """
        check_range(self, start, stop)
        return bytes(self._content[start:stop])

    def read_into(self, start: int, buffer: memoryview) -> None:
        """Fill `buffer` with the bytes from `start`, or raise CorruptCheckpoint."""
        stop = start + buffer.nbytes
        check_range(self, start, stop)
        buffer.cast("B")[:] = self._content[start:stop]

    def close(self) -> None:
        """Do nothing: memory has no handle to close."""


def check_range(source: ByteSource, start: int, stop: int) -> None:
    """Raise CorruptCheckpoint unless [start, stop) lies inside the source."""
    if not 0 <= start <= stop:
        raise CorruptCheckpoint(source.name, f"has no bytes {start} to {stop}")
    if stop > source.size:
        raise truncated(source, stop)


def truncated(source: ByteSource, expected: int) -> CorruptCheckpoint:
    """Return the error of a source that ends before `expected` bytes."""
    return CorruptCheckpoint(
        source.name,
        f"ends after {source.size:,} bytes where {expected:,} are needed",
        "download it again",
    )


def _unreadable(source: FileSource, error: Exception) -> CorruptCheckpoint:
    return CorruptCheckpoint(source.name, f"cannot be read ({error})", "try again")


class FrontReader:
    """The front of a source as a stream, fetched in pieces that double in size.

    Stands in for a binary file (`read`, `readline`, `tell`); past `limit` bytes it
    raises CorruptCheckpoint, past the end of the source it returns less, as a file
    does.
    """

    def __init__(self, source: ByteSource, *, first: int, limit: int) -> None:
        self._source = source
        self._piece = first
        self._limit = limit
        self._fetched = bytearray()
        self._position = 0

    def tell(self) -> int:
        """Return the offset of the next byte."""
        return self._position

    def read(self, count: int) -> bytes:
        """Return the next `count` bytes, fewer at the end of the source."""
        start = self._position
        self._fetch_until(start + count)
        self._position = min(start + count, len(self._fetched))
        return bytes(self._fetched[start : self._position])

    def readline(self) -> bytes:
        """Return the bytes up to and with the next line feed."""
        start = searched = self._position
        while (found := self._fetched.find(b"\n", searched)) < 0:
            searched = len(self._fetched)
            if searched == self._source.size:
                break
            self._fetch_until(searched + 1)
        return self.read((found if found >= 0 else len(self._fetched) - 1) + 1 - start)

    def _fetch_until(self, stop: int) -> None:
        stop = min(stop, self._source.size)
        if stop > self._limit:
            happened = f"has a header of more than {self._limit:,} bytes"
            raise CorruptCheckpoint(self._source.name, happened)
        while (have := len(self._fetched)) < stop:
            upto = min(max(stop, have + self._piece), self._source.size, self._limit)
            self._fetched += self._source.read(have, upto)
            self._piece *= 2
