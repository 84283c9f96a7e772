"""Names on the Hub: repository ids and the addresses made of them. Asks nothing."""

import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote, urljoin, urlsplit

from core.errors import UsageError

_PART = r"[A-Za-z0-9_][A-Za-z0-9._-]{0,95}"
_ID = re.compile(rf"{_PART}(?:/{_PART})?")
MAX_IDS_BYTES = 16 * 2**20


def is_repository_id(text: str) -> bool:
    """Say whether a text can be a repository id, owner/name or an old plain name.

    >>> [is_repository_id(text) for text in ("a/vit", "gpt2", "a/../b", "/etc", "")]
    [True, True, False, False, False]
    """
    return bool(_ID.fullmatch(text)) and ".." not in text


def repository_id(text: str) -> str:
    """Return the repository id that `text` is, or that a web address points to.

    Raises UsageError when it can be neither.

    >>> repository_id(" https://huggingface.co/google/vit/tree/main ")
    'google/vit'
    """
    plain = text.strip()
    if plain.startswith(("https://", "http://")):
        plain = "/".join(urlsplit(plain).path.strip("/").split("/")[:2])
    if not is_repository_id(plain):
        raise UsageError(
            repr(text[:100]), "is not a Hub repository", "write owner/name"
        )
    return plain


def read_ids(path: Path) -> list[str]:
    """Read repository ids from a text file: one a line, `#` starts a comment.

    An id that comes twice is kept once. Raises UsageError, naming the line, when one
    cannot be an id.
    """
    try:
        if path.stat().st_size > MAX_IDS_BYTES:
            raise UsageError(path, "is too large for a list of ids")
        lines = path.read_text("utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(path, f"cannot be read ({error})", "check the path") from error
    ids: dict[str, None] = {}
    for number, line in enumerate(lines, start=1):
        text = line.partition("#")[0].strip()
        try:
            ids |= {repository_id(text): None} if text else {}
        except UsageError as error:
            happened = f"says {text[:100]!r}, which is not a Hub repository"
            raise UsageError(
                f"{path}, line {number},", happened, "write owner/name"
            ) from error
    return list(ids)


def file_url(endpoint: str, id: str, revision: str, file: str) -> str:
    """Return the address at which the Hub resolves a file.

    >>> file_url("https://huggingface.co", "google/vit", "refs/pr/1", "a b.bin")
    'https://huggingface.co/google/vit/resolve/refs%2Fpr%2F1/a%20b.bin'
    """
    return f"{endpoint}/{id}/resolve/{quote(revision, safe='')}/{quote(file)}"


def origin(url: str) -> tuple[str, str, int | None]:
    """Return scheme, host and port, by which a browser tells one site from another.

    >>> origin("https://HuggingFace.co/x") == origin("https://huggingface.co:443")
    True
    >>> origin("https://huggingface.co") == origin("http://huggingface.co")
    False
    """
    parts = urlsplit(url)
    try:
        port = parts.port or {"https": 443, "http": 80}.get(parts.scheme)
    except ValueError:
        port = None
    return parts.scheme, (parts.hostname or "").lower(), port


def following(url: str, location: str) -> str:
    """Return where a redirect or a link leads from `url`, "" where it is no address.

    >>> following("https://hub/a/b", "/c"), following("https://hub/a", "http://[")
    ('https://hub/c', '')
    """
    try:
        return urljoin(url, location)
    except ValueError:
        return ""


def header_sha256(headers: Mapping[str, str]) -> str | None:
    """Return the SHA-256 of a large file, which the Hub sends as its ETag.

    >>> header_sha256({"X-Linked-Etag": '"' + 64 * "0" + '"'})[:4]
    '0000'
    """
    text = headers.get("X-Linked-Etag") or headers.get("ETag") or ""
    text = text.removeprefix("W/").strip('"')
    return text if re.fullmatch(r"[0-9a-f]{64}", text) else None
