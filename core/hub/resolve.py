"""Where the bytes of a file on the Hub are: one request that tells the commit, the
size, the SHA-256 and an address for ranges. Reads no file but a small one.

Source: the headers of `/resolve/` as huggingface_hub reads them (`HfFileMetadata`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

import httpx2

from core.errors import HubUnreachable
from core.hub.client import MAX_HOPS, REDIRECTS, Again, HubClient
from core.hub.names import file_url, following, header_sha256
from core.hub.ranges import content_range, range_header, size_of_unsatisfied
from core.hub.refusals import refusal

SMALL_FILE_BYTES = 4 * 2**20
KEPT = ("X-Repo-Commit", "X-Linked-Size", "X-Linked-Etag", "X-Xet-Hash")


@dataclass(frozen=True)
class Resolved:
    """What the Hub says of a file. Where it redirected, `url` is signed and good for
    about an hour; `content` is a small file that came with the answer.
    """

    url: str
    size: int
    commit: str
    sha256: str | None = None
    xet_hash: str | None = None
    content: bytes | None = None
    is_redirected: bool = False


def resolve(client: HubClient, id: str, revision: str, file: str) -> Resolved:
    """Ask the Hub for a file at a revision. Raises a HubError.

    Redirects within the Hub (a renamed repository, a small file) are followed; the
    first to another origin is where the bytes are.
    """
    subject = f"{id}/{file}"
    url = file_url(client.endpoint, id, revision, file)
    found = client.retry(subject, lambda: _resolve(client, subject, url, revision))
    return replace(found, is_redirected=found.url != url)


def _resolve(client: HubClient, subject: str, url: str, revision: str) -> Resolved:
    found: dict[str, str] = {"X-Repo-Commit": revision}
    wanted = {"Range": range_header([(0, SMALL_FILE_BYTES)])}
    for _ in range(MAX_HOPS):
        with client.open(subject, url, headers=wanted) as response:
            found |= {
                name: response.headers[name]
                for name in KEPT
                if name in response.headers
            }
            if response.status_code not in REDIRECTS:
                return _direct(client, subject, response, found)
            url = following(url, response.headers.get("Location", ""))
        if not client.is_hub(url):
            return _elsewhere(client, subject, url, found)
    raise HubUnreachable(subject, "is redirected in circles", "try again later")


def _elsewhere(
    client: HubClient, subject: str, url: str, found: Mapping[str, str]
) -> Resolved:
    if urlsplit(url).scheme not in ("http", "https"):
        raise HubUnreachable(subject, "is redirected to no web address")
    size = _number(found.get("X-Linked-Size"))
    if size is None:
        size = _size_at(client, subject, url)
    return _resolved(url, size, found)


def _direct(
    client: HubClient,
    subject: str,
    response: httpx2.Response,
    found: dict[str, str],
) -> Resolved:
    """Take the answer of a Hub that serves the file itself."""
    url, size = str(response.request.url), _size(response)
    if response.status_code == 416 and size == 0:
        return _resolved(url, 0, found, b"")
    if response.status_code not in (200, 206):
        raise refusal(subject, response)
    if size is None:
        raise HubUnreachable(subject, "is served without its size", "check HF_ENDPOINT")
    found.setdefault("ETag", response.headers.get("ETag", ""))
    if size > SMALL_FILE_BYTES:
        return _resolved(url, size, found)
    content = bytearray()
    for chunk in client.chunks(response, size):
        content += chunk
        if len(content) > size:
            break
    if len(content) != size:
        raise Again("sent another size than it promised")
    return _resolved(url, size, found, bytes(content))


def _resolved(
    url: str, size: int, found: Mapping[str, str], content: bytes | None = None
) -> Resolved:
    return Resolved(
        url,
        size,
        commit=found["X-Repo-Commit"],
        sha256=header_sha256(found),
        xet_hash=found.get("X-Xet-Hash"),
        content=content,
    )


def _size_at(client: HubClient, subject: str, url: str) -> int:
    """Ask for the first byte, whose Content-Range tells the size."""
    with client.open(subject, url, headers={"Range": "bytes=0-0"}) as response:
        size = _size(response)
        if size is None or response.status_code not in (200, 206, 416):
            raise HubUnreachable(subject, f"answered {response.status_code}")
    return size


def _size(response: httpx2.Response) -> int | None:
    """Return the size of the whole file that a response is a part of."""
    header = response.headers.get("Content-Range")
    if response.status_code == 416:
        return size_of_unsatisfied(header)
    if response.status_code == 206:
        part = content_range(header)
        return part[2] if part else None
    return _number(response.headers.get("Content-Length"))


def _number(text: str | None) -> int | None:
    is_number = text is not None and text.isascii() and text.isdecimal()
    return int(text) if is_number and len(text) < 19 else None
