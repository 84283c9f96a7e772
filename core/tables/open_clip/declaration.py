"""open_clip as a source."""

from core.tables.open_clip.files import documents
from core.tables.open_clip.join import join
from core.tables.source import Source

OPEN_CLIP = Source(
    name="open_clip",
    title="open_clip's zero-shot results",
    licence="MIT-style",
    documents=documents,
    join=join,
)
