"""All published model tables, read from this machine: in one frame, one by one, and
what is known of each source. Fetches nothing.
"""

from dataclasses import dataclass

import pandas as pd

from core.errors import UsageError
from core.settings import Settings
from core.tables.kept import MODELS, Kept, frame, read_kept
from core.tables.source import Source
from core.tables.sources import SOURCES
from core.tables.stored import installed_frame
from core.tables.timm.declaration import TIMM
from core.tables.timm.join import TABLE as TIMM_TABLE
from core.tables.timm.join import with_benchmark
from core.tables.torchvision.declaration import TORCHVISION


@dataclass(frozen=True)
class TableSummary:
    """One table: where its rows come from, and what the last refresh said."""

    name: str
    rows: int
    source: str
    fetched_at: str
    revision: str
    note: str


@dataclass(frozen=True)
class SourceState:
    """One source: what is here of it, and how to have what is not.

    `note` says what the last refresh could not read and why, "" where all is well.
    """

    name: str
    title: str
    tables: tuple[str, ...]
    rows: int
    fetched_at: str
    checked_at: str
    note: str
    is_fetched: bool

    @property
    def how(self) -> str:
        """The command that fetches the source."""
        return f"python -m core tables refresh {self.name}"


def load_all(settings: Settings) -> pd.DataFrame:
    """Return every table in one frame, without any network.

    The installed package's exact numbers win; weights that only the last good reading
    of torchvision's page lists are added, and their `source` says so. Other sources
    are there once they were refreshed.
    """
    return pd.concat(
        [_torchvision(settings), *_fetched(settings).values()], ignore_index=True
    )


def list_tables(settings: Settings) -> list[TableSummary]:
    """Summarize every table, in the order of the sources."""
    note = source_note(TORCHVISION, read_kept(TORCHVISION.name, settings))
    groups = _torchvision(settings).groupby("table", sort=False)
    summaries = [_summary(str(name), rows, note) for name, rows in groups]
    for source in SOURCES:
        kept = read_kept(source.name, settings)
        if source is not TORCHVISION:
            summaries += _kept_summaries(source, kept)
    return summaries


def list_sources(settings: Settings) -> list[SourceState]:
    """Say of every source what is here, in the order of SOURCES."""
    return [_state(source, settings) for source in SOURCES]


def load_table(
    name: str, settings: Settings, *, benchmark: str | None = None
) -> pd.DataFrame:
    """Return one table by its name.

    `benchmark` is a name of `benchmarks` that timm's throughput is taken from. Raises
    UsageError for an unknown table or benchmark.
    """
    rows = _rows(name, settings)
    if rows.empty:
        raise _unknown_table(name, settings)
    rows = rows.reset_index(drop=True)
    return _measured(rows, benchmark, settings) if benchmark else rows


def benchmarks(settings: Settings) -> pd.DataFrame:
    """Return the benchmarks that timm's models were timed in, best-joined first.

    Columns: name, kind (infer or train), device, precision, layout, torch, toolkit,
    is_compiled, rows, joined, citation. Empty before the first refresh.
    """
    found = frame(TIMM, settings, "devices")
    return pd.DataFrame(columns=["name", "kind"]) if found is None else found


def source_note(source: Source, kept: Kept) -> str:
    """Return what the last refresh of a source said, "" before the first.

    After a failure it names the source, the reason and the time.
    """
    if kept.failures:
        return " ".join(kept.failures)
    if source.baseline is None or not kept.documents:
        return ""
    url = next(iter(kept.documents.values())).url
    return f"Next to {url}, read {kept.checked_at}: {kept.said}."


def _torchvision(settings: Settings) -> pd.DataFrame:
    installed, page = installed_frame(settings), frame(TORCHVISION, settings)
    if page is None:
        return installed
    newer = page[~page["id"].isin(installed["id"])]
    return pd.concat([installed, newer], ignore_index=True)


def _fetched(settings: Settings) -> dict[str, pd.DataFrame]:
    found = {s.name: frame(s, settings, MODELS) for s in SOURCES if s != TORCHVISION}
    return {name: rows for name, rows in found.items() if rows is not None}


def _rows(name: str, settings: Settings) -> pd.DataFrame:
    """Read the one source that a table's name starts with."""
    owner = name.partition("/")[0]
    source = next((one for one in SOURCES if one.name == owner), TORCHVISION)
    found = _torchvision(settings) if source is TORCHVISION else frame(source, settings)
    return pd.DataFrame() if found is None else found[found["table"] == name]


def _unknown_table(name: str, settings: Settings) -> UsageError:
    for state in list_sources(settings):
        if name.partition("/")[0] == state.name and not state.rows:
            return UsageError(
                f"Table {name!r}", "is not here yet", f"run `{state.how}`"
            )
    known = ", ".join(table.name for table in list_tables(settings))
    return UsageError(f"Table {name!r}", "is unknown", f"choose one of {known}")


def _measured(rows: pd.DataFrame, name: str, settings: Settings) -> pd.DataFrame:
    known = benchmarks(settings)["name"]
    if rows["table"].iloc[0] != TIMM_TABLE or name not in set(known):
        happened = "is not a benchmark of this table"
        choices = f"choose one of {', '.join(known)}" if len(known) else "leave it out"
        raise UsageError(f"Benchmark {name!r}", happened, choices)
    return with_benchmark(rows, frame(TIMM, settings, "benchmarks"), name)


def _state(source: Source, settings: Settings) -> SourceState:
    kept = read_kept(source.name, settings)
    tables = dict(kept.tables)
    if source is TORCHVISION:
        counts = _torchvision(settings)["table"].value_counts(sort=False)
        tables = {str(name): int(count) for name, count in counts.items()}
    return SourceState(
        name=source.name,
        title=source.title,
        tables=tuple(tables),
        rows=sum(tables.values()),
        fetched_at=kept.fetched_at,
        checked_at=kept.checked_at,
        note=source_note(source, kept),
        is_fetched=bool(kept.documents),
    )


def _kept_summaries(source: Source, kept: Kept) -> list[TableSummary]:
    return [
        TableSummary(
            name=name,
            rows=rows,
            source=source.title,
            fetched_at=kept.fetched_at,
            revision=kept.fingerprint,
            note=source_note(source, kept),
        )
        for name, rows in kept.tables.items()
    ]


def _summary(name: str, rows: pd.DataFrame, note: str) -> TableSummary:
    first = rows.iloc[0]
    return TableSummary(
        name=name,
        rows=len(rows),
        source=first["source"],
        fetched_at=first["fetched_at"],
        revision=first["revision"],
        note=note,
    )
