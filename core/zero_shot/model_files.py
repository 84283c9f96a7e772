"""The files of a zero-shot model as a local folder: configuration, safetensors weights
and tokenizer, of one commit. Runs nothing of them, and takes no other weights.
"""

from collections.abc import Collection
from pathlib import Path

from core.cache import safe_name, whole_file
from core.errors import NoWeights, UsageError
from core.hub.checkpoint import describe
from core.hub.client import HubClient
from core.hub.names import is_repository_id
from core.hub.reader import HubSource
from core.progress import Progress
from core.settings import Settings, local_path
from core.transfer.published import fetch_weights, keep_file
from core.weights.checkpoint import pick_weights

SMALL = ("config.json", "preprocessor_config.json", "tokenizer_config.json",
         "special_tokens_map.json")  # fmt: skip
TOKENIZERS = ("tokenizer.json", "vocab.json", "merges.txt", "vocab.txt")
MAX_SMALL_BYTES = 2**20
MAX_TOKENIZER_BYTES = 64 * 2**20
SAFE = (".safetensors", ".safetensors.index.json")


def model_folder(name: str, settings: Settings, progress: Progress) -> Path:
    """Return the folder of a model, fetching from the Hub what is not here yet.

    Raises UsageError for a name that is neither a folder nor owner/name, NoWeights
    for a model without safetensors, a HubError, FetchError or CacheError.
    """
    folder = local_path(name)
    if folder.is_dir():
        safe_files(name, [file.name for file in folder.iterdir() if file.is_file()])
        return folder
    if "/" not in name or not is_repository_id(name):
        remedy = "write owner/name of a model on the Hub, or a model folder's path"
        raise UsageError(f"Model {name[:100]!r}", "is unknown", remedy)
    return _fetched(name, settings, progress)


def safe_files(name: str, files: Collection[str]) -> list[str]:
    """Keep safetensors and what is no weights; NoWeights, naming the model, if none.

    >>> safe_files("m", ["config.json", "model.safetensors", "pytorch_model.bin"])
    ['model.safetensors']
    """
    kept = [file for file in files if file.endswith(SAFE) and "/" not in file]
    if not kept:
        happened = "has no safetensors weights, and no others are loaded"
        raise NoWeights(name, happened, "choose a model that has them")
    pick_weights(kept, name)
    return kept


def _fetched(id: str, settings: Settings, progress: Progress) -> Path:
    folder = settings.cache_root / "zero_shot" / "models" / safe_name(id)
    newest = sorted(folder.glob("*/complete"), key=lambda path: path.stat().st_mtime)
    if newest:
        return newest[-1].parent
    with HubClient(settings) as client:
        revision, files = describe(id, client)
        weights = safe_files(id, files)
        for name in sorted({*SMALL, *TOKENIZERS} & set(files)):
            limit = MAX_SMALL_BYTES if name in SMALL else MAX_TOKENIZER_BYTES
            source = HubSource(client, id, revision, name)
            keep_file(source, folder / revision / name, limit, progress)
        fetch_weights(id, client, revision, weights, folder / revision, progress)
    with whole_file(folder / revision / "complete"):
        return folder / revision
