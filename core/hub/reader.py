"""Ranges of a file on the Hub as a byte source: one resolve, then ranges at the address
it gave. Knows nothing of tensors.

Every read is pinned to a commit; a 206 with the Content-Range that was asked for is
required before a byte of the body is taken.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from threading import RLock
from urllib.parse import urlsplit

import httpx2

from core.errors import CorruptCheckpoint, HubUnreachable
from core.hub.client import LATER, Again, HubClient
from core.hub.ranges import (
    Span,
    batches,
    boundary_of,
    coalesce,
    content_range,
    cut,
    parse_multipart,
    pick,
    range_header,
    size_of_unsatisfied,
)
from core.hub.refusals import refusal
from core.hub.resolve import SMALL_FILE_BYTES, resolve
from core.hub.whole import fetch_whole
from core.weights.entry import ByteSource
from core.weights.source import BytesSource, check_range

GAP_BYTES = 4 * 1024
PROGRESS_BYTES = 64 * 1024
EXPIRED = frozenset({400, 401, 403, 404, 410})


class HubSource:
    """One file of a repository, read by ranges; safe to share between threads.

    A file below 4 MiB is read whole with the first range. Where a host ignores ranges,
    a larger one is read whole within the client's budget (without one, up to 64 MiB),
    into a temporary file. Raises a HubError, or CorruptCheckpoint when the file is
    shorter than the Hub says.
    """

    def __init__(self, client: HubClient, id: str, revision: str, file: str) -> None:
        self.name = f"{id}/{file}"
        self._client = client
        self._id, self._file = id, file
        self._resolved = resolve(client, id, revision, file)
        self._lock = RLock()
        self._whole: ByteSource | None = None
        self._ignored_ranges = 0
        self._is_unproven = False
        if self._resolved.content is not None:
            self._whole = BytesSource(self._resolved.content, self.name)

    @property
    def size(self) -> int:
        """The size of the file in bytes."""
        return self._resolved.size

    @property
    def commit(self) -> str:
        """The commit that is read."""
        return self._resolved.commit

    @property
    def sha256(self) -> str | None:
        """The SHA-256 of the file; None where the Hub does not say."""
        return self._resolved.sha256

    @property
    def xet_hash(self) -> str | None:
        """The file's name in Xet storage; None where it is not there."""
        return self._resolved.xet_hash

    @property
    def address(self) -> str:
        """Where ranges are asked for; signed, so not for logs."""
        return self._resolved.url

    @property
    def host(self) -> str:
        """The host that serves the bytes."""
        return urlsplit(self._resolved.url).netloc

    def read(self, start: int, stop: int) -> bytes:
        """Return exactly the bytes [start, stop)."""
        check_range(self, start, stop)
        content = bytearray(stop - start)
        self.read_into(start, memoryview(content))
        return bytes(content)

    def read_into(self, start: int, buffer: memoryview) -> None:
        """Fill `buffer` with the bytes from `start`.

        What arrived before a connection broke is kept; the rest is asked for again.
        """
        rest = buffer.cast("B")
        check_range(self, start, start + len(rest))
        if rest and self.size <= SMALL_FILE_BYTES:
            self._read_whole()
        while rest:
            if self._whole:
                self._whole.read_into(start, rest)
                return
            count = self._client.retry(
                self.name, lambda at=start, part=rest: self._read_some(at, part)
            )
            start, rest = start + count, rest[count:]

    def read_many(
        self, spans: Sequence[Span], *, gap_bytes: int = GAP_BYTES
    ) -> list[bytes]:
        """Return the bytes of each range, in as few requests as the host allows.

        Ranges at most `gap_bytes` apart are fetched as one, and several in one request
        where the host answers that; the first use on a host is the probe.
        """
        for start, stop in spans:
            check_range(self, start, stop)
        merged = coalesce(spans, gap_bytes=gap_bytes)
        grouped = self._read_together(merged)
        contents = [grouped.get(span) or self.read(*span) for span in merged]
        return cut(merged, contents, spans)

    def close(self) -> None:
        """Drop a file that had to be fetched whole; connections are the client's."""
        if self._whole:
            self._whole.close()

    def _read_some(self, start: int, buffer: memoryview) -> int:
        """Fill the front of `buffer`, or all of it; return how many bytes."""
        stop, count = start + len(buffer), 0
        try:
            with self._asked([(start, stop)]) as response:
                if response.status_code == 200:
                    return self._range_ignored()
                self._check_part(response, (start, stop))
                for chunk in self._client.chunks(response, len(buffer)):
                    if count + len(chunk) > len(buffer):
                        raise Again("sent more than was asked for")
                    buffer[count : count + len(chunk)] = chunk
                    count += len(chunk)
            if count < len(buffer):
                raise Again("sent less than it promised")
        except Again:
            # A connection that gave at least this much starts the count of tries anew.
            if count < PROGRESS_BYTES:
                raise
        return count

    def _read_together(self, spans: list[Span]) -> dict[Span, bytes]:
        """Return what the host answers to several ranges at once, as far as it does."""
        parts: dict[Span, bytes] = {}
        if self.size <= SMALL_FILE_BYTES or self._whole:
            return parts
        for batch in batches(spans):
            fails = self._client.multi_range(self._resolved.url) is False
            if len(batch) < 2 or fails:
                break
            with suppress(HubUnreachable):  # one by one, each range has its own tries
                parts |= self._client.retry(
                    self.name, lambda batch=batch: self._read_batch(batch)
                )
        return parts

    def _read_batch(self, spans: list[Span]) -> dict[Span, bytes]:
        url, wanted = self._resolved.url, sum(stop - start for start, stop in spans)
        with self._asked(spans) as response:
            boundary = boundary_of(response.headers.get("Content-Type"))
            if response.status_code != 206 or boundary is None:
                self._client.learn_multi_range(url, works=False)
                return {}
            body, cap = bytearray(), 2 * wanted + 1024 * (len(spans) + 1)
            for chunk in self._client.chunks(response, wanted):
                body += chunk
                if len(body) > cap:
                    raise Again("sent more than was asked for")
        parts = parse_multipart(bytes(body), boundary, self.size)
        self._client.learn_multi_range(url, works=bool(parts))
        found = ((span, pick(parts, span)) for span in spans)
        return {span: content for span, content in found if content is not None}

    @contextmanager
    def _asked(self, spans: Sequence[Span]) -> Iterator[httpx2.Response]:
        """Ask for ranges (none: the whole file) and yield a 200 or 206."""
        url = self._resolved.url
        headers = {"Range": range_header(spans)} if spans else {}
        with self._client.open(self.name, url, headers=headers) as response:
            self._check_status(response, url)
            if response.headers.get("Content-Encoding", "identity") != "identity":
                raise Again("sent compressed bytes, which nobody asked for")
            yield response

    def _check_status(self, response: httpx2.Response, url: str) -> None:
        """Raise unless the response brings bytes; an expired address is renewed."""
        status = response.status_code
        if status in (200, 206):
            self._is_unproven = False
            return
        if status == 416:
            there = size_of_unsatisfied(response.headers.get("Content-Range"))
            if there is not None and there != self.size:
                raise self._other_size(there)
        if status in EXPIRED and self._renew(url):
            raise Again("refuses the signed address", wait_seconds=0.0)
        if self._client.is_hub(url) and status >= 400:
            raise refusal(self.name, response)
        raise HubUnreachable(
            self.name, f"is refused where it is stored ({status})", LATER
        )

    def _check_part(self, response: httpx2.Response, span: Span) -> None:
        found = content_range(response.headers.get("Content-Range"))
        if found and found[2] != self.size:
            raise self._other_size(found[2])
        if found is None or found[:2] != span:
            raise Again("sent another range than was asked for")

    def _other_size(self, there: int) -> CorruptCheckpoint:
        happened = f"has {there:,} bytes where the Hub lists {self.size:,}"
        return CorruptCheckpoint(self.name, happened, "list the model again")

    def _renew(self, url: str) -> bool:
        """Get a new address unless another thread did; False when that did not help."""
        with self._lock:
            if self._resolved.url != url:
                return True
            if self._is_unproven or not self._resolved.is_redirected:
                return False
            renewed = resolve(self._client, self._id, self.commit, self._file)
            if (renewed.size, renewed.sha256) != (self.size, self.sha256):
                raise HubUnreachable(self.name, "changed while it was read", LATER)
            self._resolved, self._is_unproven = renewed, True
            return True

    def _range_ignored(self) -> int:
        """Give ranges one more chance, then fetch the file whole; return 0 bytes."""
        self._ignored_ranges += 1
        if self._ignored_ranges < 2:
            raise Again("sent the whole file instead of a part")
        self._read_whole()
        return 0

    def _read_whole(self) -> None:
        with self._lock:
            if self._whole is None:
                self._whole = fetch_whole(
                    self._client, self.name, self.size, self._all_chunks
                )

    def _all_chunks(self) -> Iterator[bytes]:
        """Yield the whole file, or raise Again when it is not all of it."""
        count = 0
        with self._asked([]) as response:
            for chunk in self._client.chunks(response, self.size):
                count += len(chunk)
                yield chunk
                if count > self.size:
                    break
        if count != self.size:
            raise self._other_size(count)
