"""Run a backbone over batches on a device, in pieces that fit its memory. Knows no
files.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from core.device import Device
from core.errors import UsageError
from core.transfer.backbones import Backbone
from core.transfer.preprocess import Preprocess

if TYPE_CHECKING:
    import torch

Precision = Literal["float32", "bfloat16", "float16"]
Answers = tuple["torch.Tensor", "torch.Tensor"]

MOST_IMAGES = {"cpu": 64, "cuda": 256, "mps": 128}
"""Where larger batches no longer raise the throughput."""


@dataclass
class Runner:
    """A backbone on its device; `piece` is how many images it takes at once.

    `piece` starts at what is asked for, or at what is sure to fit on a CPU, and is
    halved whenever the device runs out of memory.
    """

    network: "torch.nn.Module"
    preprocess: Preprocess
    device: "torch.device"
    precision: Precision
    piece: int

    def answer(self, pixels: "torch.Tensor") -> Answers:
        """Return features (B, D) and probabilities (B, Cs), float32 on the device.

        `pixels` are uint8 (B, H, W, C). Without a classifier Cs is 0. Raises
        UsageError when not even one image fits.
        """
        import torch

        parts, start = [], 0
        while start < len(pixels):
            try:
                parts.append(self._forward(pixels[start : start + self.piece]))
                start += self.piece
            except (torch.OutOfMemoryError, RuntimeError) as error:
                if not _is_out_of_memory(error):
                    raise
                self._take_less()
        features, probabilities = zip(*parts, strict=True)
        return torch.cat(features), torch.cat(probabilities)

    def _forward(self, pixels: "torch.Tensor") -> Answers:
        import torch

        is_mixed = self.precision != "float32"
        dtype = getattr(torch, self.precision)
        with torch.inference_mode():
            with torch.autocast(self.device.type, dtype, enabled=is_mixed):
                features, logits = self.network(self.preprocess.normalize(pixels))
            features = features.float()
            if logits is None:
                return features, features.new_empty(len(features), 0)
            return features, logits.float().softmax(1)

    def _take_less(self) -> None:
        import torch

        if self.piece == 1:
            happened = "has not enough free memory for one image"
            raise UsageError(f"Device {self.device}", happened, "choose cpu") from None
        self.piece //= 2
        if self.device.type == "cuda":
            torch.cuda.empty_cache()


def start_runner(
    backbone: Backbone, device: Device, precision: Precision, batch_size: int | None
) -> Runner:
    """Move a backbone to a device, its convolutions with channels last."""
    import torch

    place = torch.device(device.address)
    network = backbone.network.to(place, memory_format=torch.channels_last)
    size = batch_size or MOST_IMAGES[device.kind]
    runner = Runner(network, backbone.preprocess, place, precision, max(1, size))
    if batch_size is None and device.kind == "cpu" and device.free_bytes:
        room = device.free_bytes // 2
        runner.piece = max(1, min(size, room // _activation_bytes(runner)))
    return runner


def _activation_bytes(runner: Runner) -> int:
    """Return at least what one image needs: the outputs of all layers together.

    A CPU does not say that it is full, the system ends the process; so this is asked
    before, not after.
    """
    import torch

    seen: list[int] = []

    def count(_: torch.nn.Module, __: tuple, output: object) -> None:
        parts = output if isinstance(output, tuple) else (output,)
        seen.extend(part.nbytes for part in parts if isinstance(part, torch.Tensor))

    hooks = [m.register_forward_hook(count) for m in runner.network.modules()]
    high, wide = runner.preprocess.crop
    channels = len(runner.preprocess.mean)
    runner._forward(torch.zeros(1, high, wide, channels, dtype=torch.uint8))
    for hook in hooks:
        hook.remove()
    return max(sum(seen), 1)


def _is_out_of_memory(error: RuntimeError) -> bool:
    import torch

    is_named = isinstance(error, torch.OutOfMemoryError)
    return is_named or "out of memory" in str(error).lower()
