"""How close the children of a base are to each other: copies, near copies, a sibling
that is the likelier parent, and what a merge is made of. Reads no files.

A child made from a sibling differs from the base by the sibling's delta and its own, so
it is nearer to the sibling than to the base (as in the weight-space trees of Horwitz et
al., 2024, https://arxiv.org/abs/2405.18432).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from core.derived.apart import ERRORS, Deltas, deltas
from core.derived.comparisons import Result
from core.derived.contents import PROOFS, held_tensors
from core.derived.declared import declared_parents

NEAR = 0.1
"""Backbones this close, relative to their distance from the base, are near copies."""

CLOSER = float(np.sqrt(0.5))
"""A sibling at less of the distance to the base explains over half of the delta."""

LATER, NEARER, DATED, DECLARED = range(4)
ORDERS = ("later", "distance from the base", "dates", "card")
"""What says that one model was there before another."""

INCOMPARABLE = ("adapter", "quantized", "other-architecture")

COPIES = ("id", "original", "proof", "missed")
NEAR_COPIES = ("group", "id", "nearest", "distance", "low", "high", "same_rest")
PARENTS = ("id", "parent", "ratio", "low", "high", "order_by")
LEFT_OUT = ("id", "why")


def _nothing(columns: Sequence[str]) -> pd.DataFrame:
    return pd.DataFrame(columns=list(columns))


@dataclass(frozen=True)
class Siblings:
    """What the children of one base are to each other.

    `distances` are relative (see `Deltas.relative_distances`), its rows and columns in
    the order of the dendrogram that `linkage` (scipy's, of those rows) draws. `copies`
    holds the children whose every tensor is that of `original`, the base or a child;
    `proof` is the weakest of their tensors, and `missed` the share of one that may
    differ unseen. `near` are groups of near copies. `parents` are children that are
    nearer to a sibling than `CLOSER` of the way to the base: `ratio` of the distances
    with its interval, and what says who came first ("unknown": either may have).
    `left_out` says who is not compared and why.
    """

    base: str
    distances: pd.DataFrame
    linkage: np.ndarray
    copies: pd.DataFrame = field(default_factory=lambda: _nothing(COPIES))
    near: pd.DataFrame = field(default_factory=lambda: _nothing(NEAR_COPIES))
    parents: pd.DataFrame = field(default_factory=lambda: _nothing(PARENTS))
    left_out: pd.DataFrame = field(default_factory=lambda: _nothing(LEFT_OUT))
    deltas: Deltas = field(default=Deltas((), np.zeros((0, 0, 1), np.float32)))


def siblings(base: str, results: Sequence[Result], models: pd.DataFrame) -> Siblings:
    """Compare the compared children of a base with each other.

    `models` is `Family.models`, one row a result. Copies stand for one another, so that
    each content is compared once.
    """
    held = held_tensors(results)
    compared = models[models["status"] == "ok"].set_index("id", drop=False)
    files = {r.id: (r.summary or {}).get("weights") for r in results}
    copies = _copies(base, held, compared, files)
    declared = declared_parents(base, compared["id"], compared["parents"])
    kinds = compared["kind"]
    alone = compared.index[~compared.index.isin(copies["id"])]
    wanted = [model for model in alone if kinds[model] not in INCOMPARABLE]
    found, unknown = deltas(held, wanted)
    distances, tree = _clustered(found)
    why = {m: f"it is {kinds[m]}" for m in alone if kinds[m] in INCOMPARABLE}
    why |= dict.fromkeys(unknown, "no samples of what changed were kept")
    return Siblings(
        base,
        distances,
        tree,
        copies,
        _near(found, tree, held, distances),
        _parents(found, compared, declared),
        pd.DataFrame(list(why.items()), columns=list(LEFT_OUT)),
        found,
    )


def _copies(
    base: str,
    held: pd.DataFrame,
    compared: pd.DataFrame,
    files: dict[str, str | None],
) -> pd.DataFrame:
    """Group the children that hold the same contents under the same names.

    The original is the oldest; without dates, the first listed.
    """
    model = held["model"].astype(object)
    weakest = held["proof"].map(PROOFS.index).groupby(model).max()
    missed = held["missed"].groupby(model).max()
    order = compared.sort_values("created_at", kind="stable").index
    signature = _signatures(held).reindex(order).dropna()
    is_base = set(compared.index[compared["kind"] == "identical"])
    rows = []
    for ids in signature.groupby(signature, sort=False).groups.values():
        if len(ids) < 2 and ids[0] not in is_base:
            continue
        original = base if ids[0] in is_base else ids[0]
        for id in ids if original == base else ids[1:]:
            same_file = files.get(id) is not None and files[id] == files.get(original)
            proof = "sha256" if same_file else PROOFS[weakest[id]]
            rows.append((id, original, proof, 0.0 if same_file else missed[id]))
    return pd.DataFrame(rows, columns=list(COPIES))


def _signatures(held: pd.DataFrame) -> pd.Series:
    """Return a 64-bit number for each model: equal for equal contents by key."""
    row = pd.util.hash_array(held["key"].to_numpy(object)) ^ pd.util.hash_array(
        held["content"].to_numpy() * 2 + 1
    )
    mixed = pd.util.hash_array(row)
    return pd.Series(mixed).groupby(held["model"].to_numpy(object)).sum()


def _clustered(found: Deltas) -> tuple[pd.DataFrame, np.ndarray]:
    from scipy.cluster.hierarchy import leaves_list, linkage
    from scipy.spatial.distance import squareform

    apart = found.relative_distances
    names = pd.Index(found.models, name="model")
    if len(names) < 2:
        return pd.DataFrame(apart, names, names), np.zeros((0, 4))
    tree = linkage(squareform(apart, checks=False), method="average")
    order = leaves_list(tree)
    sorted_names = names[order]
    place = np.empty(len(order), int)
    place[order] = np.arange(len(order))
    is_leaf = tree[:, :2] < len(order)
    renamed = tree.copy()
    renamed[:, :2][is_leaf] = place[tree[:, :2][is_leaf].astype(int)]
    return pd.DataFrame(
        apart[np.ix_(order, order)], sorted_names, sorted_names
    ), renamed


def _near(
    found: Deltas, tree: np.ndarray, held: pd.DataFrame, distances: pd.DataFrame
) -> pd.DataFrame:
    """Return the groups within NEAR; those whose backbone is the base's are none."""
    from scipy.cluster.hierarchy import fcluster

    if not len(tree):
        return _nothing(NEAR_COPIES)
    groups = pd.Series(fcluster(tree, NEAR, "distance"), index=distances.index)
    groups = groups.reindex(found.models)
    trained = groups[found.squares > 0]
    rest = _signatures(held[held["is_head"] | ~held["is_parameter"]])
    apart, rows = found.relative_distances, []
    for members in trained.groupby(trained, sort=False).groups.values():
        if len(members) < 2:
            continue
        places = pd.Index(found.models).get_indexer(members)
        inside = apart[np.ix_(places, places)] + np.diag([np.inf] * len(places))
        group = 1 + (rows[-1][0] if rows else 0)
        for at, other in zip(places, places[inside.argmin(axis=1)], strict=True):
            one, two = found.models[at], found.models[other]
            same = rest.get(one) == rest.get(two)
            rows.append((group, one, two, *found.interval(at, other), same))
    return pd.DataFrame(rows, columns=list(NEAR_COPIES))


def _parents(
    found: Deltas, compared: pd.DataFrame, declared: Mapping[str, list[str]]
) -> pd.DataFrame:
    """Find for every child the nearest sibling that may have come before it."""
    if len(found.models) < 2:
        return _nothing(PARENTS)
    order = _came_before(found, compared, declared)
    squares = found.squares
    trained = squares > 0
    ratio = np.full(order.shape, np.inf)
    ratio[trained] = found.squared_distances[trained] / squares[trained, None]
    ratio[:, ~trained] = np.inf
    ratio[order == LATER] = np.inf
    rows = []
    for at, other in enumerate(ratio.argmin(axis=1).tolist()):
        if ratio[at, other] >= CLOSER**2:
            continue
        told = found.interval(at, other)
        if told[2] < CLOSER:
            word = ORDERS[order[at, other]]
            if word == ORDERS[NEARER] and not _is_nearer(found, at, other, told[0]):
                word = "unknown"
            rows.append((found.models[at], found.models[other], *told, word))
    return pd.DataFrame(rows, columns=list(PARENTS))


def _is_nearer(found: Deltas, at: int, other: int, ratio: float) -> bool:
    """Whether `other` is nearer to the base by more than the sketches' error."""
    gained = 1 - found.squares[other] / found.squares[at]
    return bool(gained > ERRORS * np.sqrt(2) * ratio * found.error(at))


def _came_before(
    found: Deltas, compared: pd.DataFrame, declared: Mapping[str, list[str]]
) -> np.ndarray:
    """Tell by what the column's model was there before the row's, (N, N): its card, the
    dates of both, or where one lacks, because it is nearer to the base; else LATER.
    """
    names = list(found.models)
    dates = compared["created_at"].reindex(names)
    moments = dates.to_numpy("datetime64[us]", na_value=np.datetime64("NaT"))
    lengths = found.squares + 1e-12 * np.arange(len(names))  # ties as they are listed
    order = np.where(lengths[None, :] < lengths[:, None], NEARER, LATER)
    known = ~np.isnat(moments)
    dated = known[:, None] & known[None, :] & (moments[:, None] != moments[None, :])
    order[dated & (moments[None, :] < moments[:, None])] = DATED
    order[dated & (moments[None, :] > moments[:, None])] = LATER
    place = {name: at for at, name in enumerate(names)}
    for child, at in place.items():
        for parent in declared.get(child, ()):
            if parent in place:
                order[at, place[parent]], order[place[parent], at] = DECLARED, LATER
    np.fill_diagonal(order, LATER)
    return order
