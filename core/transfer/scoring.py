"""From held-out predictions to scores with intervals, and who ties with the best.

Intervals are bootstrapped over groups of tasks with one domain and one set of labels,
since those share images; models and folds stay as they are.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from core.transfer.predictors.listing import PREDICTORS
from core.transfer.ranking_metrics import METRICS, ranking_metrics
from core.transfer.records import Records, label_names
from core.transfer.splits import PAPER
from core.transfer.static import STATIC

ALL_METRICS = ("rmse", *METRICS)
GROWS_BETTER = frozenset({"pearson", "kendall", "weighted_kendall"})
DRAWS = 1000
CELL_COLUMNS = ("repeat", "fold", "model", "task", "accuracy")
RANKS_NO_MODEL = frozenset(one.name for one in PREDICTORS if not one.knows_models)


def score_split(split: str, cells: pd.DataFrame, records: Records) -> pd.DataFrame:
    """Score every predictor column of held-out cells, and the static rankers.

    Returns a row a predictor and metric: value, low and high (95 %), `is_best`, and
    `is_tied` where its difference to the best may be nothing (95 %, paired). Under the
    paper's protocol the truth stands wherever it was not hidden, in all metrics but
    the RMSE. A predictor that cannot tell new models apart has no ranking of them.
    """
    grids = _Grids(cells, records, keeps_truth=split == PAPER)
    tables = {
        name: _by_task(grids, grids.of(name), name=name, split=split)
        for name in cells.columns.drop([*CELL_COLUMNS, "low", "high"], errors="ignore")
    }
    for name, (_, column) in STATIC.items():
        tables[name] = ranking_metrics(grids.ranked_by(column), grids.truth)
    draws = _draws(grids.clusters.max() + 1)
    metrics = [_compared(metric, tables, grids, draws) for metric in ALL_METRICS]
    return pd.concat(metrics, ignore_index=True).assign(split=split)


def coverage(cells: pd.DataFrame) -> float | None:
    """Return the share of held-out accuracies within the 90 % interval."""
    if not {"low", "high"} <= set(cells.columns):
        return None
    known = cells.dropna(subset=["low", "high"])
    inside = known["accuracy"].between(known["low"], known["high"])
    return float(inside.mean()) if len(known) else None


class _Grids:
    """Cells as (G, M) arrays, a row for each task of each repeat."""

    def __init__(
        self, cells: pd.DataFrame, records: Records, *, keeps_truth: bool
    ) -> None:
        self.cells, self.records, self.keeps_truth = cells, records, keeps_truth
        tasks = records.tasks.index.get_indexer(cells["task"])
        repeats = cells["repeat"].to_numpy()
        self.rows = repeats * len(records.tasks) + tasks
        self.models = records.models.index.get_indexer(cells["model"])
        self.repeats = int(repeats.max()) + 1
        self.clusters = np.tile(task_clusters(records.tasks), self.repeats)
        self.hidden = ~np.isnan(self._place(cells["accuracy"]))
        self.truth = self._complete(self._place(cells["accuracy"]))

    def of(self, name: str) -> np.ndarray:
        """Return the predictions of one predictor."""
        return self._complete(self._place(self.cells[name]))

    def ranked_by(self, column: str) -> np.ndarray:
        """Return one list of models for every task, where a cell was hidden."""
        score = self.records.models[column].to_numpy(float)
        used = self.hidden if not self.keeps_truth else ~np.isnan(self.truth)
        return np.where(used, score[None], np.nan)

    def _place(self, values: pd.Series) -> np.ndarray:
        shape = (self.repeats * len(self.records.tasks), len(self.records.models))
        grid = np.full(shape, np.nan)
        grid[self.rows, self.models] = values
        return grid

    def _complete(self, grid: np.ndarray) -> np.ndarray:
        if not self.keeps_truth:
            return grid
        known = np.tile(self.records.values.T, (self.repeats, 1))
        return np.where(self.hidden, grid, known)


def task_clusters(tasks: pd.DataFrame) -> np.ndarray:
    """Number the groups of tasks that share domain and labels (T,)."""
    keys = [
        (row.domain, frozenset(label_names(row.labels))) if label_names(row.labels)
        else row.Index
        for row in tasks.itertuples()
    ]  # fmt: skip
    places = {key: at for at, key in enumerate(dict.fromkeys(keys))}
    return np.array([places[key] for key in keys])


def _by_task(
    grids: _Grids, predicted: np.ndarray, *, name: str, split: str
) -> pd.DataFrame:
    """Return a row a task: squared error, cells, and metrics of the ranking if any."""
    error = np.where(grids.hidden, predicted - grids.truth, 0.0)
    errors = pd.DataFrame(
        {"square": (error**2).sum(axis=1), "count": grids.hidden.sum(axis=1)}
    )
    if split == "new-model" and name in RANKS_NO_MODEL:
        return errors
    return errors.join(ranking_metrics(predicted, grids.truth))


def _draws(clusters: int) -> np.ndarray:
    """Draw how often each cluster counts (DRAWS, C); the first draw is the truth."""
    random = np.random.default_rng(0)
    counts = random.multinomial(clusters, np.full(clusters, 1 / clusters), DRAWS)
    return np.vstack([np.ones(clusters), counts]).astype(float)


def _compared(
    metric: str, tables: Mapping[str, pd.DataFrame], grids: _Grids, draws: np.ndarray
) -> pd.DataFrame:
    """Return value, interval and tie of one metric, a row a predictor."""
    sums = {name: _sums(metric, table) for name, table in tables.items()}
    drawn = {
        name: _drawn(metric, *pair, grids.clusters, draws)
        for name, pair in sums.items()
        if pair is not None
    }
    values = {name: draw[0] for name, draw in drawn.items() if np.isfinite(draw[0])}
    sense = 1 if metric in GROWS_BETTER else -1
    best = max(values, key=lambda name: sense * values[name], default=None)
    rows = []
    for name in tables:
        low = high = np.nan
        is_tied = name == best
        if name in values:
            low, high = np.nanpercentile(drawn[name][1:], [2.5, 97.5])
            behind = sense * (drawn[best][1:] - drawn[name][1:])
            is_tied = is_tied or bool(np.nanpercentile(behind, 2.5) <= 0)
        rows.append((name, metric, values.get(name, np.nan), low, high, is_tied))
    columns = ["predictor", "metric", "value", "low", "high", "is_tied"]
    return pd.DataFrame(rows, columns=columns).assign(
        is_best=[name == best for name in tables]
    )


def _sums(metric: str, table: pd.DataFrame) -> tuple[np.ndarray, np.ndarray] | None:
    """Return what is added up and what it is divided by, task by task."""
    if metric == "rmse":
        if "square" not in table:
            return None
        return table["square"].to_numpy(), table["count"].to_numpy(float)
    if metric not in table:
        return None
    values = table[metric].to_numpy()
    return np.nan_to_num(values), (~np.isnan(values)).astype(float)


def _drawn(
    metric: str, sums: np.ndarray, counts: np.ndarray, clusters: np.ndarray,
    draws: np.ndarray,
) -> np.ndarray:  # fmt: skip
    """Return the metric for every draw of clusters."""
    total = draws @ np.bincount(clusters, sums, minlength=draws.shape[1])
    count = draws @ np.bincount(clusters, counts, minlength=draws.shape[1])
    mean = np.where(count > 0, total / np.maximum(count, 1e-12), np.nan)
    return np.sqrt(mean) if metric == "rmse" else mean
