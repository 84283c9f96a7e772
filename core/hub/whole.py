"""Hold a file that had to be fetched whole: in memory when it is small, else in a
temporary file. Knows no addresses.
"""

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

from core.errors import CacheError, HubUnreachable
from core.hub.client import HubClient
from core.hub.resolve import SMALL_FILE_BYTES
from core.weights.entry import ByteSource
from core.weights.source import BytesSource, FileSource

WHOLE_FILE_BYTES = 64 * 2**20

Chunks = Callable[[], Iterator[bytes]]


def fetch_whole(client: HubClient, name: str, size: int, chunks: Chunks) -> ByteSource:
    """Return a file of `size` bytes as a source, from the chunks of one response.

    `chunks` is called again after a failure. A file above 4 MiB is charged to the
    client's budget, or without one refused above 64 MiB. Raises HubUnreachable,
    naming `name`, and CacheError when the disk refuses.
    """
    if size <= SMALL_FILE_BYTES:
        return client.retry(name, lambda: BytesSource(b"".join(chunks()), name))
    fits = client.budget.take(size) if client.budget else size <= WHOLE_FILE_BYTES
    if not fits:
        happened = f"is only sent whole, {size:,} bytes, which is over the limit"
        raise HubUnreachable(name, happened, "raise --budget-bytes")
    return client.retry(name, lambda: _to_disk(chunks))


def _to_disk(chunks: Chunks) -> ByteSource:
    handle, path = tempfile.mkstemp(prefix="pedigree-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.writelines(chunks())
        return _Temporary(Path(path))
    except OSError as error:
        _remove(path)
        happened = f"cannot be written ({error.strerror})"
        raise CacheError(path, happened, "free space") from error
    except BaseException:
        _remove(path)
        raise


class _Temporary(FileSource):
    """A file that goes away when it is closed."""

    def close(self) -> None:
        super().close()
        _remove(self.path)


def _remove(path: str | Path) -> None:
    with suppress(OSError):
        os.unlink(path)
