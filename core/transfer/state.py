"""Weights of a network as torch tensors, read by the project's own readers: nothing is
unpickled. And torchvision's published files, fetched once and checked.
"""

import re
import time
from collections.abc import Iterator, Mapping
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from core.cache import whole_file
from core.errors import CorruptCheckpoint, FetchError
from core.fetch import source_address
from core.progress import Progress
from core.settings import Settings
from core.weights.array import read_tensor
from core.weights.checkpoint import open_checkpoint
from core.weights.entry import Checkpoint

if TYPE_CHECKING:
    import torch

State = dict[str, "torch.Tensor"]

MAX_WEIGHTS_BYTES = 6 * 2**30
CHUNK_BYTES = 2**20
BFLOAT = "BF16"


def read_state(path: Path) -> tuple[State, str]:
    """Return the tensors of a weight file or folder, and their digest.

    Raises a CheckpointError or UsageError, naming the file.
    """
    with open_checkpoint(path) as checkpoint:
        state = to_state(checkpoint)
    return state, digest_of(state)


def digest_of(state: Mapping[str, "torch.Tensor"]) -> str:
    """Digest names, dtypes, shapes and bytes; the file's format does not count."""
    import torch

    whole = sha256()
    for name, tensor in sorted(state.items()):
        whole.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}\n".encode())
        whole.update(tensor.contiguous().reshape(-1).view(torch.uint8).numpy())
    return whole.hexdigest()


def to_state(checkpoint: Checkpoint) -> State:
    """Return every tensor of an open checkpoint, by name."""
    import torch

    state = {}
    for entry in checkpoint.entries:
        tensor = torch.from_numpy(read_tensor(checkpoint, entry))
        is_bfloat = entry.dtype == BFLOAT
        state[entry.name] = tensor.view(torch.bfloat16) if is_bfloat else tensor
    return state


def published_file(url: str, settings: Settings, progress: Progress) -> Path:
    """Return torchvision's weight file at `url`, fetched where it is not here yet.

    Its name ends in the first digits of its sha256 (resnet18-f37072fd.pth); a file
    that does not fit them is not kept. Raises FetchError and CorruptCheckpoint.
    """
    name = url.rsplit("/", 1)[-1]
    path = settings.cache_root / "weights" / "torchvision" / name
    if path.is_file():
        return path
    found = re.search(r"-([0-9a-f]{8,64})\.pth$", name)
    if not found:
        raise CorruptCheckpoint(name, "does not carry its checksum in its name")
    with whole_file(path) as temporary, temporary.open("wb") as file:
        digest = sha256()
        for chunk in _chunks(url, settings, progress):
            digest.update(chunk)
            file.write(chunk)
        if not digest.hexdigest().startswith(found[1]):
            happened = "is not the file that its name promises"
            raise CorruptCheckpoint(name, happened, "download it again")
    return path


def _chunks(url: str, settings: Settings, progress: Progress) -> Iterator[bytes]:
    import requests

    subject, started, done = url.rsplit("/", 1)[-1], time.monotonic(), 0
    try:
        with requests.get(
            source_address(url, settings), stream=True, timeout=20
        ) as response:
            response.raise_for_status()
            total = int(response.headers.get("Content-Length") or 0)
            for chunk in response.iter_content(CHUNK_BYTES):
                done += len(chunk)
                if done > MAX_WEIGHTS_BYTES or (total and done > total):
                    raise FetchError(subject, "is larger than it said")
                rate = done / max(time.monotonic() - started, 1e-3) / 1e6
                progress(done / max(total, done), f"{subject}: {rate:.0f} MB/s")
                yield chunk
    except requests.RequestException as error:
        happened = f"cannot be fetched ({type(error).__name__})"
        remedy = "name a local weight file instead, or try again with a network"
        raise FetchError(url, happened, remedy) from error
    if done < total:
        raise FetchError(url, "was cut off", "try again")


def fits(network: "torch.nn.Module", state: Mapping[str, object], name: str) -> None:
    """Load `state` into `network`, every name and shape of both.

    Raises CorruptCheckpoint, with the first names that do not fit.
    """
    try:
        network.load_state_dict(state, strict=True)
    except RuntimeError as error:
        text = " ".join(str(error).split()[:24])
        happened = f"does not fit the architecture ({text} ...)"
        raise CorruptCheckpoint(name, happened, "check which model it is") from error
