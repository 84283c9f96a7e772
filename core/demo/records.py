"""The demo's training records: where they are, whether they are made, and what they
say. Making them is `build_records`'s.
"""

from pathlib import Path

import pandas as pd

from core.cache import read_json
from core.demo.zoo import RECORD, ZOO, read_record
from core.settings import Settings
from core.transfer.records import Records, read_records

VERSION = 2
FILES = ("accuracy.csv", "models.csv", "tasks.csv", "scores.csv")
HELD_OUT, FINISHED = "held_out.csv", "finished.json"


def records_root(settings: Settings) -> Path:
    """Return the folder of the demo's records."""
    return settings.cache_root / "demo" / "records"


def has_records(settings: Settings) -> bool:
    """Whether the records are made, by the present recipes."""
    root = records_root(settings)
    if not (root / FINISHED).is_file():
        return False
    told = read_json(root / FINISHED)
    is_current = isinstance(told, dict) and told.get("version") == VERSION
    return is_current and all(read_record(root / "models" / s.name, s) for s in ZOO)


def demo_backbones(settings: Settings) -> list[Path]:
    """Return the folders of the demo's backbones that are made."""
    folders = [records_root(settings) / "models" / small.name for small in ZOO]
    return [folder for folder in folders if (folder / RECORD).is_file()]


def read_demo(settings: Settings) -> tuple[Records, pd.DataFrame]:
    """Read the records, and their scores as rows (model, task, metric, value).

    In `imagenet_accuracy` stands what each backbone reached on its own first question.
    """
    root = records_root(settings)
    grid, models, tasks, scores = (root / name for name in FILES)
    return read_records(grid, models, tasks), pd.read_csv(scores)


def read_held_out(settings: Settings) -> pd.DataFrame:
    """Return the records as predictors saw them: each cell hidden with its label set.

    The columns are those of an evaluation's cells: model, task, accuracy, predictors.
    """
    return pd.read_csv(records_root(settings) / HELD_OUT)
