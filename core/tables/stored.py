"""The frames that are kept as Parquet under cache/tables, so that pages open fast.

The installed package's frame is a copy keyed by its version; the documentation page's
is the last good reading.
"""

from contextlib import suppress
from pathlib import Path

import pandas as pd

from core.cache import (
    Provenance,
    read_json,
    read_provenance,
    whole_file,
    write_json,
    write_provenance,
)
from core.errors import CacheError, PedigreeError
from core.settings import Settings
from core.tables.schema import COLUMNS, SCHEMA_VERSION
from core.tables.torchvision.installed import installed_tables
from core.tables.torchvision.package import installed_version


def installed_frame(settings: Settings) -> pd.DataFrame:
    """Return all tables of the installed torchvision in one frame.

    The first call reads the package, later ones the copy. Raises MissingTool.
    """
    path = _path(settings, f"torchvision-{installed_version()}")
    frame = _read(path)
    if frame is None:
        frame = pd.concat(installed_tables().values(), ignore_index=True)
        # The numbers are at hand; a cache that cannot be written only costs time.
        with suppress(CacheError):
            _write(path, frame)
    return frame


def page_frame(settings: Settings) -> pd.DataFrame | None:
    """Return the last good reading of the documentation page, None before the first."""
    return _read(page_path(settings))


def page_path(settings: Settings) -> Path:
    """Return where the last good reading of the documentation page is kept."""
    return _path(settings, "torchvision-page")


def keep_page(settings: Settings, frame: pd.DataFrame, provenance: Provenance) -> None:
    """Replace the last good reading of the page and forget an earlier failure."""
    _write(page_path(settings), frame)
    write_provenance(page_path(settings), provenance)
    _failure_path(settings).unlink(missing_ok=True)


def keep_failure(settings: Settings, error: PedigreeError, when: str) -> None:
    """Remember why the page could not be read; the last good reading stays."""
    write_json(_failure_path(settings), {"reason": str(error), "when": when})


def page_note(settings: Settings) -> str:
    """Return one sentence on the latest reading of the page, "" before the first.

    After a failure it gives the source, the reason and the time.
    """
    failure = _failure_path(settings)
    if failure.exists():
        said = read_json(failure)
        return f"The refresh of {said['when']} failed: {said['reason']}"
    kept = read_provenance(page_path(settings))
    if kept is None:
        return ""
    return f"Next to {kept.source}, read {kept.fetched_at}: {kept.note}."


def _path(settings: Settings, name: str) -> Path:
    file = f"{name}-schema{SCHEMA_VERSION}.parquet"
    return settings.cache_root / "tables" / file


def _failure_path(settings: Settings) -> Path:
    return settings.cache_root / "tables" / "torchvision-page-failure.json"


def _read(path: Path) -> pd.DataFrame | None:
    """Return a kept frame, or None where it is absent, damaged or of other columns."""
    try:
        frame = pd.read_parquet(path)
    except (OSError, ValueError):
        return None
    same = list(frame.columns) == [column.name for column in COLUMNS]
    return frame if same else None


def _write(path: Path, frame: pd.DataFrame) -> None:
    with whole_file(path) as temporary:
        frame.to_parquet(temporary)
