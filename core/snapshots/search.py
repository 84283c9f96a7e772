"""Which snapshot is the best start for a dataset: all of them ranked by a proxy, with
the forward pass shared wherever their layers are the same.

The idea of sharing is that of Strassenburg and others' model search over derived models
(https://github.com/hpides/alsatian), and so is dropping half of the candidates each
time the images double: successive halving, Jamieson & Talwalkar (2016),
arXiv:1502.07943.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from core.cache import now_utc
from core.errors import UsageError
from core.progress import Progress, part_of
from core.settings import Settings
from core.snapshots.candidates import Candidate, Candidates
from core.snapshots.groups import Group, group_by_architecture
from core.snapshots.prefix_tree import work
from core.snapshots.shared_features import compute_features, joined
from core.transfer.images import ImageSet
from core.transfer.scores.score_all import METRICS, score_all
from core.transfer.shards import SHARD_IMAGES, Shard, read_shards

PROXIES = (*METRICS, "linear_probe")
DEFAULT_PROXY = "logme"
BUDGET_BYTES = 2 * 2**30


@dataclass(frozen=True, eq=False)
class Ranking:
    """`rows` has one a snapshot, the best first: rank (equal for equal scores), id,
    score, images it was scored on, architecture, base and retrain_index.

    `failures` tell which snapshots could not be ranked and why, `unreadable` the same
    of images, `warnings` what the scores hide. `ran` counts images through sections,
    `alone` what that would be without sharing, rounds or kept features.
    """

    metric: str
    rows: pd.DataFrame
    images: int
    classes: tuple[str, ...]
    failures: Mapping[str, str]
    unreadable: Mapping[str, str]
    warnings: tuple[str, ...]
    ran: int
    alone: int
    seconds: float
    made_at: str


@dataclass(frozen=True)
class _Scored:
    """The score of one snapshot in its last round."""

    score: float
    round: int
    images: int


def search(
    candidates: Candidates,
    images: ImageSet,
    settings: Settings,
    *,
    metric: str = DEFAULT_PROXY,
    halving: bool = False,
    share: bool = True,
    budget_bytes: int = BUDGET_BYTES,
    device: str = "cpu",
    progress: Progress | None = None,
) -> Ranking:
    """Rank candidates on labeled images by a score of the features before their heads.

    Sharing changes no bit of a feature, so that the ranking is the one without it.
    `halving` starts with few images and keeps the better half of the candidates each
    time it doubles them: cheaper, and no longer exact. Features are kept: a killed
    search goes on, and another score costs no forward pass. `budget_bytes` bounds the
    activations between sections. Raises UsageError for an unknown metric, for images of
    fewer than two classes, and where nothing can be ranked.
    """
    _check(metric, images)
    began = time.monotonic()
    root = settings.cache_root / "search" / "features"
    groups, wrong = group_by_architecture(candidates.found, images, root, device=device)
    failures = {**candidates.failures, **wrong}
    if not groups:
        reason = next(iter(failures.values()), "there is none").rstrip(".")
        raise UsageError("No snapshot", f"can be ranked: {reason}")
    order = stratified_order(images.labels)
    sizes = [len(order)]
    if halving:
        sizes = round_sizes(len(order), sum(len(group.members) for group in groups))
    scored: dict[str, _Scored] = {}
    unreadable: dict[str, str] = {}
    warnings: dict[str, None] = {}
    left = {one.id for group in groups for one in group.members}
    ran = 0
    for turn, size in enumerate(sizes):
        told = part_of(progress, turn, len(sizes))
        ran += _forward(groups, left, images, order[:size], budget_bytes, share, told)
        for group, member, one in _members(groups, left):
            told(0.9, f"Scoring {one.id}")
            shard = _kept(group, member, size)
            score, said = _score(shard, images, metric)
            scored[one.id] = _Scored(score, turn, len(shard.rows))
            warnings |= dict.fromkeys(f"{one.id}: {text}" for text in said)
            unreadable |= {images.names[row]: str(reason) for row, reason in
                           zip(shard.failed, shard.reasons, strict=True)}  # fmt: skip
        left = _better_half(scored, left)
    rows = _rows(groups, scored)
    alone = len(order) * sum(g.sections.head * len(g.members) for g in groups)
    return Ranking(
        metric, rows, len(order), images.classes, failures, unreadable,
        tuple(warnings), ran, alone, time.monotonic() - began, now_utc(),
    )  # fmt: skip


def round_sizes(images: int, candidates: int) -> list[int]:
    """Return how many images each round sees: doubling, whole shards, last all.

    There are only as many rounds as leave two candidates to the last.

    >>> round_sizes(2000, 36), round_sizes(200, 36), round_sizes(2000, 3)
    ([256, 512, 1024, 2000], [200], [2000])
    """
    sizes, candidates = [images], candidates // 2
    while candidates >= 2 and sizes[0] > SHARD_IMAGES:
        half = max(1, round(sizes[0] / 2 / SHARD_IMAGES)) * SHARD_IMAGES
        sizes, candidates = [half, *sizes], candidates // 2
    return sizes


def stratified_order(labels: np.ndarray, *, seed: int = 0) -> np.ndarray:
    """Order images so that every beginning has each class's share of them, (N,).

    >>> order = stratified_order(np.repeat([0, 1], [8, 4]))
    >>> np.repeat([0, 1], [8, 4])[order[:3]].sum()
    np.int64(1)
    """
    shuffled = np.random.default_rng(seed).permutation(len(labels))
    own = pd.Series(labels[shuffled])
    place = own.groupby(own).cumcount() + 0.5
    share = place / own.groupby(own).transform("size")
    return shuffled[np.argsort(share.to_numpy(), kind="stable")]


def _check(metric: str, images: ImageSet) -> None:
    if metric not in PROXIES:
        raise UsageError(
            f"Metric {metric}", "is not known", f"try {', '.join(PROXIES)}"
        )
    if len(images.classes) < 2 or (images.labels < 0).any():
        happened = f"has {len(images.classes)} classes or images without one"
        raise UsageError(images.name, happened, "give a folder with a folder a class")


def _members(
    groups: Sequence[Group], left: set[str]
) -> Iterator[tuple[Group, int, Candidate]]:
    """Yield each group with the place and the candidate of those that are left."""
    for group in groups:
        for member, one in enumerate(group.members):
            if one.id in left:
                yield group, member, one


def _forward(
    groups: Sequence[Group], left: set[str], images: ImageSet, order: np.ndarray,
    budget_bytes: int, share: bool, told: Progress,
) -> int:  # fmt: skip
    """Compute the features of who is left; return images through sections."""
    chosen = [[m for _, m, _ in _members([group], left)] for group in groups]
    total = len(order) * sum(
        work(group.tree(own, share=share), [1] * group.sections.head)
        for group, own in zip(groups, chosen, strict=True)
    )
    ran = 0

    def step(count: int) -> None:
        nonlocal ran
        ran += count
        text = f"{ran:,} of {total:,} passes of an image through a block"
        told(0.9 * min(ran / max(total, 1), 1), text)

    for group, own in zip(groups, chosen, strict=True):
        compute_features(
            group, own, images, order, budget_bytes=budget_bytes, share=share, step=step
        )
    return ran


def _kept(group: Group, member: int, images: int) -> Shard:
    return joined(list(read_shards(group.folders[member], images)))


def _score(
    shard: Shard, images: ImageSet, metric: str
) -> tuple[float, tuple[str, ...]]:
    if not len(shard.rows):
        raise UsageError(images.name, "has no image that can be read")
    source = shard.probabilities if shard.probabilities.shape[1] else None
    labels = images.labels[shard.rows]
    found = score_all(shard.features, labels, source, [metric])
    value = found.values[metric]
    return (float("nan") if value is None else value), found.warnings


def _better_half(scored: Mapping[str, _Scored], left: set[str]) -> set[str]:
    """Keep the better half; who has no score goes first, ties go by name."""
    ranked = sorted(left, key=lambda id: (-np.nan_to_num(scored[id].score, nan=-np.inf),
                                          id))  # fmt: skip
    return set(ranked[: -(-len(ranked) // 2)])


def _rows(groups: Sequence[Group], scored: Mapping[str, _Scored]) -> pd.DataFrame:
    """Rank by the last round that a snapshot saw, then by its score there."""
    everyone = [one for group in groups for one in group.members]
    rows = pd.DataFrame([_row(one, scored[one.id]) for one in everyone])
    rows = rows.sort_values(
        ["round", "score", "id"], ascending=[False, False, True], na_position="last"
    )
    keys = rows[["round", "score"]].fillna(-np.inf)
    is_new = (keys != keys.shift()).any(axis=1)
    places = pd.Series(range(1, len(rows) + 1), rows.index)
    rows.insert(0, "rank", places.where(is_new).ffill().astype(int))
    return rows.drop(columns="round").reset_index(drop=True)


def _row(one: Candidate, scored: _Scored) -> dict[str, object]:
    built = one.architecture
    return {
        "id": one.id,
        "score": scored.score,
        "images": scored.images,
        "round": scored.round,
        "architecture": f"{built.library}/{built.name}",
        "base": one.lineage.get("base"),
        "retrain_index": one.lineage.get("retrain_index"),
    }
