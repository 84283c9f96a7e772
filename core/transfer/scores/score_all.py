"""All scores of one model on one labeled set, sharing one stream where they can."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import isinf, isnan

import numpy as np

from core.errors import UsageError
from core.transfer.scores import n_leep, parc
from core.transfer.scores.gbc import gbc_diagonal_from, gbc_spherical_from
from core.transfer.scores.h_score import h_score_from
from core.transfer.scores.knn import knn_of
from core.transfer.scores.leep import leep_of
from core.transfer.scores.linear_probe import linear_probe_of
from core.transfer.scores.logme import logme_from
from core.transfer.scores.nce import nce_of
from core.transfer.scores.regularized_h_score import regularized_h_score_from
from core.transfer.scores.samples import Samples, samples
from core.transfer.scores.sfda import sfda_of
from core.transfer.scores.statistics import Statistics
from core.transfer.scores.transrate import transrate_of

FROM_STATISTICS: dict[str, Callable[[Statistics], float]] = {
    "logme": logme_from,
    "h_score": h_score_from,
    "regularized_h_score": regularized_h_score_from,
    "gbc_diagonal": gbc_diagonal_from,
    "gbc_spherical": gbc_spherical_from,
}
FROM_SOURCE = {"leep": leep_of, "nce": nce_of}
FROM_SAMPLES: dict[str, Callable[[Samples], float]] = {
    "n_leep": n_leep.n_leep_of,
    "transrate": transrate_of,
    "parc": parc.parc_of,
    "sfda": sfda_of,
    "knn": knn_of,
    "linear_probe": linear_probe_of,
}
METRICS = (
    "logme",
    "h_score",
    "regularized_h_score",
    "leep",
    "nce",
    "n_leep",
    "gbc_diagonal",
    "gbc_spherical",
    "transrate",
    "parc",
    "sfda",
    "knn",
)
"""What is scored unless told otherwise; `linear_probe` trains, so it must be asked."""


@dataclass(frozen=True)
class Scores:
    """`values` by metric, None where there is none; `warnings` say what they hide.

    A larger score means better transfer, for every metric.
    """

    values: dict[str, float | None]
    warnings: tuple[str, ...]
    samples: int
    features: int
    classes: int


def score_all(
    features: Sequence,
    labels: object,
    source_probabilities: Sequence | None = None,
    metrics: Sequence[str] | None = None,
    *,
    device: str = "cpu",
    progress: Callable[[float, str], None] | None = None,
) -> Scores:
    """Score features (N, D) for labels (N,), and the source model's (N, Cs) if given.

    Raises UsageError for an unknown metric and for what cannot be scored.

    >>> found = score_all([[0.0], [0.1], [1.0], [1.1]], [0, 0, 1, 1], metrics=["knn"])
    >>> found.values, found.warnings
    ({'knn': 1.0}, ())
    """
    chosen = tuple(dict.fromkeys(METRICS if metrics is None else metrics))
    if unknown := set(chosen) - {*METRICS, "linear_probe"}:
        known = ", ".join((*METRICS, "linear_probe"))
        raise UsageError(f"Metric {sorted(unknown)[0]}", "is not known", f"try {known}")
    given = samples(features, labels, device=device)
    values = {}
    for done, name in enumerate(chosen):
        if progress:
            progress(done / len(chosen), name)
        values[name] = _score(name, given, source_probabilities)
    if progress:
        progress(1.0, f"{len(chosen)} scores")
    warnings = tuple(_caveats(given, values, source_probabilities is None))
    size = given.count, given.width, len(given.labels.classes)
    return Scores(values, warnings, *size)


def _score(name: str, given: Samples, source: Sequence | None) -> float | None:
    """Return one score, None where it is not defined."""
    if name in FROM_STATISTICS:
        score = FROM_STATISTICS[name](given.statistics)
    elif name in FROM_SAMPLES:
        score = FROM_SAMPLES[name](given)
    else:
        score = None if source is None else FROM_SOURCE[name](source, given.labels)
    return None if score is None or isnan(score) else score


def _caveats(given: Samples, values: dict, sourceless: bool) -> Iterator[str]:
    """Yield what these samples cannot tell, in sentences."""
    count, width, counts = given.count, given.width, given.labels.counts
    if count <= width + 1 and "h_score" in values:
        yield f"h_score says nothing: {count} samples in {width} dimensions."
    if count <= width and "sfda" in values:
        yield f"sfda saturates: {count} samples in {width} dimensions."
    if sourceless and {"leep", "nce"} & set(values):
        yield "leep and nce need source_probabilities, which are not there."
    if single := int((counts == 1).sum()):
        yield f"{single} of {len(counts)} classes have a single sample."
    if "statistics" in vars(given):
        constant = int(np.count_nonzero(~given.statistics.varies))
        if constant:
            yield f"{constant} of {width} features are constant."
    yield from _sampled(count, len(counts), values)
    for name, value in values.items():
        if value is not None and isinf(value):
            yield f"{name} is infinite: the features give the labels exactly."
        elif value is None and not (sourceless and name in FROM_SOURCE):
            yield f"{name} is not defined for these samples."


def _sampled(count: int, classes: int, values: dict) -> Iterator[str]:
    """Yield which scores look at a part of the samples, or at too few of them."""
    for name, most in (("n_leep", n_leep.MOST_SAMPLES), ("parc", parc.MOST_SAMPLES)):
        if name in values and count > most:
            yield f"{name} is taken on a sample of about {most:,} of {count:,}."
    components = n_leep.COMPONENTS_PER_CLASS * classes
    if "n_leep" in values and count < 5 * components:
        yield f"n_leep has {min(components, count)} clusters for {count} samples."
