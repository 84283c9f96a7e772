"""Scores of transferability combined with what models did before.

On each dataset scores are only comparable among its models, so that everything is
standardized dataset by dataset; the weights come from other datasets.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from core.errors import UsageError
from core.tables.csv_table import read_csv
from core.transfer.ranking_metrics import METRICS, ranking_metrics

HISTORY = "history"
COMBINATION = "combination"
KEYS = ("task", "model", "accuracy")
PENALTY = 1.0
ALIASES = {"task": ("dataset",), "accuracy": ("acc",)}


@dataclass(frozen=True, eq=False)
class Combination:
    """Weights of the standardized scores, history last."""

    names: tuple[str, ...]
    weights: np.ndarray

    def rank(self, scored: pd.DataFrame, history: pd.Series) -> pd.Series:
        """Score the models of one dataset: `scored` and `history` are by model."""
        columns = [_standard(scored[name].to_numpy(float)) for name in self.names[:-1]]
        columns.append(_standard(history.reindex(scored.index).to_numpy(float)))
        return pd.Series(np.column_stack(columns) @ self.weights, index=scored.index)


def read_scored(content: bytes, name: str, scores: Sequence[str]) -> pd.DataFrame:
    """Read a row a task and model: accuracy and scores, by column name.

    Accuracies in percent are divided by 100. Raises SourceChanged, naming the file.
    """
    table = read_csv(
        content, name, text=["task", "model"], numbers=["accuracy", *scores],
        aliases=ALIASES,
    )  # fmt: skip
    if table.duplicated(["task", "model"]).any():
        raise UsageError(name, "has a model twice on one task")
    if (table["accuracy"] > 1).any():
        table["accuracy"] /= 100
    return table


def fit_combination(known: pd.DataFrame, scores: Sequence[str]) -> Combination:
    """Learn the weights by ridge regression (penalty 1) on datasets with accuracies.

    Each dataset's history is the mean of the others alone, as it will be for a new
    one. Raises UsageError for fewer than three datasets.
    """
    from sklearn.linear_model import Ridge

    tasks = sorted(known["task"].unique())
    if len(tasks) < 3:
        remedy = "give scores and accuracies of at least three datasets"
        raise UsageError("A combination", "cannot be learned", remedy)
    columns, targets = [], []
    for task in tasks:
        rows = known[known["task"] == task].set_index("model")
        past = history(known[known["task"] != task]).reindex(rows.index)
        standard = [_standard(rows[name].to_numpy(float)) for name in scores]
        columns.append(np.column_stack([*standard, _standard(past.to_numpy(float))]))
        targets.append(_standard(rows["accuracy"].to_numpy(float)))
    fitted = Ridge(PENALTY, fit_intercept=False)
    fitted.fit(np.vstack(columns), np.concatenate(targets))
    return Combination((*scores, HISTORY), fitted.coef_)


def history(known: pd.DataFrame) -> pd.Series:
    """Return each model's mean of standardized accuracies over its datasets.

    >>> history(pd.DataFrame({"task": ["t", "t"], "model": ["a", "b"],
    ...                       "accuracy": [0.5, 0.7]})).to_dict()
    {'a': -1.0, 'b': 1.0}
    """
    standard = known.groupby("task")["accuracy"].transform(
        lambda values: _standard(values.to_numpy(float))
    )
    return standard.groupby(known["model"].to_numpy()).mean()


def leave_one_dataset_out(scored: pd.DataFrame, scores: Sequence[str]) -> pd.DataFrame:
    """Rank each dataset's models by every score, by history and by the combination.

    History and weights come from the other datasets. Returns a row a dataset and
    ranker with METRICS.
    """
    tables = []
    for task in sorted(scored["task"].unique()):
        rows = scored[scored["task"] == task].set_index("model")
        known = scored[scored["task"] != task]
        past = history(known).reindex(rows.index)
        rankers = {name: rows[name] for name in scores}
        rankers |= {HISTORY: past}
        rankers[COMBINATION] = fit_combination(known, scores).rank(rows, past)
        truth = np.repeat(rows["accuracy"].to_numpy()[None], len(rankers), axis=0)
        predicted = np.stack([ranker.to_numpy(float) for ranker in rankers.values()])
        found = ranking_metrics(predicted, truth)
        tables.append(found.assign(task=task, ranker=list(rankers)))
    columns = ["task", "ranker", *METRICS]
    return pd.concat(tables, ignore_index=True)[columns]


def _standard(values: np.ndarray) -> np.ndarray:
    """Center and scale; what is unknown is average, what never differs says nothing."""
    known = values[np.isfinite(values)]
    if known.size < 2 or known.std() < 1e-12:
        return np.zeros(len(values))
    standard = (values - known.mean()) / known.std()
    return np.where(np.isfinite(values), standard, 0.0)
