"""Every word of Pedigree in one list: what it means, its unit, its source. Each is
defined with the part that it belongs to; here are those that all parts share.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.charts.axes import LABELS
from core.derived import columns_glossary as derived_columns
from core.derived import glossary as derived
from core.snapshots import glossary as snapshots
from core.tables.schema import COLUMNS as TABLE_COLUMNS
from core.transfer import glossary as transfer
from core.words import Word, words
from core.zero_shot import glossary as zero_shot

if TYPE_CHECKING:
    from core.zero_shot.catalog import Catalog

SHARED = words(
    ("model", "A model, by name or id.", "Model"),
    ("models", "How many models, or which.", "Models"),
    ("rank", "The place in an order; equal ranks tie.", "Rank"),
    ("value", "The number itself, in the unit of its metric.", "Value"),
    ("share", "One part of the whole.", "Share", "a fraction"),
    ("low", "Lower end of the interval, 95 % unless said otherwise.", "Low"),
    ("high", "Upper end of the interval, 95 % unless said otherwise.", "High"),
    ("of", "How many there are in all.", "Of"),
    ("total", "How many were counted.", "Of"),
    ("images", "How many images it rests on.", "Images"),
    ("note", "What else is to be said.", "Note"),
    ("repository", "Where it is developed.", "Repository"),
    ("name", "A short name, of a model or of a tensor.", "Name"),
    ("source", "Where it was read, or what says so.", "Source"),
    ("column", "A column of a table.", "Column"),
    ("rows", "How many rows.", "Rows"),
    ("read from", "Document, revision and date of a number.", "Read from"),
    ("meaning", "What a word means.", "Meaning"),
    ("read", "When it was read; of a file how much.", "Read", "UTC"),
    ("looked at", "When a source was last asked whether it has changed.", "Looked at"),
    ("command", "The command that does it.", "Command"),
    ("when", "The moment, or the version.", "When", "UTC"),
    ("change", "new, changed or gone.", "Change"),
    ("old", "The value before.", "Before"),
    ("new", "The value after.", "After"),
)  # fmt: skip

JOBS = words(
    ("job", "Long work in the background.", "Job"),
    ("outcome", "How it ended: done, failed or cancelled.", "Outcome"),
    ("took", "How long it took.", "Took"),
    ("started", "When it began.", "Started", "UTC"),
    ("why", "What went wrong, in one sentence; nothing where all went well.", "Why"),
    ("cache", "The folder in which Pedigree keeps what it fetched and worked out."),
    ("kind", "A kind of files of the cache.", "Kind"),
    ("holds", "What the files are.", "Holds"),
    ("files", "How many files.", "Files"),
    ("size_bytes", "How much disk they take.", "Disk", "bytes"),
    ("oldest", "When the first of them was written.", "Oldest", "UTC"),
    ("newest", "When the last of them was written.", "Newest", "UTC"),
    ("back", "What it takes to get them back.", "To get it back"),
)  # fmt: skip

ERRORS = words(
    ("row", "A row of a file; the header is row 1.", "Row"),
    ("column", "A column of the file.", "Column"),
    ("value", "What stands there.", "Value"),
    ("reason", "What is wrong with it.", "Reason"),
)

ELSEWHERE = words(
    *(
        (f"{name}_difference", f"{told} there, less here, as a share of here.",
         f"{told} against here", "a fraction")
        for name, told in (("params", "Parameters"), ("gmacs", "GMACs"))
    )
)  # fmt: skip


@dataclass(frozen=True)
class Part:
    """One part of the glossary and its words."""

    title: str
    words: tuple[Word, ...]


def parts(survey: "Catalog | None" = None) -> tuple[Part, ...]:
    """Return all parts; the four criteria are told where a survey is given."""
    return (
        Part("Words", derived.WORDS),
        Part("Freeze patterns", derived.KINDS),
        Part("Flags", derived.FLAGS),
        Part("Why a model could not be compared", derived.REASONS),
        Part("Verdicts", derived.VERDICTS),
        Part("Evidence", derived.EVIDENCE),
        Part("Distances between two tensors", derived.METRICS),
        Part("Transfer", transfer.WORDS),
        Part("Transferability scores", transfer.SCORES),
        Part("Predictors and static lists", transfer.PREDICTORS),
        Part("Splits", transfer.SPLITS),
        Part("How well an order fits", transfer.METRICS),
        Part("Snapshots and the model store", snapshots.WORDS),
        Part("Zero-shot", zero_shot.WORDS),
        Part("Criteria of the zero-shot survey", criteria_words(survey)),
        Part("Columns everywhere", SHARED),
        Part("Columns of the model tables", (*table_columns(), *ELSEWHERE)),
        Part("Columns of derived models", derived_columns.MODELS),
        Part("Columns of tensors", derived_columns.TENSORS),
        Part("Columns of shares and bytes", derived_columns.SHARES),
        Part("Columns of siblings and trees", derived_columns.DESCENT),
        Part("Columns of doubtful declarations", derived_columns.PROBLEMS),
        Part("Columns of the census", derived_columns.CENSUS),
        Part("Columns of the best child", derived_columns.BEST_CHILD),
        Part("Columns of transfer", transfer.COLUMNS),
        Part("Columns of snapshots", snapshots.COLUMNS),
        Part("Columns of zero-shot rankings", zero_shot.RANKS),
        Part("Columns of the zero-shot survey", zero_shot.SURVEY),
        Part("Columns of fit and try-out", zero_shot.ANSWERS),
        Part("What is wrong in a file", ERRORS),
        Part("Jobs and the cache", JOBS),
    )


def found(asked: Iterable[Part], text: str) -> tuple[Part, ...]:
    """Keep the words whose name, title or meaning holds `text`, whatever its case.

    >>> one = Part("Words", words(("head", "The last layers."), ("base", "First.")))
    >>> [word.word for part in found([one], "LAST") for word in part.words]
    ['head']
    """
    wanted = text.strip().casefold()
    kept = (
        Part(part.title, tuple(word for word in part.words if _has(word, wanted)))
        for part in asked
    )
    return tuple(part for part in kept if part.words)


def named(asked: Iterable[Part], name: str) -> tuple[Part, ...]:
    """Keep the words of exactly this name or title; several parts may have one.

    >>> one = Part("Columns", words(("kind", "The freeze pattern.", "Pattern")))
    >>> [part.words[0].word for part in named([one], "Pattern")]
    ['kind']
    """
    wanted = name.strip().casefold()
    kept = (
        Part(part.title, tuple(word for word in part.words if wanted in _names(word)))
        for part in asked
    )
    return tuple(part for part in kept if part.words)


def table_columns() -> tuple[Word, ...]:
    """Return the columns of the model tables as words."""
    units = {"fraction": "a fraction"}
    return tuple(
        Word(
            column.name, column.description, LABELS.get(column.name, ""),
            units.get(column.kind, column.unit),
        )
        for column in TABLE_COLUMNS
    )  # fmt: skip


def _has(word: Word, wanted: str) -> bool:
    return wanted in " ".join((word.word, word.title, word.meaning)).casefold()


def _names(word: Word) -> tuple[str, str]:
    return word.word.casefold(), word.title.casefold()


def criteria_words(survey: "Catalog | None") -> tuple[Word, ...]:
    """Return the survey's criteria as words; none without a survey."""
    if survey is None:
        return ()
    asked = survey.criteria.itertuples(index=False)
    source = str(survey.origin["title"])
    return tuple(
        Word(one.id, f"{one.asks} {one.decided_by}", one.name, source=source)
        for one in asked
    )
