"""`transfer`: evaluate predictors on training records, recommend a model."""

import argparse
import logging
from pathlib import Path

import pandas as pd

from core.cache import write_bytes
from core.commands.answer import Answer, progress_line, table
from core.commands.transfer_text import (
    evaluation_text,
    recommendation_text,
    score_document,
    shown,
)
from core.errors import UsageError
from core.settings import Settings

log = logging.getLogger("pedigree")


def add(verbs: argparse._SubParsersAction) -> None:
    """Add the verb and its actions to the parser."""
    verb = verbs.add_parser("transfer", help="will a model transfer to a dataset?")
    actions = verb.add_subparsers(dest="action", required=True, metavar="ACTION")
    evaluate = actions.add_parser("evaluate", help="predictors on held-out records")
    evaluate.add_argument("--split", action="append", default=[], metavar="NAME")
    evaluate.add_argument("--predictor", action="append", default=[], metavar="NAME")
    evaluate.add_argument("--workers", type=int, help="folds at once (default: cores)")
    evaluate.add_argument(
        "--cells", type=Path, metavar="FILE", help="write held-out cells as CSV"
    )
    evaluate.set_defaults(run=run_evaluate)
    recommend = actions.add_parser("recommend", help="a model for my dataset")
    recommend.add_argument("--domain", help="such as sketch")
    recommend.add_argument("--classes", type=_positive)
    recommend.add_argument("--samples", type=_positive, help="training images in all")
    recommend.add_argument("--labels", help="names, separated by commas")
    recommend.add_argument("--max-params", type=_positive)
    recommend.add_argument("--max-gmacs", type=_positive)
    recommend.add_argument(
        "--scores", type=Path, metavar="CSV", help="on my dataset: a row a model"
    )
    recommend.add_argument(
        "--no-check", action="store_true", help="do not measure the reliability"
    )
    recommend.set_defaults(run=run_recommend)
    for action in (evaluate, recommend):
        _add_records(action)


def _add_records(action: argparse.ArgumentParser) -> None:
    """Add what both actions read, and --json."""
    for name in ("records", "models", "tasks"):
        action.add_argument(f"--{name}", type=Path, metavar="CSV")
    for name, meaning in (
        ("own", "own records: a row a model and task"),
        ("scored", "datasets with scores and accuracies: a row a model and task"),
    ):
        action.add_argument(f"--{name}", type=Path, metavar="CSV", help=meaning)
    action.add_argument(
        "--score", action="append", default=[], metavar="COLUMN", help="of --scored"
    )
    action.add_argument(
        "--text",
        default="names",
        metavar="ENCODER",
        help="names (default), hashed, or the folder of a text model",
    )
    action.add_argument("--json", action="store_true", help="one JSON document")


def run_evaluate(arguments: argparse.Namespace, settings: Settings) -> Answer:
    """Evaluate predictors on records, or combinations of scores."""
    if arguments.scored and not (arguments.records or arguments.own):
        return _combinations(arguments)
    from core.transfer.evaluate import evaluate

    records = _records(arguments)
    found = evaluate(
        records, splits=arguments.split, predictors=arguments.predictor,
        encoder=_encoder(arguments, settings),
        kept=settings.cache_root / "transfer" / "evaluations",
        workers=arguments.workers, progress=progress_line,
    )  # fmt: skip
    if arguments.cells:
        _write_cells(found, arguments.cells)
    document = {
        "splits": {
            name: score_document(rows)
            for name, rows in found.scores.groupby("split", sort=False)
        },
        "folds": found.folds.set_index("split").to_dict("index"),
        "left_out": found.left_out,
        "mended": list(records.mended),
        "models": len(records.models),
        "tasks": len(records.tasks),
        "records": int(records.is_known.sum()),
        "seconds": round(found.seconds, 2),
    }
    return Answer(document, evaluation_text(document))


def run_recommend(arguments: argparse.Namespace, settings: Settings) -> Answer:
    """Recommend a model for a dataset."""
    from core.transfer.combine import fit_combination
    from core.transfer.recommend import Budget, TaskDescription, recommend

    scores = _own_scores(arguments.scores) if arguments.scores else None
    known = _scored(arguments) if arguments.scored else None
    if known is not None and scores is None:
        remedy = "give --scores as well"
        raise UsageError("--scored", "needs the scores on your dataset", remedy)
    found = recommend(
        _records(arguments),
        TaskDescription(
            arguments.domain, arguments.classes, arguments.samples, arguments.labels
        ),
        budget=Budget(arguments.max_params, arguments.max_gmacs),
        scores=scores,
        known=known,
        combination=None if known is None else fit_combination(known, arguments.score),
        encoder=_encoder(arguments, settings),
        is_checked=not arguments.no_check,
        kept=settings.cache_root / "transfer" / "evaluations",
        progress=progress_line,
    )
    check = found.reliability
    document = {
        "sentence": found.sentence,
        "models": found.models.rename_axis("model").reset_index().to_dict("records"),
        "excluded": found.excluded["reason"].to_dict(),
        "changes": list(found.changes),
        "reliability": check and {
            "split": check.split,
            "is_static_as_good": check.is_static_as_good,
            "coverage": check.coverage,
            "sentence": check.sentence,
            "scores": score_document(check.scores),
        },
        "notes": list(found.notes),
    }  # fmt: skip
    return Answer(document, recommendation_text(found))


def _records(arguments: argparse.Namespace):
    """Read the published files, a person's own, or both."""
    from core.transfer.own_records import join_records, read_own_records
    from core.transfer.records import read_records

    paths = arguments.records, arguments.models, arguments.tasks
    if any(paths) and not all(paths):
        remedy = "give --records, --models and --tasks"
        raise UsageError("The records", "come in three files", remedy)
    if not any(paths) and not arguments.own:
        remedy = "give --records, --models and --tasks, or --own"
        raise UsageError("Records", "are missing", remedy)
    published = read_records(*paths) if all(paths) else None
    if not arguments.own:
        return published
    own = read_own_records(_content(arguments.own)).records
    return own if published is None else join_records(published, own)


def _encoder(arguments: argparse.Namespace, settings: Settings):
    """Return the text encoder asked for; what it cannot do is said on stderr."""
    from core.transfer.text import text_encoder

    encoder = text_encoder(arguments.text, settings)
    if encoder is not None and encoder.note:
        log.warning(encoder.note)
    return encoder


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError(path, f"cannot be read ({error.strerror})") from error


def _scored(arguments: argparse.Namespace) -> pd.DataFrame:
    from core.transfer.combine import read_scored

    if not arguments.score:
        remedy = "name its columns by --score"
        raise UsageError(arguments.scored, "has scores of unknown names", remedy)
    return read_scored(
        _content(arguments.scored), arguments.scored.name, arguments.score
    )


def _own_scores(path: Path) -> pd.DataFrame:
    """Read scores on one's own dataset: a row a model."""
    from core.tables.csv_table import read_csv
    from core.tables.own_csv import own_lines

    content = _content(path)
    header = own_lines(content)[0][1]
    names = [name for name in header if name.strip().lower() != "model"]
    scores = read_csv(content, path.name, text=["model"], numbers=names)
    if scores["model"].duplicated().any():
        raise UsageError(path, "has a model twice")
    return scores.set_index("model")


def _combinations(arguments: argparse.Namespace) -> Answer:
    from core.transfer.combine import leave_one_dataset_out
    from core.transfer.ranking_metrics import METRICS

    found = leave_one_dataset_out(_scored(arguments), arguments.score)
    means = found.groupby("ranker", sort=False)[list(METRICS)].mean()
    document = {
        "splits": {"leave-one-dataset-out": means.to_dict("index")},
        "datasets": sorted(found["task"].unique()),
    }
    rows = ([name, *map(shown, row)] for name, *row in means.itertuples())
    return Answer(document, table(["ranker", *METRICS], rows))


def _write_cells(found, path: Path) -> None:
    from core.charts.export import table_bytes

    cells = [frame.assign(split=name) for name, frame in found.cells.items()]
    write_bytes(path, table_bytes(pd.concat(cells), "csv"))


def _positive(text: str) -> float:
    """Read a number above zero, for argparse."""
    from core.tables.own_csv import own_number

    value = own_number(text)
    if value is None or value <= 0:
        raise argparse.ArgumentTypeError(f"{text!r} is no number above zero")
    return value
