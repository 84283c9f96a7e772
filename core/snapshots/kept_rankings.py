"""The last ranking of a place on a dataset, kept so that a page can show it."""

from hashlib import sha256
from pathlib import Path

import pandas as pd

from core.cache import read_json, write_json
from core.errors import CacheError
from core.settings import Settings, local_path
from core.snapshots.search import Ranking


def keep_ranking(
    place: Path, dataset: str, ranking: Ranking, settings: Settings
) -> None:
    """Keep a ranking of the snapshots in `place` on `dataset`."""
    rows = ranking.rows.astype(object).where(ranking.rows.notna(), None)
    document = vars(ranking) | {"rows": rows.to_dict("records")}
    write_json(_path(place, dataset, settings), document)


def kept_ranking(place: Path, dataset: str, settings: Settings) -> Ranking | None:
    """Return what was last found, or None; what cannot be read was never there."""
    path = _path(place, dataset, settings)
    if not path.is_file():
        return None
    try:
        document = dict(read_json(path))
        rows = pd.DataFrame(document.pop("rows"))
        for name in ("classes", "warnings"):
            document[name] = tuple(document[name])
        return Ranking(rows=rows, **document)
    except (CacheError, TypeError, KeyError, ValueError):
        return None


def _path(place: Path, dataset: str, settings: Settings) -> Path:
    parts = repr((str(local_path(place).absolute()), dataset))
    name = sha256(parts.encode()).hexdigest()[:24]
    return settings.cache_root / "search" / "rankings" / f"{name}.json"
