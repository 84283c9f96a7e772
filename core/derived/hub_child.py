"""A listed model of the Hub as a child to compare. Asks nothing."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

import pandas as pd

from core.derived.card import Card
from core.errors import (
    CheckpointError,
    CorruptCheckpoint,
    DisabledRepository,
    GatedRepository,
    HubUnreachable,
    NoWeights,
    PedigreeError,
    RepositoryNotFound,
    UnsafePickle,
    UnsupportedFormat,
)

LISTED = {
    error.reason: error
    for error in (
        NoWeights, UnsupportedFormat, CorruptCheckpoint, UnsafePickle, GatedRepository,
        DisabledRepository, RepositoryNotFound, HubUnreachable,
    )
}  # fmt: skip


@dataclass(frozen=True)
class HubChild:
    """A listed model: the commit and files to read, or why there is nothing to read."""

    id: str
    sha: str
    files: tuple[str, ...] = ()
    reason: str = ""
    explanation: str = ""
    card: Card = field(default_factory=Card)

    @property
    def problem(self) -> PedigreeError:
        """The listing's own sentence as an error."""
        error = LISTED.get(self.reason, CheckpointError)
        text = self.explanation.rstrip(".").removeprefix(self.id).strip()
        happened, _, remedy = (text or "cannot be compared").partition("; ")
        return error(self.id, happened, remedy)


def hub_children(models: pd.DataFrame) -> list[HubChild]:
    """Return the rows of a listing as children, in its order."""
    return [_child(row) for row in models.to_dict("records")]


def _child(row: Mapping[str, object]) -> HubChild:
    card = Card(
        base_models=tuple(row["base_models"]) or _listed_parents(row),
        relation=row["relation"] or None,
        task=row["task"] or None,
        license=row["license"] or None,
        datasets=tuple(row["datasets"]),
        tags=tuple(row["tags"]),
        metric=next(iter(row["metrics"]), None),
        downloads=_number(row["downloads"]),
        likes=_number(row["likes"]),
        created_at=_moment(row["created_at"]),
        last_modified=_moment(row["last_modified"]),
    )
    return HubChild(
        row["id"], row["sha"], tuple(row["files"]), row["reason"], row["explanation"],
        card,
    )  # fmt: skip


def _listed_parents(row: Mapping[str, object]) -> tuple[str, ...]:
    """Return what the Hub lists a model under where its card data name nothing."""
    tagged = (tag.split(":") for tag in row["tags"] if tag.startswith("base_model:"))
    named = tuple(dict.fromkeys(words[-1] for words in tagged if words[-1]))
    return named or ((row["parent"],) if row["relation"] and row["parent"] else ())


def _moment(value: object) -> datetime | None:
    return None if pd.isna(value) else pd.Timestamp(value).to_pydatetime()


def _number(value: object) -> int | None:
    return None if pd.isna(value) else int(value)
