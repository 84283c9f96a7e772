"""Every source of published models.

A new one is a declaration (core.tables.source.Source): the documents it publishes, a
reader for each that returns rows or raises SourceChanged, and a join that lays the
rows out in the schema. Add it to SOURCES, and its families to core.tables.families;
fetching, keeping, history, the command line and the pages follow.
"""

from core.errors import UsageError
from core.tables.hub import HUB
from core.tables.open_clip.declaration import OPEN_CLIP
from core.tables.source import Source
from core.tables.timm.declaration import TIMM
from core.tables.torchvision.declaration import TORCHVISION

SOURCES: tuple[Source, ...] = (TORCHVISION, TIMM, OPEN_CLIP, HUB)


def source_named(name: str) -> Source:
    """Return one source. Raises UsageError for an unknown one.

    >>> source_named("timm").title
    "timm's results"
    """
    for source in SOURCES:
        if source.name == name:
            return source
    known = ", ".join(source.name for source in SOURCES)
    raise UsageError(f"Source {name!r}", "is unknown", f"choose one of {known}")
