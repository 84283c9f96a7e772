"""The installed torchvision's tables, kept as Parquet so that pages open fast.

The copy is keyed by the package's version, so it never has to be refreshed.
"""

from contextlib import suppress
from pathlib import Path

import pandas as pd

from core.cache import whole_file
from core.errors import CacheError
from core.settings import Settings
from core.tables.schema import COLUMNS, SCHEMA_VERSION, typed
from core.tables.torchvision.installed import installed_tables
from core.tables.torchvision.package import installed_version


def installed_frame(settings: Settings) -> pd.DataFrame:
    """Return all tables of the installed torchvision in one frame.

    The first call reads the package, later ones the copy. Raises MissingTool.
    """
    path = _path(settings)
    frame = _read(path)
    if frame is None:
        frame = pd.concat(installed_tables().values(), ignore_index=True)
        # The numbers are at hand; a cache that cannot be written only costs time.
        with suppress(CacheError), whole_file(path) as temporary:
            frame.to_parquet(temporary)
    return frame


def _path(settings: Settings) -> Path:
    name = f"torchvision-{installed_version()}-schema{SCHEMA_VERSION}.parquet"
    return settings.cache_root / "tables" / name


def _read(path: Path) -> pd.DataFrame | None:
    """Return a kept frame, or None where it is absent, damaged or of other columns."""
    try:
        frame = pd.read_parquet(path)
    except (OSError, ValueError):
        return None
    same = list(frame.columns) == [column.name for column in COLUMNS]
    return typed(frame) if same else None
