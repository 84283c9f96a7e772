"""One side of a comparison in a process of its own: `python -m bench.engine.side NAME
BASE CHILD`. Prints {"seconds": of each further child, "peak_bytes": of the process}.
"""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

FURTHER = 3
"""Children compared after the first, when the marginal cost is asked for."""


def peak_bytes() -> int:
    """Return the most memory this process held, as the system counts it."""
    status = Path("/proc/self/status")
    if status.exists():
        line = next(x for x in status.read_text().splitlines() if "VmHWM" in x)
        return int(line.split()[1]) * 1024
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def ours(base: Path, child: Path, *, mapped: bool) -> Callable[[], object]:
    """Open the base, and return what compares the child with it."""
    from bench.engine.checkpoints import named_pairs
    from core.weights.checkpoint import open_checkpoint
    from core.weights.measure import KeptBase, measure_pairs

    ours, kept = open_checkpoint(base), KeptBase() if mapped else None

    def compare() -> object:
        with open_checkpoint(child) as opened:
            pairs = named_pairs(ours, opened)
            return measure_pairs(ours, opened, pairs, kept=kept)

    return compare


def plain_loop(base: dict, child: dict) -> list[tuple]:
    """Compare two state dicts in the plain way: one torch call a distance."""
    import torch

    told = []
    for name, x in base.items():
        y = child[name]
        d = y - x
        flat = x.flatten(), y.flatten()
        told.append(
            (
                torch.equal(x, y),
                (x != y).float().mean().item(),
                (d.norm() / x.norm()).item(),
                torch.nn.functional.cosine_similarity(*flat, dim=0).item(),
                (d * d).mean().item(),
                d.abs().mean().item(),
                d.abs().max().item(),
                d.abs().min().item(),
                (torch.signbit(x) != torch.signbit(y)).sum().item(),
            )
        )
    return told


def load_file(base: Path, child: Path) -> Callable[[], object]:
    """Load with safetensors' `load_file`, compare in the plain way."""
    from safetensors.torch import load_file

    weights = load_file(base)
    return lambda: plain_loop(weights, load_file(child))


def from_pretrained(base: Path, child: Path) -> Callable[[], object]:
    """Load with `from_pretrained`, compare in the plain way."""
    from transformers import ViTForImageClassification

    def load(path: Path) -> dict:
        return ViTForImageClassification.from_pretrained(path.parent).state_dict()

    weights = load(base)
    return lambda: plain_loop(weights, load(child))


def make_vit(base: Path, _: Path) -> Callable[[], object]:
    """Write a ViT-base of random weights as transformers names them."""
    from transformers import ViTConfig, ViTForImageClassification

    model = ViTForImageClassification(ViTConfig(num_labels=1000))
    return lambda: model.save_pretrained(base.parent)


SIDES = {
    "streamed": lambda base, child: ours(base, child, mapped=False),
    "mapped": lambda base, child: ours(base, child, mapped=True),
    "load_file": load_file,
    "from_pretrained": from_pretrained,
    "make_vit": make_vit,
}


def main(name: str, base: str, child: str, further: int) -> None:
    """Compare once, then `further` children more, and print what that cost."""
    compare = SIDES[name](Path(base), Path(child))
    compare()
    seconds = []
    for _ in range(further):
        started = time.perf_counter()
        compare()
        seconds.append(time.perf_counter() - started)
    print(json.dumps({"seconds": min(seconds, default=0), "peak_bytes": peak_bytes()}))


if __name__ == "__main__":
    main(*sys.argv[1:4], int(sys.argv[4]) if len(sys.argv) > 4 else 0)
