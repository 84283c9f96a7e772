"""torchvision's documentation page as a source, compared with the installed package."""

from collections.abc import Sequence

import pandas as pd

from core.tables.source import Document, Joined, Readings, Source
from core.tables.stored import installed_frame
from core.tables.torchvision.page import MAX_PAGE_BYTES, PAGE_URL, parse_page

SECOND_URL = "https://pytorch.org/vision/stable/models.html"
# The page prints fractions exactly, params as "61.1M", MACs as "0.71".
ROUNDING = {"params": 50_000.0, "gmacs": 0.005, "gips": 0.005}


def documents(names: Sequence[str] | None = None) -> list[Document]:
    """Return the one page."""
    urls = (PAGE_URL, SECOND_URL)
    page = Document("page", urls, read_page, is_required=True, max_bytes=MAX_PAGE_BYTES)
    return [page]


def read_page(content: bytes, url: str) -> pd.DataFrame:
    """Read all tables of the page into the schema."""
    return pd.concat(parse_page(content, url).values(), ignore_index=True)


def join(readings: Readings) -> Joined:
    """Date the page's rows; a version that its title states stays the revision."""
    reading = readings["page"]
    return Joined(reading.rows.assign(fetched_at=reading.fetched_at))


TORCHVISION = Source(
    name="torchvision",
    title="torchvision's weights",
    licence="BSD-3-Clause",
    documents=documents,
    join=join,
    baseline=installed_frame,
    rounding=ROUNDING,
)
