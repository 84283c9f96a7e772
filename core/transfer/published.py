"""A model of the Hub as a local folder: its configuration and weights, pinned to a
commit. Runs nothing of it.
"""

from pathlib import Path

from core.cache import safe_name, whole_file
from core.errors import FetchError, NoWeights
from core.hub.checkpoint import describe, open_hub_checkpoint, root_files
from core.hub.client import HubClient
from core.hub.reader import HubSource
from core.progress import Progress
from core.settings import Settings
from core.weights.checkpoint import pick_weights
from core.weights.entry import ByteSource

CONFIGS = ("config.json", "preprocessor_config.json")
MAX_CONFIG_BYTES = 2**20
MAX_WEIGHTS_BYTES = 6 * 2**30
CHUNK_BYTES = 8 * 2**20


def fetch_repository(id: str, settings: Settings, progress: Progress) -> Path:
    """Return the folder of a model of the Hub, fetching what is not here yet.

    What has been fetched serves without a network. Raises a HubError, NoWeights where
    the repository has no `config.json` or no weights, and CacheError.
    """
    folder = settings.cache_root / "weights" / "hub" / safe_name(id)
    newest = sorted(folder.glob("*/complete"), key=lambda path: path.stat().st_mtime)
    if newest:
        return newest[-1].parent
    with HubClient(settings) as client:
        revision, files = describe(id, client)
        if CONFIGS[0] not in files:
            raise NoWeights(id, "has no config.json", "choose another model")
        for name in set(CONFIGS) & set(files):
            source = HubSource(client, id, revision, name)
            keep_file(source, folder / revision / name, MAX_CONFIG_BYTES, progress)
        fetch_weights(id, client, revision, files, folder / revision, progress)
    with whole_file(folder / revision / "complete"):
        return folder / revision


def fetch_weights(
    id: str, client: HubClient, revision: str, files: list[str], folder: Path,
    progress: Progress,
) -> None:  # fmt: skip
    """Fetch the best weights among `files` into `folder`. Raises NoWeights."""
    picked = pick_weights(root_files(files), id)
    with open_hub_checkpoint(id, client, revision=revision, files=files) as opened:
        for name, source in opened.sources.items():
            keep_file(source, folder / name, MAX_WEIGHTS_BYTES, progress)
        if picked not in opened.sources:
            index = HubSource(client, id, revision, picked)
            keep_file(index, folder / picked, MAX_CONFIG_BYTES, progress)


def keep_file(source: ByteSource, path: Path, limit: int, progress: Progress) -> None:
    """Write a file of the Hub to `path`, whole; FetchError for one over `limit`."""
    if path.is_file() and path.stat().st_size == source.size:
        return
    if source.size > limit:
        happened = f"is {source.size:,} bytes, over the limit of {limit:,}"
        raise FetchError(source.name, happened, "choose a smaller model")
    with whole_file(path) as temporary, temporary.open("wb") as file:
        for start in range(0, source.size, CHUNK_BYTES):
            stop = min(start + CHUNK_BYTES, source.size)
            file.write(source.read(start, stop))
            progress(stop / source.size, f"Fetching {source.name}")
