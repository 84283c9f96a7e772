"""What the cache holds by kind, and deleting one kind of it. Asks nobody: what is to go
is named by the caller.
"""

import os
import shutil
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from core.errors import CacheError, UsageError
from core.snapshots.lineage import LISTING, write_listing
from core.upkeep.kinds import KINDS, OTHER, Kind

QUIET_SECONDS = 60
ASIDE = ".cleared-"
NOT_COUNTED = ("README.md", ".gitignore")


@dataclass(frozen=True)
class Use:
    """The files of one kind; `oldest` and `newest` are seconds since 1970, or None."""

    kind: Kind
    files: int
    size_bytes: int
    oldest: float | None
    newest: float | None


def usage(root: Path) -> list[Use]:
    """Return what each kind takes; what belongs to none comes last, as "other"."""
    places = {kind: _places(root, kind) for kind in KINDS}
    known = {place for found in places.values() for place in found}
    places[OTHER] = [
        path
        for path in _children(root, known)
        if path.name not in NOT_COUNTED and not path.name.startswith(ASIDE)
    ]
    return [_use(kind, found) for kind, found in places.items()]


def kind_named(name: str) -> Kind:
    """Return a kind. Raises UsageError for a name that is none."""
    for kind in KINDS:
        if kind.name == name:
            return kind
    known = ", ".join(kind.name for kind in KINDS)
    raise UsageError(f"{name} in the cache", "is no kind", f"choose one of {known}")


def parts(root: Path, kind: Kind) -> list[str]:
    """Return the names of what a person made, for a kind that is cleared by name."""
    if not kind.by_name:
        return []
    found = [path for place in _places(root, kind) for path in place.iterdir()]
    return sorted(path.name for path in found if path.is_dir())


def loss(root: Path, kind: Kind, names: Sequence[str] = ()) -> Use:
    """Return what clearing would delete.

    Raises UsageError for a kind that is not cleared here, and where parts must be named
    or a name is no part.
    """
    return _use(kind, _going(root, kind, names))


def clear(
    root: Path, kind: Kind, names: Sequence[str] = (), *, now: float | None = None
) -> Use:
    """Delete one kind, or the named parts of it; return what was deleted.

    It is moved aside first, so that nobody reads half of it. Raises CacheError where
    something was written in the last minute, and for a link to elsewhere.
    """
    going = _going(root, kind, names)
    use = _use(kind, going)
    quiet = (time.time() if now is None else now) - (use.newest or 0)
    if quiet < QUIET_SECONDS:
        raise CacheError(
            f"{kind.name} in the cache", f"was written to {max(quiet, 0):.0f} s ago",
            "wait until no job writes there, a minute at least",
        )  # fmt: skip
    for path in going:
        if path.is_symlink():
            raise CacheError(path, "is a link to elsewhere", "clear it there")
    try:
        _delete(root, going)
    except OSError as error:
        reason = error.strerror or str(error)
        remedy = "close what uses it and try again"
        raise CacheError(error.filename or root, f"stays ({reason})", remedy) from error
    if kind.by_name and (root / kind.folders[0] / LISTING).exists():
        write_listing(root / kind.folders[0])
    return use


def _going(root: Path, kind: Kind, names: Sequence[str]) -> list[Path]:
    if kind.instead:
        subject = f"{kind.name} in the cache"
        raise UsageError(subject, "is not cleared here", kind.instead)
    if not kind.by_name:
        if names:
            subject = f"{kind.name} in the cache"
            raise UsageError(subject, "goes as a whole", "name no parts")
        return _places(root, kind)
    known = parts(root, kind)
    unknown = sorted(set(names) - set(known))
    if unknown or not names:
        subject = f"{unknown[0]} of {kind.name}" if unknown else kind.name
        happened = "is not there" if unknown else "goes only by name"
        told = ", ".join(known[:20]) + (" …" if len(known) > 20 else "")
        raise UsageError(subject, happened, f"there is {told or 'nothing'}")
    return [root / kind.folders[0] / name for name in sorted(set(names))]


def _places(root: Path, kind: Kind) -> list[Path]:
    return sorted(path for pattern in kind.folders for path in root.glob(pattern))


def _children(root: Path, known: set[Path]) -> Iterator[Path]:
    """Yield what is under the root and under no known place."""
    holders = {parent for place in known for parent in place.parents}
    for path in sorted(root.glob("*")):
        if path in holders:
            yield from (inner for inner in sorted(path.glob("*")) if inner not in known)
        elif path not in known:
            yield path


def _use(kind: Kind, places: Iterable[Path]) -> Use:
    files = size_bytes = 0
    oldest, newest = float("inf"), 0.0
    for status in (one for place in places for one in _files(place)):
        files, size_bytes = files + 1, size_bytes + status.st_size
        oldest, newest = min(oldest, status.st_mtime), max(newest, status.st_mtime)
    return Use(kind, files, size_bytes, oldest if files else None, newest or None)


def _files(place: Path) -> Iterator[os.stat_result]:
    """Yield the status of every file below; a file that goes meanwhile is passed."""
    if not place.is_dir() or place.is_symlink():
        yield from _status(place)
        return
    for folder, _, names in os.walk(place):
        for name in names:
            yield from _status(os.path.join(folder, name))


def _status(path: Path | str) -> Iterator[os.stat_result]:
    with suppress(OSError):
        yield os.lstat(path)


def _delete(root: Path, going: list[Path]) -> None:
    """Move all aside, then delete it and what an earlier, killed deletion left."""
    if going:
        aside = Path(tempfile.mkdtemp(prefix=ASIDE, dir=root))
        for number, path in enumerate(going):
            path.rename(aside / str(number))
    for left in root.glob(f"{ASIDE}*"):
        shutil.rmtree(left)
