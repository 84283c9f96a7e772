"""Files under the cache root: whole or not at all, each with its provenance. Knows no
formats beyond JSON.
"""

import json
import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

from core.errors import CacheError

PROVENANCE_SUFFIX = ".provenance.json"


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
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


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
        _flush(temporary)
        temporary.replace(path)
        _flush(path.parent)
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
    """Read a JSON file of ours. Raises CacheError when it is damaged."""
    try:
        return json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise CacheError(path, f"cannot be read ({error})", "delete it") from error


def write_provenance(path: Path, provenance: Provenance) -> None:
    """Store where the file at `path` came from, beside it."""
    write_json(path.with_name(path.name + PROVENANCE_SUFFIX), asdict(provenance))


def read_provenance(path: Path) -> Provenance | None:
    """Return where the file at `path` came from, or None when nobody wrote it down."""
    beside = path.with_name(path.name + PROVENANCE_SUFFIX)
    return Provenance(**read_json(beside)) if beside.exists() else None


def _refused(path: Path, error: OSError) -> CacheError:
    reason = error.strerror or str(error)
    return CacheError(
        path, f"cannot be written ({reason})", "free space or change PEDIGREE_CACHE"
    )


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def usage(root: Path) -> list[tuple[str, int, int]]:
    """Return (kind, files, bytes) for each folder under the cache root."""
    rows = []
    for folder in sorted(path for path in root.glob("*") if path.is_dir()):
        sizes = [path.stat().st_size for path in folder.rglob("*") if path.is_file()]
        rows.append((folder.name, len(sizes), sum(sizes)))
    return rows
