"""`tables`: list, show, parse and refresh the tables of published models."""

import argparse
from pathlib import Path

from core.cache import write_bytes
from core.charts.export import table_bytes
from core.commands.answer import Answer, table
from core.errors import UsageError
from core.settings import Settings
from core.tables.catalog import list_tables, load_table
from core.tables.schema import records

SHOWN = (
    "name", "family", "accuracy", "epe", "params", "gmacs", "gips", "image_size",
    "pretraining", "licence",
)  # fmt: skip


def add(verbs: argparse._SubParsersAction) -> None:
    """Add the verb and its actions to the parser."""
    verb = verbs.add_parser("tables", help="tables of published models")
    actions = verb.add_subparsers(dest="action", required=True, metavar="ACTION")

    listing = actions.add_parser("list", help="every table: rows, source, date")
    listing.set_defaults(run=run_list)

    show = actions.add_parser("show", help="one table")
    show.add_argument("name", help="such as torchvision/classification")
    show.add_argument("--csv", type=Path, metavar="FILE", help="write it as CSV")
    show.set_defaults(run=run_show)

    parse = actions.add_parser(
        "parse-html", help="read a saved torchvision models page"
    )
    parse.add_argument("file", type=Path)
    parse.set_defaults(run=run_parse)

    refresh = actions.add_parser("refresh", help="fetch and report what changed")
    refresh.add_argument("source", nargs="*", help="torchvision (default: all)")
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
    notes = sorted({one.note for one in summaries if one.note})
    text = table(["table", "rows", "source", "read"], rows)
    return Answer(document, "\n".join([text, *notes]))


def run_show(arguments: argparse.Namespace, settings: Settings) -> Answer:
    """Show one table, or write it as CSV."""
    frame = load_table(arguments.name, settings)
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
    """Fetch every source asked for and say what changed."""
    from core.tables.refresh import refresh_torchvision

    unknown = set(arguments.source) - {"torchvision"}
    if unknown:
        raise UsageError(f"Source {min(unknown)!r}", "is unknown", "choose torchvision")
    found = refresh_torchvision(settings)
    document = {
        "source": found.source,
        "url": found.url,
        "fetched_at": found.fetched_at,
        "is_unchanged": found.is_unchanged,
        "changes": found.drift.rows.to_dict("records"),
    }
    state = "has not changed since the last reading" if found.is_unchanged else "read"
    return Answer([document], f"{found.url}: {state}. {found.drift.sentence}")
