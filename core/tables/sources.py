"""Every source of published models. A new one is a declaration and its reader."""

from core.errors import UsageError
from core.tables.hub import HUB
from core.tables.open_clip import OPEN_CLIP
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
