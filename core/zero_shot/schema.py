"""The tables of the zero-shot survey: which file, which fields, what each may hold.

Whoever adds an entry by a pull request reads this file; `core.zero_shot.rows` holds
every entry against it. Knows no files' contents.
"""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["text", "texts", "flag", "count", "number", "fraction", "day"]
TASKS = ("classification", "detection", "segmentation")
VERDICTS = ("ok", "partial", "blocked", "unverified")
ACCESS = ("open", "gated", "closed", "unknown")
TRUST = ("recommended", "recommended with limits", "weak", "rejected")
LINK_STATES = ("archived", "moved", "gone", "answers", "not checked")


@dataclass(frozen=True)
class Field:
    """One field of an entry.

    `kind`: `texts` is a list, `fraction` lies in [0, 1], `day` is YYYY-MM or
    YYYY-MM-DD. `refers` names tables whose keys it must be one of.
    """

    name: str
    kind: Kind = "text"
    required: bool = False
    choices: tuple[str, ...] = ()
    refers: tuple[str, ...] = ()


@dataclass(frozen=True)
class Table:
    """One file; `noun` names an entry of a TOML file, `key` the field that is unique.

    `owner` fields say "table:key", such as "audit:owl"; see OWNERS.
    """

    file: str
    fields: tuple[Field, ...]
    noun: str = ""
    key: str = ""
    owner: str = ""


def must(name: str, kind: Kind = "text", **limits) -> Field:
    """Declare a field that every entry has."""
    return Field(name, kind, required=True, **limits)


OWNERS = {"source": "sources", "ranking": "rankings", "audit": "audits"}
LINE = Field("line", "count")
ORIGIN = (
    must("title"),
    must("question"),
    Field("goal"),
    must("as_of", "day"),
    must("repository"),
    must("path"),
    must("commit"),
    Field("lines", "count"),
    must("licence"),
    Field("paper"),
    Field("later_path"),
    Field("later_commit"),
    Field("later_date", "day"),
    Field("remarks", "texts"),
)
MODEL = (
    must("id"),
    must("name"),
    Field("organization"),
    must("year", "count"),
    must("tasks", "texts", choices=TASKS),
    must(
        "kind",
        choices=("checkpoint", "model", "family", "backbone", "system", "library"),
    ),
    must("zero_shot", "flag"),
    Field("paper"),
    Field("repositories", "texts"),
    Field("hub_ids", "texts"),
    Field("aliases", "texts"),
    Field("library"),
    Field("entry"),
    Field("pipeline"),
    Field("processor"),
    Field("found_in"),
    Field("open_clip", "texts"),
    Field("licence"),
    Field("licence_source"),
    must("access", choices=ACCESS),
    Field("note"),
)

TABLES: dict[str, Table] = {
    "criteria": Table(
        "criteria.toml",
        (must("id"), must("name"), must("asks"), must("decided_by"), LINE),
        noun="criterion",
        key="id",
    ),
    "sources": Table(
        "sources.toml",
        (
            must("id"),
            must("section"),
            must("name"),
            must("short"),
            Field("year", "count"),
            must("verdict", choices=TRUST),
            must("says"),
            Field("repository"),
            LINE,
            Field("status"),
            Field("status_since", "day"),
            Field("status_note"),
            Field("status_source"),
        ),
        noun="source",
        key="id",
    ),
    "rankings": Table(
        "rankings.toml",
        (
            must("id"),
            must("source", refers=("sources",)),
            must("tasks", "texts", choices=TASKS),
            must("name"),
            Field("dataset"),
            Field("dataset_basis"),
            Field("read_from"),
            must("ordered", "flag"),
            LINE,
        ),
        noun="ranking",
        key="id",
    ),
    "models": Table("models.toml", MODEL, noun="model", key="id"),
    "later": Table("later.toml", MODEL, noun="model", key="id"),
    "placements": Table(
        "placements.csv",
        (
            must("ranking", refers=("rankings",)),
            Field("rank", "count"),
            must("model", refers=("models",)),
            must("label"),
            Field("value", "fraction"),
            Field("metric"),
            Field("checkpoint"),
            Field("year", "count"),
            Field("bold", "flag"),
            LINE,
        ),
    ),
    "audits": Table(
        "audits.toml",
        (
            must("id"),
            must("name"),
            must("task", choices=TASKS),
            must("models", "texts", refers=("models", "later")),
            Field("year_stated", "count"),
            Field("notes", "texts"),
            Field("variants", "texts"),
            Field("install"),
            Field("install_note"),
            LINE,
        ),
        noun="audit",
        key="id",
    ),
    "verdicts": Table(
        "verdicts.toml",
        (
            must("audit", refers=("audits",)),
            must("date", "day"),
            must("verdict", choices=VERDICTS),
            must("by"),
            Field("reasons", "texts"),
        ),
        noun="verdict",
    ),
    "corrections": Table(
        "corrections.toml",
        (
            LINE,
            must("about"),
            must("survey_says"),
            must("instead"),
            must("source"),
        ),
        noun="correction",
        owner="about",
    ),
    "links": Table(
        "links.csv",
        (must("url"), must("owner"), must("role"), Field("note"), LINE),
        owner="owner",
    ),
    "link_states": Table(
        "link_states.toml",
        (
            must("prefix"),
            must("state", choices=LINK_STATES),
            must("since", "day"),
            must("note"),
            must("source"),
        ),
        noun="link_state",
        key="prefix",
    ),
    "benchmarks": Table(
        "benchmarks.toml",
        (
            must("id"),
            must("name"),
            must("task", choices=TASKS),
            must("metric"),
            Field("note"),
        ),
        noun="benchmark",
        key="id",
    ),
    "results": Table(
        "results.csv",
        (
            must("model", refers=("models", "later")),
            must("variant"),
            Field("benchmark", refers=("benchmarks",)),
            Field("value", "fraction"),
            Field("params", "count"),
            Field("image_params", "count"),
            Field("text_params", "count"),
            Field("gmacs", "number"),
            Field("speed"),
            must("source"),
            must("read", "day"),
        ),
    ),
    "costs": Table(
        "costs.csv",
        (
            must("model", refers=("models", "later")),
            must("variant"),
            Field("image_size"),
            must("params", "count"),
            Field("gmacs", "number"),
            Field("activations_mib", "number"),
            Field("activations_fused_mib", "number"),
            must("source"),
            must("read", "day"),
        ),
    ),
}
