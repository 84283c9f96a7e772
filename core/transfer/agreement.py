"""Scores, predictors and static lists side by side: how well each ranks models on tasks
whose really trained accuracy is known.
"""

from dataclasses import dataclass

import pandas as pd

from core.transfer.predictors.listing import PREDICTORS
from core.transfer.records import Records
from core.transfer.scoring import score_split
from core.transfer.static import HISTORY, STATIC

TITLES = {
    "logme": "LogME",
    "h_score": "H-score",
    "regularized_h_score": "Regularized H-score",
    "leep": "LEEP",
    "nce": "NCE",
    "transrate": "TransRate",
    "sfda": "SFDA",
    "knn": "k-NN, leave-one-out",
}
SOURCE = "imagenet-accuracy"
PAST = "model-mean"
"""The static list of what each model reached on other tasks, as a predictor."""


@dataclass(frozen=True, eq=False)
class Agreement:
    """`rankers` has a row each: title, kind (score, predictor, static), and for every
    metric value, low and high (95 %, over groups of tasks), is_tied with the best.
    `cells` has a row a held-out cell: model, task, accuracy, and a column a ranker.
    """

    rankers: pd.DataFrame
    cells: pd.DataFrame
    sentence: str


def agreement(
    records: Records,
    cells: pd.DataFrame,
    scores: pd.DataFrame,
    *,
    source: str = "ImageNet accuracy",
) -> Agreement:
    """Hold everything that ranks against the truth of the held-out cells.

    `cells` are those of one split of an evaluation; `scores` has rows (model, task,
    metric, value), taken from the training images of each task alone. `source` says
    what stands in `imagenet_accuracy`.
    """
    columns = scores.pivot(index=["model", "task"], columns="metric", values="value")
    order = [name for name in TITLES if name in columns]
    joined = cells.merge(columns[order].reset_index(), on=["model", "task"], how="left")
    for name, (_, column) in STATIC.items():
        joined[name] = joined["model"].map(records.models[column])
    told = score_split("", joined.drop(columns=list(STATIC)), records)
    table = told[told["metric"] != "rmse"].drop(columns=["split"])
    table = table.assign(
        title=table["predictor"].map(titles() | {SOURCE: source}),
        kind=table["predictor"].map(kind_of),
    )
    return Agreement(table.reset_index(drop=True), joined, verdict(table))


def points(found: Agreement, ranker: str, task: str | None = None) -> pd.DataFrame:
    """Return predicted and true values (model, task, predicted, accuracy) of a ranker.

    Of one task as they are; of all tasks as distances to each task's own mean, the
    predicted ones in each task's standard deviations unless they are accuracies: the
    scale of a score changes from task to task.
    """
    rows = found.cells[["model", "task", ranker, "accuracy"]]
    rows = rows.rename(columns={ranker: "predicted"}).dropna()
    if task is not None:
        return rows[rows["task"] == task].reset_index(drop=True)
    groups = rows.groupby("task")
    centered = rows["predicted"] - groups["predicted"].transform("mean")
    if not predicts_accuracy(ranker):
        spread = groups["predicted"].transform("std")
        centered = centered / spread.where(spread > 0)
    true = rows["accuracy"] - groups["accuracy"].transform("mean")
    return rows.assign(predicted=centered.fillna(0.0), accuracy=true)


def ranker_rows(rankers: pd.DataFrame, metric: str) -> pd.DataFrame:
    """Return the rankers of one metric, the best first; regret is better small.

    >>> told = {"metric": "kendall", "kind": "score", "low": 0, "high": 1,
    ...         "is_tied": False}
    >>> table = pd.DataFrame([{"title": "A", "value": 0.1, **told},
    ...                       {"title": "B", "value": 0.2, **told}])
    >>> ranker_rows(table, "kendall")["name"].tolist()
    ['B', 'A']
    """
    rows = rankers[(rankers["metric"] == metric) & rankers["value"].notna()]
    rows = rows.sort_values("value", ascending=metric.endswith("regret"))
    names = ["title", "kind", "value", "low", "high", "is_tied"]
    return rows[names].rename(columns={"title": "name"}).reset_index(drop=True)


def predicts_accuracy(ranker: str) -> bool:
    """Whether what a ranker says is an accuracy, not only an order.

    >>> predicts_accuracy("linear"), predicts_accuracy("logme")
    (True, False)
    """
    return ranker in {one.name for one in PREDICTORS}


def verdict(rankers: pd.DataFrame) -> str:
    """Say whether anything here beats a static list, by Kendall's tau."""
    by_tau = rankers[rankers["metric"] == "kendall"].set_index("predictor")
    is_static = by_tau["kind"] == "static"
    best = by_tau["value"].idxmax()
    past = by_tau.loc[is_static, "value"].idxmax()
    ours, theirs = by_tau.loc[best], by_tau.loc[past]
    told = (
        f"Kendall {theirs['value']:.2f} ({theirs['low']:.2f} to {theirs['high']:.2f})"
    )
    if best == past or is_static[best]:
        return f"A static ranking is best: {theirs['title']}, {told}."
    told = f"{theirs['title']}, with {told}"
    lead = f"{ours['title']} ranks best with Kendall {ours['value']:.2f} "
    lead += f"({ours['low']:.2f} to {ours['high']:.2f})"
    if theirs["is_tied"]:
        return f"{lead}, but a static ranking is as good: {told}. They tie."
    return f"{lead}; the best static ranking is {told}."


def titles() -> dict[str, str]:
    """Return what every ranker is called, by its name."""
    predictors = {one.name: one.title for one in PREDICTORS}
    static = {name: title for name, (title, _) in STATIC.items()}
    return TITLES | predictors | static | {PAST: "Mean of past accuracies"}


def kind_of(name: str) -> str:
    """Return what a ranker is: a score, a predictor, or a static list.

    >>> kind_of("logme"), kind_of("linear"), kind_of("size")
    ('score', 'predictor', 'static')
    """
    if name in (*STATIC, HISTORY, PAST):
        return "static"
    return "score" if name in TITLES else "predictor"
