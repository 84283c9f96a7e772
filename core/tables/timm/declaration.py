"""timm as a source: its files, discovered, and how they join."""

from core.tables.source import Source
from core.tables.timm.files import LISTING, documents
from core.tables.timm.join import join

TIMM = Source(
    name="timm",
    title="timm's results",
    licence="Apache-2.0",
    documents=documents,
    join=join,
    listing=LISTING,
)
