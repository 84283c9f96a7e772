"""Files of public GitHub repositories: the addresses they have, and which there are.

jsDelivr serves the same files, so that it stands in when GitHub refuses.
"""

import json
from collections.abc import Iterator

import pandas as pd

from core.errors import SourceChanged

MAX_NAMES = 10_000


def file_urls(repository: str, branch: str, path: str) -> tuple[str, str]:
    """Return the two addresses of one file.

    >>> file_urls("owner/name", "main", "docs/a.csv")[1]
    'https://cdn.jsdelivr.net/gh/owner/name@main/docs/a.csv'
    """
    return (
        f"https://raw.githubusercontent.com/{repository}/{branch}/{path}",
        f"https://cdn.jsdelivr.net/gh/{repository}@{branch}/{path}",
    )


def listing_urls(repository: str, branch: str, folder: str) -> tuple[str, str]:
    """Return the two addresses that list a folder."""
    api = f"https://api.github.com/repos/{repository}/contents/{folder}?ref={branch}"
    return api, f"https://data.jsdelivr.com/v1/packages/gh/{repository}@{branch}"


def read_listing(content: bytes, url: str) -> pd.DataFrame:
    """Return the names of the CSV files that a listing holds, without the ending.

    GitHub answers a list of entries, jsDelivr a tree of them. Raises SourceChanged.

    >>> read_listing(b'[{"name": "a.csv", "type": "file"}]', "u")["name"].tolist()
    ['a']
    """
    try:
        names = sorted({name for name in _names(json.loads(content))})
    except (ValueError, RecursionError) as error:
        raise SourceChanged(url, "is no JSON list of files", "report it") from error
    found = [name.removesuffix(".csv") for name in names if name.endswith(".csv")]
    if not found:
        raise SourceChanged(url, "lists no CSV files", "report it")
    return pd.DataFrame({"name": found[:MAX_NAMES]}, dtype="str")


def _names(entry: object) -> Iterator[str]:
    if isinstance(entry, list):
        for part in entry:
            yield from _names(part)
    elif isinstance(entry, dict):
        if isinstance(entry.get("files"), list):
            yield from _names(entry["files"])
        elif isinstance(entry.get("name"), str):
            yield entry["name"].rpartition("/")[2]
