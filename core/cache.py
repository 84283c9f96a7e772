"""Files under the cache root: whole or not at all, each with its provenance. Knows no
formats beyond JSON.
"""

import json
import os
import re
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

from core.errors import CacheError
from core.strict_json import strict_json

PROVENANCE_SUFFIX = ".provenance.json"
MAX_JSON_BYTES = 256 * 2**20


@dataclass(frozen=True)
class Provenance:
    """Where a stored number comes from: a source, its revision, and when it was read
    (ISO 8601, UTC).
    """

    source: str
    revision: str
    fetched_at: str
    note: str = ""


def now_utc() -> str:
    """Return the present moment as ISO 8601 in UTC, to the second."""
    return moment_utc(time.time())


def moment_utc(seconds: float) -> str:
    """Write seconds since 1970 as ISO 8601 in UTC, to the second.

    >>> moment_utc(0)
    '1970-01-01T00:00:00Z'
    """
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def safe_name(text: str) -> str:
    """Turn any text into a file name that is legal everywhere and never collides.

    >>> safe_name("digits-vit")
    'digits-vit'
    >>> safe_name("owner/name")
    'owner-name-a0a7498d30'
    """
    plain = re.sub(r"[^A-Za-z0-9._-]+", "-", text).strip(".-")[:80] or "x"
    if plain == text:
        return plain
    return f"{plain}-{sha256(text.encode()).hexdigest()[:10]}"


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path` that replaces it only when the block
    succeeds.

    The file and its folder are flushed to disk before and after the rename. Raises
    CacheError, naming `path`, when the disk refuses.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{path.name[:40]}-", dir=path.parent)
        os.close(handle)
    except OSError as error:
        raise _refused(path, error) from error
    temporary = Path(name)
    try:
        yield temporary
        temporary.chmod(0o644)
        flush(temporary)
        temporary.replace(path)
        flush(path.parent)
    except OSError as error:
        raise _refused(path, error) from error
    finally:
        with suppress(FileNotFoundError):
            temporary.unlink()


def write_bytes(path: Path, content: bytes) -> None:
    """Write `content` to `path`, whole or not at all."""
    with whole_file(path) as temporary:
        temporary.write_bytes(content)


def write_json(path: Path, document: object) -> None:
    """Write `document` as JSON to `path`, whole or not at all; NaN is refused."""
    text = json.dumps(document, indent=1, allow_nan=False, ensure_ascii=False)
    write_bytes(path, text.encode())


def read_json(path: Path) -> object:
    """Read a JSON file of ours. Raises CacheError when it is damaged or too large."""
    try:
        if path.stat().st_size > MAX_JSON_BYTES:
            raise CacheError(path, "is larger than 256 MiB", "delete it")
        return strict_json(path.read_bytes())
    except (OSError, ValueError) as error:
        raise CacheError(path, f"cannot be read ({error})", "delete it") from error


def write_provenance(path: Path, provenance: Provenance) -> None:
    """Store where the file at `path` came from, beside it."""
    write_json(path.with_name(path.name + PROVENANCE_SUFFIX), asdict(provenance))


def read_provenance(path: Path) -> Provenance | None:
    """Return where the file at `path` came from, or None when nobody wrote it down.

    Raises CacheError when what stands there is no provenance.
    """
    beside = path.with_name(path.name + PROVENANCE_SUFFIX)
    if not beside.exists():
        return None
    try:
        return Provenance(**read_json(beside))
    except TypeError as error:
        raise CacheError(beside, "is no provenance", "delete it") from error


def _refused(path: Path, error: OSError) -> CacheError:
    reason = error.strerror or str(error)
    return CacheError(
        path, f"cannot be written ({reason})", "free space or change PEDIGREE_CACHE"
    )


def flush(path: Path) -> None:
    """Make sure that what was written to a file or folder is on disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
