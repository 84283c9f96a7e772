"""A person's own image set under several backbones: features, scores, and where asked a
head really trained on them. Kept, so that a page can show it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import pandas as pd

from core.cache import now_utc, read_json, write_json
from core.device import Device
from core.errors import CacheError, PedigreeError, UsageError
from core.progress import Progress, part_of
from core.settings import Settings, local_path
from core.transfer.backbones import load_backbone
from core.transfer.features import extract
from core.transfer.heads import head_accuracy
from core.transfer.images import ImageSet
from core.transfer.scores.score_all import METRICS, score_all

QUICK = tuple(name for name in METRICS if name not in ("n_leep", "parc"))
"""What takes seconds on any set; N-LEEP and PARC take minutes on a large one."""


@dataclass(frozen=True, eq=False)
class DatasetScores:
    """`rows` has one a backbone: its scores, head_accuracy with low and high, images,
    and where it failed an `error`. `failures` lists unreadable images, `warnings` what
    the scores hide.
    """

    folder: str
    images: int
    classes: tuple[str, ...]
    rows: pd.DataFrame
    failures: tuple[str, ...]
    warnings: tuple[str, ...]
    made_at: str


def score_dataset(
    images: ImageSet,
    folder: Path,
    backbones: Sequence[str],
    settings: Settings,
    *,
    with_heads: bool = True,
    metrics: Sequence[str] = QUICK,
    device: Device | None = None,
    progress: Progress | None = None,
) -> DatasetScores:
    """Score every backbone on a labeled set and keep the result for `folder`.

    A backbone that cannot be used is a row with its error. Raises UsageError when the
    set has fewer than two classes, or no backbone can be used.
    """
    if len(images.classes) < 2:
        happened = f"has {len(images.classes)} classes"
        raise UsageError(images.name, happened, "give a folder with a folder a class")
    rows, told = [], {}
    failures: dict[str, str] = {}
    for index, name in enumerate(backbones):
        step = part_of(progress, index, len(backbones))
        try:
            row, failed, warned = _one(
                images, name, settings, with_heads, metrics, device, step
            )
        except PedigreeError as error:
            if error.reason == "cancelled":
                raise
            row, failed, warned = {"error": str(error)}, {}, ()
        rows.append({"backbone": _short(name)} | row)
        failures |= failed
        told |= dict.fromkeys(warned)
    if all("error" in row for row in rows):
        raise UsageError("No backbone", f"can be used: {rows[0]['error'].rstrip('.')}")
    found = DatasetScores(
        str(folder), len(images), images.classes, pd.DataFrame(rows),
        tuple(f"{name} {reason}" for name, reason in failures.items()),
        tuple(told), now_utc(),
    )  # fmt: skip
    keep_scores(found, settings)
    return found


def kept_scores(folder: Path, settings: Settings) -> DatasetScores | None:
    """Return what was last found for a folder, or None."""
    path = _place(folder, settings)
    if not path.is_file():
        return None
    try:
        document = read_json(path)
        rows = pd.DataFrame(document.pop("rows"))
        lists = ("classes", "failures", "warnings")
        return DatasetScores(
            rows=rows, **document | {name: tuple(document[name]) for name in lists}
        )
    except (CacheError, TypeError, KeyError, ValueError, AttributeError):
        return None


def _one(
    images: ImageSet, name: str, settings: Settings, with_heads: bool,
    metrics: Sequence[str], device: Device | None, step: Progress,
) -> tuple[dict[str, object], dict[str, str], tuple[str, ...]]:  # fmt: skip
    step(0.0, f"Loading {_short(name)}")
    backbone = load_backbone(name, settings, progress=step)
    found = extract(
        images, backbone, settings, device=device,
        progress=lambda f, message: step(0.8 * f, f"{_short(name)}: {message}"),
    )  # fmt: skip
    step(0.8, f"Scoring {_short(name)}")
    scores = score_all(
        found.features, found.labels, found.source_probabilities, metrics
    )
    row = {"params": backbone.params, "images": len(found.labels), **scores.values}
    if with_heads:
        head = head_accuracy(found.features, found.labels)
        row |= {"head_accuracy": head.accuracy, "low": head.low, "high": head.high,
                "majority": head.majority, "test_images": head.test_images}  # fmt: skip
    failures = {failure.name: failure.reason for failure in found.failures}
    return row, failures, scores.warnings


def _short(name: str) -> str:
    """Name a local folder by its last part."""
    return Path(name).name if Path(name).is_dir() else name


def keep_scores(found: DatasetScores, settings: Settings) -> None:
    """Keep what was found for a folder in place of what was kept before."""
    rows = found.rows.astype(object).where(found.rows.notna(), None).to_dict("records")
    write_json(_place(Path(found.folder), settings), vars(found) | {"rows": rows})


def _place(folder: Path, settings: Settings) -> Path:
    key = sha256(str(local_path(folder).absolute()).encode()).hexdigest()[:24]
    return settings.cache_root / "transfer" / "datasets" / f"{key}.json"
