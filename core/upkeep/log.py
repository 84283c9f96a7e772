"""The log: what went wrong, in one small file under the cache, with no secret in it.

The app and the command line write to it; `about` shows its end.
"""

import logging
import os
import re
import time
from collections.abc import Mapping
from contextlib import suppress
from logging.handlers import RotatingFileHandler
from pathlib import Path

LOGGER = "pedigree"
MAX_BYTES = 256 * 1024
LAST_LINES = 200
HIDDEN = "***"
SHORTEST_SECRET = 4

SECRET_NAMES = re.compile(r"TOKEN|SECRET|PASSW|CREDENTIAL|_KEY$", re.IGNORECASE)
"""Environment variables whose values are never shown."""

PATTERNS = (
    re.compile(r"()\b(?:hf|ghp|gho|github_pat|sk)_[A-Za-z0-9_-]{6,}()"),
    re.compile(r"(?i)(\b(?:bearer|basic) )[\w.~+/=-]{8,}()"),
    re.compile(r"(://)[^/\s@]+(@)"),
    re.compile(
        r"(?i)([?&][\w.-]*(?:signature|token|credential|policy|key)[\w.-]*=)"
        r"[^&\s\"']+()"
    ),
)
"""Tokens of the Hub and of GitHub, headers, passwords in addresses, signed queries."""


def redact(text: str, environment: Mapping[str, str] | None = None) -> str:
    """Return `text` without the secrets of the environment and what looks like one.

    >>> redact("GET https://me:pw@hub.test?token=abc hf_abcdefgh", {})
    'GET https://***@hub.test?token=*** ***'
    >>> redact("opened with tr0ub4dor", {"HF_TOKEN": "tr0ub4dor"})
    'opened with ***'
    """
    values = os.environ if environment is None else environment
    secrets = {
        value
        for name, value in values.items()
        if SECRET_NAMES.search(name) and len(value) >= SHORTEST_SECRET
    }
    for secret in sorted(secrets, key=len, reverse=True):
        text = text.replace(secret, HIDDEN)
    for pattern in PATTERNS:
        text = pattern.sub(rf"\1{HIDDEN}\2", text)
    return text


class _Redacted(logging.Formatter):
    """Writes a record with its moment in UTC, and hides secrets."""

    converter = time.gmtime

    def __init__(self) -> None:
        line = "%(asctime)s %(levelname)s %(name)s: %(message)s"
        super().__init__(line, "%Y-%m-%dT%H:%M:%SZ")

    def format(self, record: logging.LogRecord) -> str:
        return redact(super().format(record))


class LogFile(RotatingFileHandler):
    """Appends to the log; half of it goes when it is full.

    The file is made with its first line. A disk that refuses stops nobody.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(
            path, maxBytes=MAX_BYTES, backupCount=1, encoding="utf-8", delay=True,
            errors="backslashreplace",
        )  # fmt: skip
        self.setFormatter(_Redacted())

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record."""
        with suppress(OSError):
            Path(self.baseFilename).parent.mkdir(parents=True, exist_ok=True)
            super().emit(record)

    def handleError(self, record: logging.LogRecord) -> None:
        """Let a line go that cannot be written; the terminal has it."""


def log_path(root: Path) -> Path:
    """Return the file of the log under a cache root."""
    return root / "log" / "pedigree.log"


def keep_log(root: Path) -> None:
    """Write warnings of Pedigree to the log of this cache root, and of no other.

    They go to the terminal as before, which a handler of ours alone would end.
    """
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    logger, path = logging.getLogger(LOGGER), log_path(root)
    for handler in [one for one in logger.handlers if isinstance(one, LogFile)]:
        if handler.baseFilename == os.path.abspath(path):
            return
        logger.removeHandler(handler)
        handler.close()
    logger.addHandler(LogFile(path))


def last_lines(root: Path, count: int = LAST_LINES) -> list[str]:
    """Return the last lines of the log, oldest first; none where there is no log."""
    path = log_path(root)
    text = ""
    for file in (path.with_name(path.name + ".1"), path):
        with suppress(OSError):
            text += file.read_text("utf-8", errors="replace")
    return redact(text).splitlines()[-count:]
