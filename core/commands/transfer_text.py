"""What `transfer` answers with: evaluations and recommendations as JSON and text."""

import pandas as pd

from core.commands.answer import table
from core.numerals import percent
from core.transfer.recommend import Recommendation
from core.transfer.scoring import ALL_METRICS


def score_document(rows: pd.DataFrame) -> dict[str, dict]:
    """Return {predictor: {metric: value, ..., intervals, ties}} of one split."""
    return {
        name: {
            **dict(zip(one["metric"], one["value"], strict=True)),
            "intervals": {
                row.metric: [row.low, row.high] for row in one.itertuples()
            },
            "ties": list(one.loc[one["is_tied"], "metric"]),
        }
        for name, one in rows.groupby("predictor", sort=False)
    }  # fmt: skip


def evaluation_text(document: dict) -> str:
    """Write an evaluation as tables, what ties with the best marked."""
    parts = []
    for name, scores in document["splits"].items():
        fold = document["folds"][name]
        head = f"{name}: {fold['question']} {fold['folds']} folds ({fold['drawn']})"
        rows = [
            [predictor, *(_marked(one, metric) for metric in ALL_METRICS)]
            for predictor, one in scores.items()
        ]
        parts.append(f"{head}\n{table(['predictor', *ALL_METRICS], rows)}")
        if fold["coverage"] is not None:
            share = f"{percent(fold['coverage'], 0)} of the accuracies"
            parts[-1] += f"\n90 % intervals of the Gaussian process hold {share}."
    parts += [f"{name} is left out: it {why}." for name, why in
              document["left_out"].items()]  # fmt: skip
    parts.append("* the best, or not to be told from it (95 %, paired bootstrap)")
    return "\n\n".join([*document["mended"], *parts])


def recommendation_text(found: Recommendation) -> str:
    """Write a recommendation: the answer, the ranking, and what stands behind it."""
    columns = ["accuracy", "low", "high", "p_best", "is_tied", "records"]
    columns += [name for name in found.models if name.startswith("rank by ")]
    columns += [name for name in ("combination",) if name in found.models]
    models = found.models[columns].assign(
        is_tied=found.models["is_tied"] & (found.models["is_tied"].sum() > 1)
    )
    rows = [[row.Index, *map(shown, row[1:])] for row in models.itertuples()]
    over = found.excluded["reason"].items()
    return "\n".join(
        [
            found.sentence,
            "",
            table(["model", *columns], rows),
            "",
            *([found.reliability.sentence] if found.reliability else []),
            *found.changes,
            *found.notes,
            *(f"{name}: over the budget, {reason}" for name, reason in over),
        ]
    )


def _marked(scores: dict, metric: str) -> str:
    value = scores.get(metric)
    if value is None or pd.isna(value):
        return "-"
    return f"{value:.4f}{'*' if metric in scores['ties'] else ' '}"


def shown(value: object) -> str:
    """Write a number shortly, a fact as tie or nothing.

    >>> shown(0.25), shown(3.0), shown(True)
    ('0.25', '3', 'tie')
    """
    if isinstance(value, bool):
        return "tie" if value else ""
    return f"{value:.3f}".rstrip("0").rstrip(".")
