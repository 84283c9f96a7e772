"""Features of the frozen start of a network, computed once and kept in memory."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from core.snapshots.cut import Cut
from core.snapshots.pixels import Pixels

if TYPE_CHECKING:
    import torch

MAX_BYTES = 4 * 2**30


@dataclass(frozen=True)
class KeptFeatures:
    """What enters the first trained module, for every image of a set as it is and, in
    a second list, mirrored; each a list of tensors (N, ...).
    """

    variants: "tuple[list[torch.Tensor], ...]"
    device: "torch.device"

    def rows(
        self, rows: np.ndarray, flips: np.ndarray | None = None
    ) -> "list[torch.Tensor]":
        """Return the features of some images; `flips` (N,) says which are mirrored."""
        import torch

        chosen = torch.from_numpy(np.asarray(rows))
        plain = [whole[chosen] for whole in self.variants[0]]
        if len(self.variants) == 2 and flips is not None:
            is_flipped = torch.from_numpy(flips[rows])
            for kept, mirrored in zip(plain, self.variants[1], strict=True):
                kept[is_flipped] = mirrored[chosen[is_flipped]]
        return [kept.to(self.device) for kept in plain]


def keep_features(
    cut: Cut,
    sets: tuple[Pixels, Pixels],
    batch_size: int,
    report: Callable[[float], None],
    *,
    most_bytes: int = MAX_BYTES,
) -> tuple[KeptFeatures, KeptFeatures] | None:
    """Run the frozen start over training and validation images.

    Returns None where the features would not fit into `most_bytes`.
    """
    variants = [1 + (pixels.augment == "flip") for pixels in sets]
    one = sum(
        kept[:1].nbytes for kept in cut.before(sets[0].variant([0], mirrored=False))
    )
    counts = [len(p.images) * v for p, v in zip(sets, variants, strict=True)]
    if one * sum(counts) > most_bytes:
        return None
    done, both = 0, []
    for pixels, count in zip(sets, variants, strict=True):
        parts = []
        for mirrored in (False, True)[:count]:
            parts.append(_run(cut, pixels, batch_size, mirrored=mirrored))
            done += len(pixels.images)
            report(done / sum(counts))
        both.append(KeptFeatures(tuple(parts), pixels.device))
    return both[0], both[1]


def _run(
    cut: Cut, pixels: Pixels, batch_size: int, *, mirrored: bool
) -> "list[torch.Tensor]":
    import torch

    total, found = len(pixels.images), []
    for start in range(0, total, batch_size):
        rows: Sequence[int] = range(start, min(start + batch_size, total))
        kept = cut.before(pixels.variant(rows, mirrored=mirrored))
        found.append([tensor.cpu() for tensor in kept])
    return [torch.cat(column) for column in zip(*found, strict=True)]
