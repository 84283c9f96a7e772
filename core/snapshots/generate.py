"""Synthetic snapshots: copies of a base, or of each other, whose last blocks are drawn
anew. Their truth is known and they cost no training, for large stores and for tests.
"""

import random
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from filelock import FileLock

from core.errors import UsageError
from core.progress import Progress, silent
from core.settings import Settings
from core.snapshots.architecture import Architecture, build_network
from core.snapshots.blocks import (
    Block,
    find_blocks,
    retrained_blocks,
    split_points,
)
from core.snapshots.lineage import (
    RECORD,
    UNFINISHED,
    Snapshot,
    check_name,
    own_seed,
    read_snapshot,
    write_snapshot,
)
from core.snapshots.retrain_index import draw_indices
from core.transfer.state import digest_of, published_file, read_state

if TYPE_CHECKING:
    import torch

    State = dict[str, torch.Tensor]

NOISE = 0.02
"""Deviation of what is added to a vector that every fresh network has alike."""


def make_base(
    root: Path,
    name: str,
    architecture: Architecture,
    *,
    classes: Sequence[str] = (),
    weights: Path | Literal["published", "random"] = "random",
    features_only: bool = False,
    seed: int = 0,
    settings: Settings | None = None,
    progress: Progress | None = None,
) -> Snapshot:
    """Make the base of a family in the folder `root/name`, or return what is there.

    `weights` is a file or folder of the architecture, "published" for torchvision's
    own (fetched once, which needs `settings`), or "random" for what `seed` draws. The
    head is that of the file, or has `classes`. Raises UsageError and CheckpointError.
    """
    folder = root / check_name(name)
    if (folder / RECORD).is_file():
        return read_snapshot(folder)
    answers = tuple(classes) or tuple(f"class {i}" for i in range(10))
    if weights == "random":
        state = build_network(architecture, len(answers), seed=seed).state_dict()
    else:
        path = weights
        if weights == "published":
            path = _published(architecture, settings, progress)
        state, _ = read_state(Path(path))
        answers = tuple(classes) or _counted_classes(architecture, state)
    if features_only:
        state, answers = _without_head(state), ()
    snapshot = Snapshot(
        name, name, None, "base", architecture.document(), seed, digest_of(state),
        classes=answers,
    )  # fmt: skip
    return read_snapshot(write_snapshot(root, snapshot, state))


def generate_snapshots(
    root: Path,
    base: str,
    *,
    count: int,
    distribution: str | Sequence[int] = "TWENTY_FIVE_PERCENT",
    same_base: bool = False,
    seed: int = 42,
    progress: Progress | None = None,
) -> list[Snapshot]:
    """Make `count` synthetic snapshots of the base in `root/base`; none is made twice.

    Each takes an index from the distribution (see `draw_indices`), copies its parent
    and draws the head and that many last blocks anew. The parent is one of those made
    before, the base included, or always the base. A base without a head (features
    only) gives snapshots without one, so that their unique blocks number the sum of
    all indices and the blocks of one model. Killed, it goes on where it was; two
    writers of one folder take turns.

    >>> generate_snapshots(Path("."), "nowhere", count=1)
    Traceback (most recent call last):
    core.errors.UsageError: nowhere is not a snapshot of this folder; make the base ...
    """
    first = _read_base(root, base)
    state, _ = read_state(root / base)
    blocks = find_blocks(state)
    indices = draw_indices(distribution, split_points(blocks), count, seed=seed)
    parents, choose = [base], random.Random(seed)
    made = []
    (root / UNFINISHED).mkdir(exist_ok=True)
    with FileLock(root / UNFINISHED / "generate.lock"):
        for place, index in enumerate(indices):
            parent = base if same_base else choose.choice(parents)
            name = f"{base}-{_short(distribution)}-s{seed}-{place:03}"
            if progress:
                progress(place / count, f"Drawing {name}, {place + 1} of {count}")
            made.append(_draw(root, first, blocks, name, parent, index, seed))
            parents.append(name)
    return made


def redraw(
    state: "State", names: Sequence[str], fresh: "State", *, seed: int
) -> "State":
    """Replace the named tensors by fresh ones, so that every one of them differs.

    `fresh` is a new network's state. What any two fresh networks have alike (norms at
    one, biases at zero) gets noise; counters stay as they are.
    """
    import torch

    generator = torch.Generator().manual_seed(seed)
    changed = dict(state)
    for name in names:
        drawn = fresh[name].clone()
        if not drawn.is_floating_point():
            continue
        if drawn.ndim < 2 or drawn.min() == drawn.max():
            noise = torch.randn(drawn.shape, generator=generator) * NOISE
            drawn = drawn + (noise.abs() if name.endswith("_var") else noise)
        changed[name] = drawn
    return changed


def _draw(
    root: Path, base: Snapshot, blocks: Sequence[Block], name: str, parent: str,
    index: int, seed: int,
) -> Snapshot:  # fmt: skip
    retrained = retrained_blocks(blocks, index)
    drawn_by = own_seed(seed, name)
    known = (parent, index, retrained, drawn_by)
    if (root / name / RECORD).is_file():
        there = read_snapshot(root / name)
        if (there.parent, there.retrain_index, there.retrained, there.seed) == known:
            return there
    state, _ = read_state(root / parent)
    classes = len(base.classes) or 1
    fresh = build_network(base.built, classes, seed=drawn_by).state_dict()
    names = [n for b in blocks if b.name in retrained for n in b.tensors]
    state = redraw(state, names, fresh, seed=drawn_by)
    snapshot = Snapshot(
        name, base.id, parent, "drawn", base.architecture, drawn_by, digest_of(state),
        index, retrained, base.classes,
    )  # fmt: skip
    return read_snapshot(write_snapshot(root, snapshot, state))


def _read_base(root: Path, base: str) -> Snapshot:
    if not (root / check_name(base) / RECORD).is_file():
        raise UsageError(
            base, "is not a snapshot of this folder", "make the base first"
        )
    return read_snapshot(root / base)


def _published(
    architecture: Architecture, settings: Settings | None, progress: Progress | None
) -> Path:
    if architecture.library != "torchvision" or settings is None:
        subject = f"{architecture.library}/{architecture.name}"
        remedy = "name a folder or a file of weights"
        raise UsageError(subject, "has no published weights here", remedy)
    from torchvision.models import get_model_weights

    entry = get_model_weights(architecture.name).DEFAULT
    return published_file(entry.url, settings, progress or silent)


def _counted_classes(architecture: Architecture, state: "State") -> tuple[str, ...]:
    """Return one name a row of the head's last matrix."""
    head = [b for b in find_blocks(state) if b.part == "head"]
    matrices = [n for b in head for n in b.tensors if state[n].ndim >= 2]
    if not matrices:
        raise UsageError(architecture.name, "has no head in these weights")
    return tuple(f"class {i}" for i in range(len(state[matrices[-1]])))


def _without_head(state: "State") -> "State":
    heads = {n for b in find_blocks(state) if b.part == "head" for n in b.tensors}
    return {name: tensor for name, tensor in state.items() if name not in heads}


def _short(distribution: str | Sequence[int]) -> str:
    """Name a distribution in a folder's name.

    >>> _short("TWENTY_FIVE_PERCENT"), _short([1, 2])
    ('twenty-five-percent', 'list')
    """
    name = distribution if isinstance(distribution, str) else "list"
    return name.lower().replace("_", "-")
