"""Tell whether a whole model is its base plus low-rank deltas, from the matrices of it
that differ. What one matrix says is `low_rank`'s.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import isqrt

import numpy as np

from core.weights.low_rank import LADDER, Answer, RankVerdict, pair_rank
from core.weights.matrix_pair import MatrixPair


@dataclass(frozen=True, slots=True)
class ScanVerdict:
    """Whether a model differs from its base by low-rank deltas.

    `rank` is the commonest among the low-rank deltas; `tested` holds the verdict of
    every matrix that was looked at, by name.
    """

    verdict: Answer
    rank: int | None
    tested: dict[str, RankVerdict]
    reason: str


def screen(
    pairs: Sequence[MatrixPair], *, probes: int = 6, seed: int = 0
) -> dict[str, RankVerdict]:
    """Look at a few changed matrices spread over the model, in small blocks.

    When none of them is plainly low-rank, the one of the lowest rank is looked at in
    larger blocks.
    """
    tested: dict[str, RankVerdict] = {}
    changed: list[MatrixPair] = []
    for pair in _spread(pairs):
        tested[pair.name] = pair_rank(pair, seed=seed, sizes=LADDER[:2])
        if tested[pair.name].rank != 0:
            changed.append(pair)
        if len(changed) == probes:
            break
    if changed and not {"yes", "no"} & _answers(tested.values()).keys():
        likeliest = min(changed, key=lambda pair: tested[pair.name].rank or np.inf)
        tested[likeliest.name] = pair_rank(likeliest, seed=seed)
    return tested


def scan(pairs: Sequence[MatrixPair], *, probes: int = 6, seed: int = 0) -> ScanVerdict:
    """Tell whether a model is its base plus low-rank deltas.

    Every matrix is looked at only when `screen` finds a low-rank delta. "no": a
    changed matrix is plainly not low-rank; "yes": none is, and more are low-rank than
    undecided. Matrices that do not differ decide nothing; leave out heads, and those
    that are equal after a cast.
    """
    tested = screen(pairs, probes=probes, seed=seed)
    hits = [verdict for verdict in tested.values() if verdict.verdict == "yes"]
    if hits:
        enough = max(96, min(isqrt(hit.sampled // 2) for hit in hits))
        sizes = enough // 2, *(size for size in LADDER if size >= enough)
        tested = {pair.name: pair_rank(pair, seed=seed, sizes=sizes) for pair in pairs}
    return _summary(tested)


def _answers(verdicts: Iterable[RankVerdict]) -> Counter[Answer]:
    """Count the answers about matrices that differ."""
    return Counter(verdict.verdict for verdict in verdicts if verdict.rank != 0)


def _summary(tested: dict[str, RankVerdict]) -> ScanVerdict:
    """Put the verdicts of single matrices together."""
    answers = _answers(tested.values())
    ranks = Counter(seen.rank for seen in tested.values() if seen.verdict == "yes")
    reason = (
        f"{answers['yes']} low-rank, {answers['no']} not, "
        f"{answers['undecided']} undecided of {len(tested)} matrices tested"
    )
    if answers["no"] or not answers:
        return ScanVerdict("no", None, tested, reason)
    if answers["yes"] > answers["undecided"]:
        return ScanVerdict("yes", ranks.most_common(1)[0][0], tested, reason)
    return ScanVerdict("undecided", None, tested, reason)


def _spread(pairs: Sequence[MatrixPair]) -> list[MatrixPair]:
    """Order matrices so that any first few lie all over the model.

    Steps of the golden ratio never fall in with the repeating layers of a block.
    """
    places = np.arange(len(pairs)) * 0.6180339887498949 % 1
    return [pairs[place] for place in places.argsort().argsort()]
