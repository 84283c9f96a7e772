"""Fetch a source's live tables, keep them when they are good, tell what changed."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

from core.cache import Provenance, now_utc, read_provenance
from core.errors import FetchError, SourceChanged
from core.fetch import fetch
from core.settings import Settings
from core.tables.drift import Drift, drift
from core.tables.stored import (
    installed_frame,
    keep_failure,
    keep_page,
    page_frame,
    page_path,
)
from core.tables.torchvision.page import MAX_PAGE_BYTES, PAGE_URL, parse_page


@dataclass(frozen=True)
class Refresh:
    """What one refresh found: `drift` is from the installed package to the page."""

    source: str
    url: str
    fetched_at: str
    is_unchanged: bool
    drift: Drift


def refresh_torchvision(
    settings: Settings, *, sleep: Callable[[float], None] = time.sleep
) -> Refresh:
    """Read torchvision's documentation page again and compare it with the package.

    Raises FetchError or SourceChanged; the last good reading then stays in place and
    the catalog's note says why.
    """
    kept = page_frame(settings)
    known = read_provenance(page_path(settings)) if kept is not None else None
    try:
        fetched = fetch(
            PAGE_URL,
            settings,
            revision=known.revision if known else "",
            max_bytes=MAX_PAGE_BYTES,
            sleep=sleep,
        )
        page = kept if fetched.is_unchanged else _parsed(fetched.content)
    except (FetchError, SourceChanged) as error:
        keep_failure(settings, error, now_utc())
        raise
    found = drift(installed_frame(settings), page)
    provenance = Provenance(
        PAGE_URL, fetched.revision, fetched.fetched_at, found.sentence
    )
    keep_page(settings, page, provenance)
    return Refresh(
        "torchvision", PAGE_URL, fetched.fetched_at, fetched.is_unchanged, found
    )


def _parsed(content: bytes) -> pd.DataFrame:
    return pd.concat(parse_page(content, PAGE_URL).values(), ignore_index=True)
