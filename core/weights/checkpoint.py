"""Open the weights of one model, from a file, a folder, or any place that lists files
and answers byte ranges. Knows which file to pick, not what is in it.
"""

from collections.abc import Callable, Collection
from pathlib import Path

from core.errors import NoWeights, UnsupportedFormat, UsageError
from core.weights.entry import ByteSource, Checkpoint
from core.weights.safetensors import read_safetensors
from core.weights.source import FileSource

OpenSource = Callable[[str], ByteSource]

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
    files = [item.name for item in folder.iterdir() if item.is_file()]
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
    """Open the weights that start at the file `picked`.

    `files` are the names beside it and `open_source` opens one of them; what was opened
    is closed again when reading fails.
    """
    source = open_source(picked)
    try:
        entries, metadata = read_safetensors(source, picked)
    except BaseException:
        source.close()
        raise
    return Checkpoint(name, "safetensors", tuple(entries), {picked: source}, metadata)


def _is_weights(file: str, suffix: str) -> bool:
    return file.endswith(suffix) and not file.startswith(NOT_WEIGHTS)


def _gguf_rank(file: str) -> tuple[bool, str]:
    """Sort full-precision GGUF files before quantized ones."""
    return not any(kind in file.lower() for kind in ("f32", "f16")), file
