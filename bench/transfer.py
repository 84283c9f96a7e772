"""What predictors reach on the published records, split by split, and how soon.

    python -m bench.transfer [--json]

The records lie beside the project; without them nothing is measured. Every bound is on
held-out cells but the last Pearson, which is the published study's own protocol.
"""

import argparse
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from bench.report import Line, finish
from core.commands.answer import progress_line
from core.settings import PROJECT_ROOT
from core.transfer.combine import HISTORY, leave_one_dataset_out, read_scored
from core.transfer.evaluate import Evaluation, evaluate
from core.transfer.predictors.listing import PREDICTORS
from core.transfer.records import read_records

PUBLISHED = PROJECT_ROOT / "../shared/data/transfer"
ZOO = "extra/imagenet_zoo_10x8_scores_acc_meta.csv"
SCORES = ("LogME", "H-Score", "NCE")
BOUNDS = (
    ("new-task", "rmse", "<=", 0.0625),
    ("new-task", "pearson", ">=", 0.665),
    ("random-cells", "rmse", "<=", 0.0555),
    ("new-size", "pearson", ">=", 0.685),
    ("paper-protocol", "pearson", ">=", 0.785),
)


def reached(found: Evaluation) -> Iterator[Line]:
    """Yield the best predictor of each bound, and the linear baseline beside it."""
    table = found.scores.set_index(["split", "metric", "predictor"])["value"]
    names = [one.name for one in PREDICTORS]
    for split, metric, sense, bound in BOUNDS:
        values = table.loc[split, metric].reindex(names)
        best = values.idxmin() if sense == "<=" else values.idxmax()
        beside = f"{best}; linear {values['linear']:.4f}"
        yield Line(f"{split}, {metric}", float(values[best]), sense, bound, beside)
    yield Line("all splits, in seconds", found.seconds, "<=", 300.0)


def combined() -> Iterator[Line]:
    """Yield what scores and history reach together on the published zoo."""
    scored = read_scored((PUBLISHED / ZOO).read_bytes(), ZOO, SCORES)
    found = leave_one_dataset_out(scored, SCORES)
    means: pd.Series = found.groupby("ranker")["weighted_kendall"].mean()
    beside = f"LogME {means['LogME']:.3f}, static mean {means[HISTORY]:.3f}"
    yield Line(
        "scores and history, weighted Kendall", means["combination"], ">=", 0.8, beside
    )


def main(arguments: list[str]) -> int:
    """Measure, print and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args(arguments)
    if not PUBLISHED.is_dir():
        print("skipped: the records are not beside the project", file=sys.stderr)
        return finish([], as_json=chosen.json)
    records = read_records(
        PUBLISHED / "record_domainnet_10_270.csv",
        PUBLISHED / "source_model_meta_data.csv",
        PUBLISHED / "target_dataset_meta_data.csv",
    )
    with tempfile.TemporaryDirectory() as kept:
        found = evaluate(records, kept=Path(kept), progress=progress_line)
    return finish([*reached(found), *combined()], as_json=chosen.json)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
