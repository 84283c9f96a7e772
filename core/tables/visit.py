"""One visit to one document of a source: fetched, read, and refused when it is worse
than the kept copy. Writes nothing.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

import pandas as pd

from core.errors import FetchError, PedigreeError, SourceChanged
from core.fetch import fetch, gave_up
from core.settings import Settings
from core.tables.acceptance import check_rows
from core.tables.kept import KeptDocument
from core.tables.source import Document

Outcome = Literal["read", "not modified", "failed", "absent"]


@dataclass(frozen=True)
class Visit:
    """What came of one document: new content, news that there is none, or a reason.

    A document that was only guessed to exist, and does not, is "absent".
    """

    key: str
    url: str
    outcome: Outcome
    content: bytes = b""
    rows: pd.DataFrame | None = None
    revision: str = ""
    fetched_at: str = ""
    reason: str = ""


class Visitor:
    """Visits the documents of one refresh.

    A host that gave up after its retries is not asked again, so that a refresh
    without a network ends soon. `accepts_less` takes documents that lost most rows.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        accepts_less: bool = False,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._settings = settings
        self._accepts_less = accepts_less
        self._sleep = sleep
        self._silent: dict[str, FetchError] = {}

    def visit(self, document: Document, kept: KeptDocument | None) -> Visit:
        """Ask each address of a document until one gives what can be used."""
        errors: list[PedigreeError] = []
        for url in document.urls:
            try:
                return self._once(document, url, kept)
            except (FetchError, SourceChanged) as error:
                errors.append(error)
        if document.is_guess and kept is None:
            return Visit(document.key, document.urls[0], "absent")
        reason = str(errors[0]).replace(f"?{urlsplit(document.urls[0]).query}", "")
        if len(errors) > 1:
            reason += f" Its second address {errors[1].happened}."
        return Visit(document.key, document.urls[0], "failed", reason=reason)

    def _once(self, document: Document, url: str, kept: KeptDocument | None) -> Visit:
        host = urlsplit(url).netloc
        if host in self._silent:
            happened = self._silent[host].happened
            raise FetchError(url, f"was not asked for: {host} {happened} before")
        held = kept.revision if kept and kept.url == url else ""
        try:
            fetched = fetch(
                url,
                self._settings,
                revision=held,
                max_bytes=document.max_bytes,
                sleep=self._sleep,
            )
        except FetchError as error:
            if gave_up(error):
                self._silent[host] = error
            raise
        if fetched.is_unchanged:
            return Visit(document.key, url, "not modified")
        rows = _read(document, fetched.content, url)
        if kept and not self._accepts_less:
            check_rows(url, len(rows), kept.rows)
        return Visit(
            document.key,
            url,
            "read",
            fetched.content,
            rows,
            fetched.revision,
            fetched.fetched_at,
        )


def _read(document: Document, content: bytes, url: str) -> pd.DataFrame:
    """Read a document; what no reader foresaw is a changed source too."""
    try:
        return document.read(content, url)
    except (LookupError, ValueError, TypeError, AttributeError, RecursionError) as no:
        happened = f"cannot be read ({no!r:.120})"
        raise SourceChanged(url, happened, "report it") from no
