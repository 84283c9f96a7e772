"""Cache root, endpoints and limits, read once from the environment; and what a person
typed as a path. Reads no files.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from core.errors import UsageError

PROJECT_ROOT = Path(__file__).resolve().parent.parent
HUB_ENDPOINT = "https://huggingface.co"


@dataclass(frozen=True)
class Settings:
    """What a person can set; the token never shows in a repr.

    `sources_url` (PEDIGREE_SOURCES) turns https://HOST/PATH into URL/HOST/PATH,
    `scheduler` (PEDIGREE_SCHEDULER) is the address of a Dask scheduler.
    """

    cache_root: Path
    hub_endpoint: str = HUB_ENDPOINT
    hub_token: str | None = field(default=None, repr=False)
    sources_url: str | None = None
    scheduler: str | None = None


def load_settings(environment: Mapping[str, str] | None = None) -> Settings:
    """Read the settings from `environment` (the process's own by default).

    Raises UsageError, which never shows the value, for an address that is none or that
    holds a password: addresses stand in files, errors and provenance.

    >>> load_settings({"PEDIGREE_CACHE": "/tmp/p"}).cache_root
    PosixPath('/tmp/p')
    """
    values = os.environ if environment is None else environment
    root = values.get("PEDIGREE_CACHE") or str(PROJECT_ROOT / "cache")
    return Settings(
        cache_root=local_path(root).absolute(),
        hub_endpoint=_address(values, "HF_ENDPOINT") or HUB_ENDPOINT,
        hub_token=values.get("HF_TOKEN") or None,
        sources_url=_address(values, "PEDIGREE_SOURCES"),
        scheduler=values.get("PEDIGREE_SCHEDULER") or None,
    )


def local_path(text: str | Path) -> Path:
    """Return a path as a person typed it, `~` being their home.

    Nothing needs to be there. Raises UsageError for what no path can be: a name that is
    too long, an unknown user's home, a folder that may not be entered.

    >>> local_path("/tmp/nothing-here")
    PosixPath('/tmp/nothing-here')
    """
    try:
        path = Path(text).expanduser()
        if "\0" in str(path):
            raise ValueError("it has a zero byte")
        path.exists()
    except (OSError, RuntimeError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error).rstrip(".")
        happened = f"cannot be used as a path ({reason})"
        raise UsageError(ascii(str(text)[:200]), happened, "check it") from error
    return path


def _address(values: Mapping[str, str], name: str) -> str | None:
    text = (values.get(name) or "").strip().rstrip("/")
    if not text:
        return None
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    is_plain = text.isascii() and text.isprintable() and " " not in text
    is_address = parts.scheme in ("http", "https") and parts.hostname and port != 0
    if not (is_plain and is_address and not parts.query and not parts.fragment):
        happened = "is not the address of a server"
        raise UsageError(name, happened, "give it as https://HOST or unset it")
    if "@" in parts.netloc:
        remedy = "take them out; HF_TOKEN is for the Hub's token"
        raise UsageError(name, "holds a user name or password", remedy)
    return text
