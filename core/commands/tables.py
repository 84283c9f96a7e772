"""`tables`: list, show, parse and refresh the tables of published models."""

import argparse
from pathlib import Path

from core.cache import write_bytes
from core.charts.export import table_bytes
from core.commands.answer import Answer, progress_line, table
from core.errors import FetchError
from core.settings import Settings
from core.tables.catalog import list_sources, list_tables, load_table
from core.tables.schema import records

SHOWN = (
    "name", "family", "accuracy", "epe", "params", "gmacs", "gips", "throughput",
    "image_size", "downloads", "pretraining", "licence",
)  # fmt: skip
MOST_CHANGES = 20


def add(verbs: argparse._SubParsersAction) -> None:
    """Add the verb and its actions to the parser."""
    verb = verbs.add_parser("tables", help="tables of published models")
    actions = verb.add_subparsers(dest="action", required=True, metavar="ACTION")

    listing = actions.add_parser("list", help="every table: rows, source, date")
    listing.set_defaults(run=run_list)

    show = actions.add_parser("show", help="one table")
    show.add_argument("name", help="such as torchvision/classification")
    show.add_argument("--csv", type=Path, metavar="FILE", help="write it as CSV")
    show.add_argument("--benchmark", help="which of timm's benchmarks to join")
    show.set_defaults(run=run_show)

    parse = actions.add_parser(
        "parse-html", help="read a saved torchvision models page"
    )
    parse.add_argument("file", type=Path)
    parse.set_defaults(run=run_parse)

    refresh = actions.add_parser("refresh", help="fetch and report what changed")
    refresh.add_argument(
        "source", nargs="*", help="torchvision, timm, open_clip, hub (default: all)"
    )
    refresh.add_argument(
        "--accept", action="store_true", help="take what lost more than half its rows"
    )
    refresh.set_defaults(run=run_refresh)

    for action in (listing, show, parse, refresh):
        action.add_argument("--json", action="store_true", help="one JSON document")


def run_list(arguments: argparse.Namespace, settings: Settings) -> Answer:
    """List every table."""
    summaries = list_tables(settings)
    document = [
        {name: getattr(one, name) for name in ("name", "rows", "source", "fetched_at")}
        for one in summaries
    ]
    rows = [
        [one.name, one.rows, f"{one.source} {one.revision}", one.fetched_at]
        for one in summaries
    ]
    states = list_sources(settings)
    notes = [state.note for state in states if state.note]
    absent = [
        f"{state.title}: not fetched yet; run `{state.how}`."
        for state in states
        if not state.rows
    ]
    text = table(["table", "rows", "source", "read"], rows)
    return Answer(document, "\n".join([text, *notes, *absent]))


def run_show(arguments: argparse.Namespace, settings: Settings) -> Answer:
    """Show one table, or write it as CSV."""
    frame = load_table(arguments.name, settings, benchmark=arguments.benchmark)
    document = records(frame)
    if arguments.csv:
        write_bytes(arguments.csv, table_bytes(frame, "csv"))
        return Answer(document, f"Wrote {len(frame)} rows to {arguments.csv}.")
    known = [name for name in SHOWN if any(row[name] is not None for row in document)]
    text = table(known, ([row[name] for name in known] for row in document))
    return Answer(document, text)


def run_parse(arguments: argparse.Namespace, settings: Settings) -> Answer:
    """Read a saved documentation page."""
    from core.tables.torchvision.page import parse_html_document

    document = parse_html_document(arguments.file)
    counts = ([name, len(rows)] for name, rows in document.items())
    return Answer(document, table(["table", "rows"], counts))


def run_refresh(arguments: argparse.Namespace, settings: Settings) -> Answer:
    """Fetch every source asked for and say what changed.

    Sources that fail are part of the answer; only when none could be read is it an
    error.
    """
    from core.tables.refresh import refresh

    found = refresh(
        arguments.source, settings, accept=arguments.accept, progress=progress_line
    )
    if all(one.state == "failed" for one in found):
        names = ", ".join(one.source for one in found)
        reason = found[0].failures[0].rstrip(".") if found[0].failures else "no answer"
        raise FetchError(names, f"could not be refreshed: {reason}")
    return Answer(
        [_document(one) for one in found], "\n".join(_said(one) for one in found)
    )


def _document(found) -> dict[str, object]:
    return {
        "source": found.source,
        "state": found.state,
        "url": found.visits[0].url,
        "fetched_at": found.checked_at,
        "is_unchanged": found.state == "not modified",
        "rows": found.rows,
        "bytes_read": found.bytes_read,
        "documents": [
            {"url": one.url, "outcome": one.outcome, "bytes": len(one.content)}
            for one in found.visits
        ],
        "failures": list(found.failures),
        "changes": found.drift.rows.to_dict("records"),
    }


def _said(found) -> str:
    outcomes = [visit.outcome for visit in found.visits]
    held = outcomes.count("not modified")
    lines = [f"{found.source}: {_state(found, held)}"]
    lines += [f"  {reason}" for reason in found.failures]
    changed = found.drift.rows[found.drift.rows["change"] == "changed"]
    for row in changed.head(MOST_CHANGES).itertuples():
        lines.append(f"  {row.id}: {row.column} {row.old} is now {row.new}")
    if len(changed) > MOST_CHANGES:
        lines.append(f"  and {len(changed) - MOST_CHANGES:,} more changes")
    return "\n".join(lines)


def _state(found, held: int) -> str:
    rows = f"{found.rows:,} {'row' if found.rows == 1 else 'rows'}"
    if found.state == "failed":
        kept = f"the last good copy stays ({rows})" if found.rows else "nothing is kept"
        return f"failed; {kept}"
    if found.state == "not modified":
        files = f"{held} {'file' if held == 1 else 'files'}"
        return f"{files} not modified (304), no bodies transferred; {rows}"
    read = sum(visit.outcome == "read" for visit in found.visits)
    return (
        f"{read} read ({found.bytes_read:,} bytes), {held} not modified; {rows}: "
        f"{found.drift.sentence}"
    )
