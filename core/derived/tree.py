"""Who descends from whom: what cards declare, what weights say, and where the two
disagree. Reads no files.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from core.derived.declared import declared_parents
from core.derived.frames import SEPARATOR
from core.derived.siblings import Siblings

EDGES = ("id", "parent", "source", "relation", "kind", "weight", "explained")
PROBLEMS = ("id", "problem", "declared", "found", "because")

UNRELATED = {
    "reinitialized": "its weights are uncorrelated with the base's",
    "other-architecture": "fewer than half of its parameters fit the base's",
}


@dataclass(frozen=True)
class Tree:
    """The models made from `base`, each under its parents.

    `edges` has a row a model and parent: `source` is "declared" or, where the weights
    say otherwise, "weights". Of a merge every parent is a row, with the `weight` of its
    delta in the merge's and the share that all of them `explained`, where weights tell.
    `problems` are declarations that are missing or contradicted, with the reason.
    """

    base: str
    edges: pd.DataFrame
    problems: pd.DataFrame

    @property
    def hops(self) -> pd.Series:
        """How many edges every model is away from the base, by id.

        Edges from weights go before declared ones; who is in a circle is at 1.
        """
        edges = self.edges.sort_values("source", ascending=False, kind="stable")
        up = edges.drop_duplicates("id").set_index("id")["parent"].to_dict()
        return pd.Series(
            {model: _hops(model, up, self.base) for model in up}, name="hop", dtype=int
        )


def family_tree(found: Siblings, models: pd.DataFrame) -> Tree:
    """Draw up the tree of a family from its cards and from what its siblings show.

    `models` is `Family.models`. A model that names no parent is drawn under the base,
    under which it is listed.
    """
    declared = declared_parents(found.base, models["id"], models["parents"])
    problems = pd.DataFrame(
        list(_problems(found, models, declared)), columns=list(PROBLEMS)
    )
    moved = problems[problems["problem"] == "another parent"].set_index("id")["found"]
    rows = []
    for row in models.itertuples(index=False):
        parents = declared[row.id] or [found.base]
        kind = row.kind if isinstance(row.kind, str) else row.status
        relation = _relation(row.relation, parents)
        weights, explained = _mixed(found, row.id, parents)
        for parent, weight in zip(parents, weights, strict=True):
            told = (relation, kind, weight, explained)
            rows.append((row.id, parent, "declared", *told))
        if row.id in moved.index:
            told = (relation, kind, np.nan, np.nan)
            rows.append((row.id, moved[row.id], "weights", *told))
    return Tree(found.base, pd.DataFrame(rows, columns=list(EDGES)), problems)


def branches(tree: Tree) -> pd.DataFrame:
    """Count the edges of a tree by parent, source, relation and kind, most first.

    A model with children of its own is a branch of one, named in `id`; the others are
    counted together. Where weights name another parent, the declared ones do not count.
    """
    moved = set(tree.edges.loc[tree.edges["source"] == "weights", "id"])
    overruled = (tree.edges["source"] == "declared") & tree.edges["id"].isin(moved)
    edges = tree.edges[~overruled]
    own = edges["id"].where(edges["id"].isin(set(edges["parent"])), "")
    by = ["parent", "id", "source", "relation", "kind"]
    counted = edges.assign(id=own).groupby(by, sort=False).size()
    rows = counted.rename("models").reset_index()
    return rows.sort_values("models", ascending=False, kind="stable", ignore_index=True)


def _relation(relation: object, parents: list[str]) -> str:
    if isinstance(relation, str) and relation:
        return relation
    return "merge" if len(parents) > 1 else "finetune"


def _mixed(
    found: Siblings, child: str, parents: list[str]
) -> tuple[list[float], float]:
    """Return the weight of each parent in a merge; missing where weights do not tell.

    The base's own is what the others leave of 1.
    """
    models = found.deltas.models
    others = [parent for parent in parents if parent != found.base]
    nothing = [np.nan] * len(parents), np.nan
    if len(parents) < 2 or not {child, *others} <= set(models):
        return nothing
    places = [models.index(parent) for parent in others]
    at = models.index(child)
    if not found.deltas.squares[at] or not found.deltas.squares[places].all():
        return nothing
    weights, explained = found.deltas.mixture(at, places)
    told = dict(zip(others, weights.tolist(), strict=True))
    rest = 1 - sum(told.values())
    return [told.get(parent, rest) for parent in parents], explained


def _problems(
    found: Siblings, models: pd.DataFrame, declared: Mapping[str, list[str]]
) -> Iterator[tuple[str, str, str, str, str]]:
    parents = found.parents.set_index("id")
    copies = found.copies.set_index("id")
    family = {found.base, *models["id"]}
    for row in models.itertuples(index=False):
        told = declared[row.id]
        words = SEPARATOR.join(told)
        if not told:
            yield row.id, "no parent declared", "", found.base, "its card names no base"
        elif not family & set(told):
            because = "its card names others than the base and its children"
            yield row.id, "another base declared", words, found.base, because
        if row.kind in UNRELATED:
            yield row.id, "not from this base", words, "", UNRELATED[row.kind]
        elif row.id in copies.index and copies["original"][row.id] not in told:
            original = copies["original"][row.id]
            yield row.id, "another parent", words, original, _same(copies.loc[row.id])
        elif row.id in parents.index and parents["parent"][row.id] not in told:
            near = parents.loc[row.id]
            is_open = near["order_by"] == "unknown"
            problem = "parent or child of another" if is_open else "another parent"
            yield row.id, problem, words, near["parent"], _nearer(near)
        else:
            yield from _contradicted(found, row.id, told)


def _same(copy: pd.Series) -> str:
    if copy["proof"] == "probe":
        share = f"{100 * copy['missed']:.1f} %"
        return f"all that was sampled is the same; {share} of a tensor may differ"
    return f"every tensor is the same, by {copy['proof']}"


def _nearer(row: pd.Series) -> str:
    near = f"{row['ratio']:.2f} ({row['low']:.2f} to {row['high']:.2f})"
    order = {
        "dates": "which was there before",
        "unknown": "though which of the two came first is not known",
    }.get(row["order_by"], "which is nearer to the base")
    return f"it is at {near} of its distance to the base from it, {order}"


def _contradicted(
    found: Siblings, child: str, told: list[str]
) -> Iterator[tuple[str, str, str, str, str]]:
    """A single declared parent in the family to which the base itself is nearer."""
    models = found.deltas.models
    if len(told) != 1 or told[0] == found.base or not {child, told[0]} <= set(models):
        return
    at, other = models.index(child), models.index(told[0])
    ratio, low, high = found.deltas.interval(at, other)
    if low > 1:
        because = f"it is {ratio:.2f} ({low:.2f} to {high:.2f}) times as far from it"
        yield child, "parent contradicted", told[0], found.base, because


def _hops(model: str, up: Mapping[str, str], base: str) -> int:
    seen = {model}
    hops = 1
    while (parent := up.get(model)) is not None and parent != base:
        if parent in seen:
            return 1
        seen.add(parent)
        model, hops = parent, hops + 1
    return hops
