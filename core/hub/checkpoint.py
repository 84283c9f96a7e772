"""Open the weights of a model on the Hub without downloading them. Knows which file to
ask for, not what is in it.
"""

import re
from collections.abc import Collection
from urllib.parse import quote

from core.errors import HubUnreachable
from core.hub.client import HubClient
from core.hub.names import repository_id
from core.hub.reader import HubSource
from core.weights.checkpoint import open_weights, pick_weights
from core.weights.entry import Checkpoint
from core.weights.shards import is_plain_file_name

COMMIT = re.compile(r"[0-9a-f]{7,64}")


def open_hub_checkpoint(
    id: str,
    client: HubClient,
    *,
    revision: str | None = None,
    files: Collection[str] | None = None,
) -> Checkpoint:
    """Open a model of the Hub: its headers are read, its weights only when asked for.

    A listing's commit and file names, as `revision` and `files`, save a request;
    without them the newest commit is read. Every source is a HubSource. Raises
    UsageError for what is no id, a HubError, or a CheckpointError.
    """
    id = repository_id(id)
    if revision is None or files is None:
        revision, files = describe(id, client, revision)
    own = root_files(files)
    picked = pick_weights(own, id)
    return open_weights(
        id, picked, own, lambda file: HubSource(client, id, revision, file)
    )


def describe(
    id: str, client: HubClient, revision: str | None = None
) -> tuple[str, list[str]]:
    """Ask the Hub for a model's commit and file names. Raises a HubError."""
    url = f"{client.endpoint}/api/models/{id}"
    url += f"/revision/{quote(revision, safe='')}" if revision else ""
    params = [("expand", "sha"), ("expand", "siblings")]
    document, _ = client.get_json(id, url, params)
    fields = document if isinstance(document, dict) else {}
    siblings = fields.get("siblings")
    commit = fields.get("sha")
    if not isinstance(commit, str) or not isinstance(siblings, list):
        raise HubUnreachable(id, "is described without its files", "check HF_ENDPOINT")
    if not COMMIT.fullmatch(commit):  # it names a folder here
        happened = f"has a commit that is none ({commit[:40]!a})"
        raise HubUnreachable(id, happened, "check HF_ENDPOINT")
    return commit, file_names(siblings)


def file_names(siblings: object) -> list[str]:
    """Return the file names of a repository as the API lists them, text only.

    >>> file_names([{"rfilename": "a.bin"}, {"rfilename": 1}, None])
    ['a.bin']
    """
    rows = siblings if isinstance(siblings, list) else []
    names = [row.get("rfilename") for row in rows if isinstance(row, dict)]
    return [name for name in names if isinstance(name, str)]


def root_files(files: Collection[str]) -> list[str]:
    """Keep the files that lie in no folder: `checkpoint-500/` is not the model.

    A name that would be a path on any system (`..\\..\\a`) is left out as well.

    >>> root_files(["model.safetensors", "checkpoint-500/model.safetensors"])
    ['model.safetensors']
    """
    return [file for file in files if is_plain_file_name(file)]
