"""Open the weights of one model, from a file, a folder, or any place that lists files
and answers byte ranges. Knows which file to pick, not what is in it.
"""

from collections.abc import Callable, Collection
from contextlib import ExitStack, closing
from dataclasses import replace
from pathlib import Path

from core.errors import CorruptCheckpoint, NoWeights, UnsupportedFormat, UsageError
from core.weights.adapter import CONFIG_NAME, read_adapter_config
from core.weights.entry import ByteSource, Checkpoint, Format, TensorEntry
from core.weights.gguf import read_gguf
from core.weights.safetensors import read_safetensors
from core.weights.shards import check_shards, merge_shards, read_index
from core.weights.source import FileSource
from core.weights.torch_legacy import read_torch_legacy
from core.weights.torch_zip import read_torch_zip

OpenSource = Callable[[str], ByteSource]
Entries = list[TensorEntry]
Metadata = dict[str, str]

MAGIC_BYTES = 512
DOWNLOAD = "download it again"

NAMED_FIRST = (
    "model.safetensors",
    "model.safetensors.index.json",
    "pytorch_model.bin",
    "pytorch_model.bin.index.json",
    "adapter_model.safetensors",
    "adapter_model.bin",
)
WEIGHT_SUFFIXES = (".gguf", ".safetensors", ".bin", ".pt", ".pth", ".ckpt")
NOT_COMPARED = (".h5", ".msgpack", ".onnx", ".ot", ".pb", ".tflite", ".npz", ".pkl")
NOT_WEIGHTS = ("training_args", "optimizer", "scheduler", "rng_state", "scaler")


def open_checkpoint(path: Path) -> Checkpoint:
    """Open a weight file, a shard index or a model folder on this machine.

    A folder's file is picked by `pick_weights`; its subfolders (`checkpoint-500/`) are
    never looked into. Raises UsageError when nothing is there, else a CheckpointError.
    """
    if not path.exists():
        raise UsageError(path, "does not exist", "check the path")
    folder = path if path.is_dir() else path.parent
    try:
        files = [item.name for item in folder.iterdir() if item.is_file()]
    except OSError as error:
        raise UsageError(path, f"cannot be listed ({error.strerror})") from error
    picked = pick_weights(files, str(path)) if path.is_dir() else path.name
    return open_weights(
        str(path), picked, files, lambda name: FileSource(folder / name)
    )


def pick_weights(files: Collection[str], name: str) -> str:
    """Pick the file that holds a model's weights from the names in its folder.

    Raises NoWeights, naming the model `name`, or UnsupportedFormat when all it has are
    formats that are not compared.

    >>> pick_weights(["config.json", "pytorch_model.bin", "model.safetensors"], "m")
    'model.safetensors'
    """
    for wanted in NAMED_FIRST:
        if wanted in files:
            return wanted
    for suffix in WEIGHT_SUFFIXES:
        found = sorted(file for file in files if _is_weights(file, suffix))
        if len(found) == 1 or (found and suffix == ".gguf"):
            return min(found, key=_gguf_rank)
        if found:
            several = ", ".join(found[:3])
            raise NoWeights(name, f"holds several weight files ({several})", "name one")
    for file in sorted(files):
        if file.endswith(NOT_COMPARED):
            raise UnsupportedFormat(name, f"holds only {file}, which is not compared")
    raise NoWeights(name, "holds no weight file", "choose a model with weights")


def open_weights(
    name: str, picked: str, files: Collection[str], open_source: OpenSource
) -> Checkpoint:
    """Open the weights that start at the file `picked`, an index or a weight file.

    `files` are the names beside it and `open_source` opens one of them; whatever was
    opened is closed again when reading fails. Raises a CheckpointError.
    """
    with ExitStack() as opened:

        def open_closing(file: str) -> ByteSource:
            source = open_source(file)
            opened.callback(source.close)
            return source

        if picked.endswith(".index.json"):
            checkpoint = _open_shards(name, picked, files, open_closing)
        elif picked.startswith("adapter_model.") and CONFIG_NAME in files:
            checkpoint = _open_adapter(name, picked, open_closing)
        else:
            checkpoint = _open_file(name, picked, open_closing)
        opened.pop_all()
    return checkpoint


def read_entries(source: ByteSource, file: str) -> tuple[Format, Entries, Metadata]:
    """Read the entries of one weight file, whose format its name and bytes tell.

    `file` becomes the `file` of every entry. Raises a CheckpointError.
    """
    if file.endswith(".safetensors"):
        return "safetensors", *read_safetensors(source, file)
    if file.endswith(".gguf"):
        return "gguf", *read_gguf(source, file)
    if file.endswith(NOT_COMPARED):
        raise UnsupportedFormat(source.name, "is of a format that is not compared")
    if (zipped := read_torch_zip(source, file)) is not None:
        return "torch-zip", *zipped
    front = source.read(0, min(MAGIC_BYTES, source.size))
    if front[8:9] == b"{":
        return "safetensors", *read_safetensors(source, file)
    if front[:4] == b"GGUF":
        return "gguf", *read_gguf(source, file)
    if front[:4] == b"PK\x03\x04":
        raise CorruptCheckpoint(source.name, "is a zip that ends too early", DOWNLOAD)
    if front[257:262] == b"ustar":
        raise UnsupportedFormat(source.name, "is a tar archive of an early torch")
    if front[:1] == b"\x80":
        return "torch-legacy", *read_torch_legacy(source, file)
    raise CorruptCheckpoint(source.name, "is of no known weight format", DOWNLOAD)


def _open_file(name: str, file: str, open_source: OpenSource) -> Checkpoint:
    source = open_source(file)
    format_, entries, metadata = read_entries(source, file)
    return Checkpoint(name, format_, tuple(entries), {file: source}, metadata)


def _open_adapter(name: str, file: str, open_source: OpenSource) -> Checkpoint:
    with closing(open_source(CONFIG_NAME)) as source:
        config = read_adapter_config(source)
    weights = _open_file(name, file, open_source)
    metadata = {**weights.metadata, **config.as_text()}
    return replace(weights, format="adapter", metadata=metadata)


def _open_shards(
    name: str, file: str, files: Collection[str], open_source: OpenSource
) -> Checkpoint:
    with closing(open_source(file)) as source:
        index = read_index(source)
    check_shards(source, index, files)
    shards = [_open_file(name, shard, open_source) for shard in index.shards]
    entries = merge_shards(source, index, (e for s in shards for e in s.entries))
    sources = {shard: s.sources[shard] for s in shards for shard in s.sources}
    metadata = {**shards[0].metadata, **index.metadata}
    return Checkpoint(name, shards[0].format, entries, sources, metadata)


def _is_weights(file: str, suffix: str) -> bool:
    return file.endswith(suffix) and not file.startswith(NOT_WEIGHTS)


def _gguf_rank(file: str) -> tuple[bool, str]:
    """Sort full-precision GGUF files before quantized ones."""
    return not any(kind in file.lower() for kind in ("f32", "f16")), file
