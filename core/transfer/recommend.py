"""Which model for my dataset: a ranking with its uncertainty, beside the static lists.

The Gaussian process predicts all candidates jointly, so that what they share (the
dataset's own difficulty) does not count as doubt about their order.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from core.errors import UsageError
from core.transfer.changes import (
    FEWER,
    MORE,
    YOURS,
    TaskDescription,
    changes,
    headline,
    wanted_cells,
)
from core.transfer.combine import Combination, history
from core.transfer.embed import Encoder, embed
from core.transfer.predictors.gaussian_process import WITHIN_90, Posterior, posterior
from core.transfer.predictors.prediction import sigmoid
from core.transfer.records import Records
from core.transfer.reliability import Reliability, reliability
from core.transfer.static import static_scores

DRAWS = 4000


@dataclass(frozen=True)
class Budget:
    """The most that a model may cost; None is no limit."""

    params: float | None = None
    gmacs: float | None = None


@dataclass(frozen=True, eq=False)
class Recommendation:
    """The answer: `models` by rank, with `sentence`, what would change it, and why.

    `models` has a row an affordable model: accuracy, low and high (90 %), p_best,
    behind, behind_low and behind_high (accuracy lost against the first, 90 %), is_tied
    with the first, records, nearest task and accuracy there, params, gmacs, the ranks
    by each static list, and the scores given. `excluded` are models over the budget
    with the reason. `reliability` says how well such rankings did on known tasks.
    """

    models: pd.DataFrame
    excluded: pd.DataFrame
    sentence: str
    changes: tuple[str, ...]
    reliability: Reliability | None
    notes: tuple[str, ...] = field(default=())


def recommend(
    records: Records,
    task: TaskDescription,
    *,
    budget: Budget | None = None,
    scores: pd.DataFrame | None = None,
    combination: Combination | None = None,
    known: pd.DataFrame | None = None,
    encoder: Encoder | None = None,
    is_checked: bool = True,
    kept: Path | None = None,
    progress: Callable[[float, str], None] | None = None,
) -> Recommendation:
    """Rank the models of the records for a dataset, within a budget.

    `scores` (a row a model) are shown beside; with a `combination` learned from
    `known` datasets they add the column `combination`. `is_checked` measures how
    reliable such a ranking was on the known tasks (seconds; kept in `kept`). Raises
    UsageError when the budget excludes every model.
    """
    affordable, excluded = within_budget(records.models, budget or Budget())
    variants = [task.row(YOURS), task.row(MORE, 4.0), task.row(FEWER, 0.25)]
    extended = records.with_tasks(pd.concat(variants))
    found = posterior(extended, embed(extended, encoder))
    models = _ranking(found, records, affordable)
    models = models.join(_evidence(found, records, models.index))
    models = models.join(_static_ranks(records, models.index))
    notes = list(records.mended)
    if scores is not None:
        models, told = _with_scores(models, scores, combination, known)
        notes += told
    check = (
        reliability(records, task.domain, task.classes, task.labels,
                    encoder=encoder, kept=kept, progress=progress)
        if is_checked else None
    )  # fmt: skip
    return Recommendation(
        models, excluded, headline(models),
        tuple(changes(found, records, models, excluded, task)), check, tuple(notes),
    )  # fmt: skip


def within_budget(
    models: pd.DataFrame, budget: Budget
) -> tuple[pd.Index, pd.DataFrame]:
    """Return the models that fit, and the others with the reason.

    What is not known to fit does not. Raises UsageError when nothing fits.
    """
    reasons = pd.Series("", index=models.index, dtype="str")
    for name, limit, unit, form in (
        ("gmacs", budget.gmacs, "GMACs", ",.2f"),
        ("params", budget.params, "parameters", ",.0f"),
    ):
        if limit is not None:
            over = models[name].map(lambda value, u=unit, f=form: f"{value:{f}} {u}")
            over = over.where(models[name].notna(), f"unknown {unit}")
            reasons = reasons.where(models[name] <= limit, over)
    if (reasons != "").all():
        raise UsageError("The budget", "excludes every model", "raise it")
    excluded = reasons[reasons != ""].rename("reason").to_frame()
    return reasons.index[reasons == ""], excluded


def _ranking(found: Posterior, records: Records, names: pd.Index) -> pd.DataFrame:
    """Predict the candidates jointly and compare each with the first."""
    cells = wanted_cells(records, names, 0)
    expected = found.expected(cells)
    order = np.argsort(-expected, kind="stable")
    expected, names = expected[order], names[order]
    spread = found.covariance(cells[order])
    random = np.random.default_rng(0)
    root = np.linalg.cholesky(spread + 1e-8 * np.eye(len(names)))
    drawn = sigmoid(expected + random.standard_normal((DRAWS, len(names))) @ root.T)
    behind = drawn[:, :1] - drawn
    low, high = np.percentile(behind, [5, 95], axis=0)
    reach = WITHIN_90 * np.sqrt(np.diag(spread))
    accuracy = sigmoid(expected)
    return pd.DataFrame(
        {
            "accuracy": accuracy,
            "low": sigmoid(expected - reach),
            "high": sigmoid(expected + reach),
            "p_best": np.bincount(drawn.argmax(1), minlength=len(names)) / DRAWS,
            "behind": accuracy[0] - accuracy,
            "behind_low": low,
            "behind_high": high,
            "is_tied": low <= 0,
        },
        index=names,
    )


def _evidence(found: Posterior, records: Records, names: pd.Index) -> pd.DataFrame:
    """Return what speaks for each model: its records, and its most alike task."""
    like = found.like.tasks[len(records.tasks), : len(records.tasks)] * np.exp(
        -found.like.distance[len(records.tasks), : len(records.tasks)]
        / (2 * found.amplitudes.length**2)
    )
    rows = []
    for name in names:
        measured = records.accuracy.loc[name].to_numpy(float)
        known = ~np.isnan(measured)
        nearest = int(np.argmax(np.where(known, like, -1.0)))
        rows.append(
            {
                "records": int(known.sum()),
                "nearest": records.tasks.index[nearest] if known.any() else None,
                "nearest_accuracy": measured[nearest] if known.any() else np.nan,
            }
        )
    return pd.DataFrame(rows, index=names).join(records.models[["params", "gmacs"]])


def _static_ranks(records: Records, names: pd.Index) -> pd.DataFrame:
    """Rank the same candidates by the lists that ask nothing of the dataset."""
    scores = static_scores(records).loc[names]
    return scores.rank(ascending=False, method="min").add_prefix("rank by ")


def _with_scores(
    models: pd.DataFrame, scores: pd.DataFrame, combination: Combination | None,
    known: pd.DataFrame | None,
) -> tuple[pd.DataFrame, list[str]]:  # fmt: skip
    joined = models.join(scores.drop(columns=models.columns, errors="ignore"))
    if combination is None or known is None:
        return joined, [
            "The scores stand beside the ranking and do not change it: no datasets "
            "with both scores and accuracies were given to learn from."
        ]
    given = scores.reindex(columns=list(combination.names[:-1])).reindex(models.index)
    ranked = combination.rank(given, history(known))
    first = ranked.index[int(np.argmax(ranked.to_numpy()))]
    told = f"The combination of scores and history puts {first} first"
    if first == models.index[0]:
        return joined.assign(combination=ranked), [f"{told}, too."]
    return joined.assign(combination=ranked), [f"{told}, the records do not."]
