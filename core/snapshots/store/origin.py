"""Where a model folder says it comes from: its snapshot record, or else its card."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

from core.derived.card import parse_card, read_card_text
from core.errors import CacheError, CorruptCheckpoint
from core.snapshots.lineage import RECORD, read_snapshot

NOT_LINEAGE = ("id", "architecture", "classes", "weights_digest")


def told_lineage(path: Path) -> Mapping[str, object]:
    """Return what the record or card of a folder claims; {} where neither says.

    `parent` and `base` are ids, `dataset` has a name, and a snapshot's record adds
    `retrain_index`, `seed`, `metrics` and the rest of `core.snapshots.lineage`.
    """
    if not path.is_dir():
        return {}
    with suppress(CacheError):
        if (path / RECORD).is_file():
            record = asdict(read_snapshot(path))
            return {key: record[key] for key in record if key not in NOT_LINEAGE}
    with suppress(CorruptCheckpoint):
        card = parse_card(read_card_text(path))
        parent = next(iter(card.base_models), None)
        told = {"parent": parent, "base": parent, "relation": card.relation}
        if card.datasets:
            told["dataset"] = {"name": card.datasets[0]}
        return {key: value for key, value in told.items() if value is not None}
    return {}
