"""The accuracy of a snapshot on a set of images, from its stored weights: the number
that its record tells can be had again.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.device import Device, detect_device
from core.errors import UsageError
from core.snapshots.architecture import build_network, logits_of
from core.snapshots.cut import evaluating
from core.snapshots.lineage import Snapshot, read_snapshot
from core.snapshots.pixels import Pixels
from core.transfer.images import ImageSet
from core.transfer.state import fits, read_state

if TYPE_CHECKING:
    import torch

BATCH = 64


@dataclass(frozen=True)
class Accuracy:
    """Mean cross-entropy, and the shares answered rightly by the first and among the
    first five answers; `low` and `high` bound the first at 95 % (Wilson).
    """

    loss: float
    top1: float
    top5: float
    images: int
    low: float
    high: float


def load_network(folder: Path) -> tuple["torch.nn.Module", Snapshot]:
    """Build the network of a snapshot's folder, with its weights, for evaluation.

    Raises UsageError for features without a head, and a CheckpointError.
    """
    snapshot = read_snapshot(folder)
    if not snapshot.classes:
        raise UsageError(snapshot.id, "has no head", "train one on it")
    state, _ = read_state(folder)
    network = build_network(snapshot.built, len(snapshot.classes))
    fits(network, state, snapshot.id)
    return network.eval(), snapshot


def measure_snapshot(
    folder: Path, images: ImageSet, *, device: Device | None = None
) -> Accuracy:
    """Measure a stored snapshot on images; float32, in batches of 64."""
    network, snapshot = load_network(folder)
    device = device or detect_device()
    pixels = Pixels(images, snapshot.built.preprocess, device.address)
    return measure_network(network.to(device.address), pixels)


def measure_network(network: "torch.nn.Module", pixels: Pixels) -> Accuracy:
    """Measure a network on the images of `pixels`, in evaluation mode."""
    with evaluating(network):
        return measure(
            lambda rows: logits_of(network(pixels.batch(rows))), pixels.images, BATCH
        )


def measure(
    answer: Callable[[range], "torch.Tensor"], images: ImageSet, batch_size: int
) -> Accuracy:
    """Measure anything that answers rows of `images` with logits (B, C)."""
    import torch

    sums, total = Sums(), len(images)
    with torch.no_grad():
        for start in range(0, total, batch_size):
            rows = range(start, min(start + batch_size, total))
            logits = answer(rows).float()
            labels = torch.from_numpy(images.labels[rows.start : rows.stop])
            sums.add(logits, labels.to(logits.device))
    return sums.accuracy()


@dataclass
class Sums:
    """What was seen so far: images, their summed loss, and how many were right."""

    images: int = 0
    loss: float = 0.0
    top1: int = 0
    top5: int = 0

    def add(self, logits: "torch.Tensor", labels: "torch.Tensor") -> None:
        """Count a batch of logits (B, C) and labels (B,)."""
        import torch

        losses = torch.nn.functional.cross_entropy(logits, labels, reduction="sum")
        first = logits.topk(min(5, logits.shape[1]), dim=1).indices == labels[:, None]
        self.images += len(labels)
        self.loss += float(losses)
        self.top1 += int(first[:, 0].sum())
        self.top5 += int(first.sum())

    def accuracy(self) -> Accuracy:
        """Return the shares so far."""
        from scipy.stats import binomtest

        interval = binomtest(self.top1, self.images).proportion_ci(method="wilson")
        return Accuracy(
            self.loss / self.images, self.top1 / self.images, self.top5 / self.images,
            self.images, float(interval.low), float(interval.high),
        )  # fmt: skip


def rounded(accuracy: Accuracy) -> dict[str, Any]:
    """Return it as a record keeps it: shares as they are, bounds to four places."""
    return vars(accuracy) | {
        "low": round(accuracy.low, 4), "high": round(accuracy.high, 4),
    }  # fmt: skip
