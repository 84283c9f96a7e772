"""Polite HTTP for web pages and tables: timeout, retry, size cap, conditional GET.

Knows no page; stores nothing.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from core.cache import now_utc
from core.errors import FetchError
from core.settings import HUB_ENDPOINT, Settings

if TYPE_CHECKING:
    from requests import Response

USER_AGENT = "pedigree/0.1 (tables of published vision models)"
TIMEOUT_SECONDS = 20.0
DEADLINE_SECONDS = 120.0
MAX_BYTES = 32 * 2**20
MAX_WAIT_SECONDS = 60.0
CHUNK_BYTES = 64 * 2**10
RETRIED_STATUSES = frozenset({408, 425, 429, 500, 502, 503, 504})
REMEDY = "try again later"


@dataclass(frozen=True)
class Fetched:
    """One answer: `content` is empty where the copy with `revision` is still current.

    `revision` is the server's ETag, or its Last-Modified date where it sends no ETag.
    """

    url: str
    content: bytes
    revision: str
    fetched_at: str
    is_unchanged: bool


class _Again(Exception):
    """A failure that is worth another try, after `wait_seconds` if the server asks."""

    def __init__(self, happened: str, wait_seconds: float | None = None) -> None:
        super().__init__(happened)
        self.wait_seconds = wait_seconds


def fetch(
    url: str,
    settings: Settings,
    *,
    revision: str = "",
    attempts: int = 4,
    timeout_seconds: float = TIMEOUT_SECONDS,
    max_bytes: int = MAX_BYTES,
    sleep: Callable[[float], None] = time.sleep,
) -> Fetched:
    """GET `url`, or learn that the copy of `revision` that is held is still current.

    Dropped connections and the statuses of RETRIED_STATUSES are tried again, after
    what Retry-After asks for or after 1, 2, 4 ... seconds. Raises FetchError.
    """
    address = source_address(url, settings)
    for attempt in range(attempts):
        try:
            return _fetch_once(url, address, revision, timeout_seconds, max_bytes)
        except _Again as failure:
            wait = 2.0**attempt
            if failure.wait_seconds is not None:
                wait = failure.wait_seconds
            if attempt + 1 == attempts or wait > MAX_WAIT_SECONDS:
                tries = f"{attempt + 1} {'try' if attempt == 0 else 'tries'}"
                raise FetchError(url, f"{failure} after {tries}", REMEDY) from failure
        sleep(wait)
    raise AssertionError("attempts is at least 1")


def gave_up(error: Exception) -> bool:
    """Whether a FetchError came after tries that failed, not from a clear answer.

    A host that gave up on one page is likely to fail the next one as well.
    """
    return isinstance(error.__cause__, _Again)


def source_address(url: str, settings: Settings) -> str:
    """Return where `url` is really asked for.

    HF_ENDPOINT stands in for the Hub, PEDIGREE_SOURCES for the scheme of the rest.

    >>> from pathlib import Path
    >>> local = Settings(Path(), sources_url="http://127.0.0.1:8000")
    >>> source_address("https://docs.pytorch.org/vision?x=1", local)
    'http://127.0.0.1:8000/docs.pytorch.org/vision?x=1'
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise FetchError(url, "is not a web address", "give one with https://")
    if settings.hub_endpoint != HUB_ENDPOINT and url.startswith(f"{HUB_ENDPOINT}/"):
        return settings.hub_endpoint + url.removeprefix(HUB_ENDPOINT)
    if settings.sources_url is None:
        return url
    return f"{settings.sources_url}/{url.partition('://')[2]}"


def _fetch_once(
    url: str, address: str, revision: str, timeout_seconds: float, max_bytes: int
) -> Fetched:
    import requests  # a quarter of a second that only a refresh should pay

    headers = {"User-Agent": USER_AGENT} | _condition(revision)
    try:
        with requests.get(
            address, headers=headers, timeout=timeout_seconds, stream=True
        ) as response:
            if response.status_code == 304 and revision:
                return Fetched(url, b"", revision, now_utc(), is_unchanged=True)
            _check_status(url, response)
            content = _read(url, response, max_bytes)
            return Fetched(
                url, content, _revision(response.headers), now_utc(), is_unchanged=False
            )
    except requests.Timeout as error:
        raise _Again("did not answer in time") from error
    except (requests.ConnectionError, requests.exceptions.ChunkedEncodingError) as no:
        raise _Again("refused or dropped the connection") from no
    except (requests.RequestException, ValueError) as error:
        happened = f"cannot be fetched ({type(error).__name__})"
        raise FetchError(url, happened, REMEDY) from error


def _condition(revision: str) -> dict[str, str]:
    """Return the header that asks for news only; an ETag is quoted, a date is not."""
    if not revision:
        return {}
    is_etag = revision.endswith('"')
    return {"If-None-Match" if is_etag else "If-Modified-Since": revision}


def _check_status(url: str, response: "Response") -> None:
    status = response.status_code
    if status in RETRIED_STATUSES:
        wait = retry_after(response.headers.get("Retry-After"))
        raise _Again(f"answered {status}", wait)
    if status != 200:
        raise FetchError(url, f"answered {status}", REMEDY)


def retry_after(value: str | None, now: datetime | None = None) -> float | None:
    """Return the seconds that a Retry-After header asks for, None without one.

    >>> retry_after("7"), retry_after("soon")
    (7.0, None)
    >>> retry_after("Wed, 21 Oct 2015 07:28:00 GMT",
    ...             datetime(2015, 10, 21, 7, 27, 30, tzinfo=UTC))
    30.0
    """
    text = (value or "").strip()
    if text.isdecimal():
        return float(text)
    try:
        until = parsedate_to_datetime(text).astimezone(UTC)
    except (ValueError, TypeError, OverflowError):
        return None
    wait = until - (now or datetime.now(UTC))
    return max(0.0, wait.total_seconds())


def _read(url: str, response: "Response", max_bytes: int) -> bytes:
    """Read the decoded body; the cap holds after decompression."""
    content = bytearray()
    end = time.monotonic() + DEADLINE_SECONDS
    for chunk in response.iter_content(CHUNK_BYTES):
        content += chunk
        if len(content) > max_bytes:
            happened = f"sends more than {max_bytes:,} bytes"
            raise FetchError(url, happened, "check the address")
        if time.monotonic() > end:
            raise _Again("did not finish in time")
    return bytes(content)


def _revision(headers: Mapping[str, str]) -> str:
    return headers.get("ETag") or headers.get("Last-Modified") or ""
