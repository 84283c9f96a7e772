"""What a source of published models is: documents on the web, a reader for each, and
how their readings join into tables. Knows no network and no disk.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd

from core.settings import Settings
from core.tables.schema import citation


@dataclass(frozen=True)
class Document:
    """One file of a source and how it is read.

    `urls` are tried in their order; `read(content, url)` returns its rows or raises
    SourceChanged. Without a required document the source has no tables; a guess is
    one that nobody listed.
    """

    key: str
    urls: tuple[str, ...]
    read: Callable[[bytes, str], pd.DataFrame]
    is_required: bool = False
    is_guess: bool = False
    max_bytes: int = 16 * 2**20


@dataclass(frozen=True)
class Reading:
    """What one document says, and where and when that was read."""

    rows: pd.DataFrame
    url: str
    revision: str
    fetched_at: str

    @property
    def provenance(self) -> dict[str, str]:
        """The columns of the schema that say where a row comes from."""
        return {
            "source": self.url,
            "revision": short(self.revision),
            "fetched_at": self.fetched_at,
        }

    @property
    def citation(self) -> str:
        """The same in one line, with the file's name for the address."""
        name = self.url.partition("?")[0].rpartition("/")[2]
        return citation(name, short(self.revision), self.fetched_at)


def short(revision: str) -> str:
    """Return a server's revision as people can read it.

    >>> short('W/"0123456789abcdef"')
    '0123456789ab'
    """
    is_tag = revision.endswith('"')
    return revision.removeprefix("W/").strip('"')[:12] if is_tag else revision


Readings = Mapping[str, Reading]


@dataclass(frozen=True)
class Joined:
    """The tables of a source in the schema, and further frames by name."""

    models: pd.DataFrame
    others: Mapping[str, pd.DataFrame] = field(default_factory=dict)


@dataclass(frozen=True)
class Source:
    """A place that publishes models.

    `listing`, where there is one, is a document whose rows name the files there are
    (column `name`, no ending); `documents` turns those names, or the keys of kept
    documents, or None when the listing could not be read, into documents to fetch.
    `baseline` is what a reading is compared with where that is not the one before;
    `rounding` is by how much a number of a column may differ without being a change.
    """

    name: str
    title: str
    licence: str
    documents: Callable[[Sequence[str] | None], Sequence[Document]]
    join: Callable[[Readings], Joined]
    listing: Document | None = None
    baseline: Callable[[Settings], pd.DataFrame] | None = None
    rounding: Mapping[str, float] = field(default_factory=dict)
