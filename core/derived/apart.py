"""How far the backbones of a family's children are from the base and from each other,
estimated from the sketches that their comparisons kept. Reads no files.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from core.derived.verdict import SKETCH

FEWEST_COVERED = 0.99
"""The share of a backbone's elements of which the difference is known, at least."""

ERRORS = 2
"""Standard errors that an interval reaches to either side."""


@dataclass(frozen=True)
class Deltas:
    """What training changed in each backbone, in sketches `drawn` (models, tensors, K).

    The backbone are the parameters that the base has, heads aside. A squared length is
    an unbiased estimate; its error assumes that the sampled elements stand for their
    tensor (Alon, Matias and Szegedy, 1996, for the sketch).
    """

    models: tuple[str, ...]
    drawn: np.ndarray

    @cached_property
    def squares(self) -> np.ndarray:
        """The squared length of every delta, (N,)."""
        return np.square(self._flat).sum(axis=1)

    @cached_property
    def squared_distances(self) -> np.ndarray:
        """The squared distance between any two, (N, N); its diagonal is 0."""
        products = self._flat @ self._flat.T
        lengths = np.diag(products)
        found = np.maximum(lengths[:, None] + lengths[None, :] - 2 * products, 0)
        # two large numbers leave what float64 rounds when they cancel
        found[found < 1e-12 * np.maximum(lengths[:, None], lengths[None, :])] = 0
        np.fill_diagonal(found, 0)
        return found

    @property
    def relative_distances(self) -> np.ndarray:
        """Distances over the larger of both lengths, (N, N): 0 the same, about 1 and
        more unrelated training. Two that equal the base are the same.
        """
        longest = np.maximum(self.squares[:, None], self.squares[None, :])
        ratio = np.zeros_like(longest)
        np.divide(self.squared_distances, longest, out=ratio, where=longest > 0)
        return np.sqrt(ratio)

    def error(self, one: int, other: int | None = None) -> float:
        """Return the relative standard error of a squared length, or distance."""
        delta = self.drawn[one] - (0 if other is None else self.drawn[other])
        parts = np.square(delta.astype(float)).sum(axis=1)
        total = parts.sum()
        return (
            float(np.sqrt(2 / SKETCH * np.square(parts).sum()) / total)
            if total
            else 0.0
        )

    def interval(self, one: int, other: int) -> tuple[float, float, float]:
        """Return the distance of `one` to `other` over its distance to the base, with
        the ends of its interval.
        """
        if not self.squares[one]:
            return (np.nan, np.nan, np.nan)
        ratio = float(np.sqrt(self.squared_distances[one, other] / self.squares[one]))
        spread = np.hypot(self.error(one, other), self.error(one)) / 2
        factor = float(np.exp(ERRORS * spread))
        return ratio, ratio / factor, ratio * factor

    def mixture(self, one: int, others: Sequence[int]) -> tuple[np.ndarray, float]:
        """Return the weights with which other deltas add up to nearest this one, and
        the share of its squared length that they explain (least squares).
        """
        theirs, own = self._flat[list(others)], self._flat[one]
        weights, *_ = np.linalg.lstsq(theirs.T, own, rcond=None)
        rest = np.square(own - weights @ theirs).sum()
        return weights, float(1 - rest / self.squares[one]) if self.squares[
            one
        ] else 0.0

    @cached_property
    def _flat(self) -> np.ndarray:
        width = int(np.prod(self.drawn.shape[1:]))
        return self.drawn.reshape(len(self.models), width).astype(np.float64)


def deltas(held: pd.DataFrame, models: Sequence[str]) -> tuple[Deltas, list[str]]:
    """Return the deltas of those `models` whose backbones are known, and the others.

    `held` is from `core.derived.contents.held_tensors`.
    """
    body = held[held["is_parameter"] & ~held["is_head"]]
    body = body[body["verdict"].isin(["equal", "changed", "unknown"])]
    body = body[body["model"].isin(list(models))]
    known = (body["verdict"] == "equal") | body["sketch"].notna()
    weight = body["elements"].where(known, 0).groupby(body["model"], observed=True)
    total = body.groupby("model", observed=True)["elements"].sum()
    covered = (weight.sum() / total).reindex(list(models)).fillna(0)
    chosen = [model for model in models if covered[model] >= FEWEST_COVERED]
    drawn = body[body["sketch"].notna() & body["model"].isin(chosen)]
    keys = pd.Index(drawn["key"].unique())
    places = pd.Index(chosen).get_indexer(drawn["model"].astype(object))
    grid = np.zeros((len(chosen), len(keys), SKETCH), np.float32)
    grid[places, keys.get_indexer(drawn["key"])] = np.frombuffer(
        b"".join(drawn["sketch"]), np.float32
    ).reshape(-1, SKETCH)
    return Deltas(tuple(chosen), grid), [m for m in models if m not in set(chosen)]
