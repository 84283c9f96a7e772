"""`tables`: list, show, parse and refresh the tables of published models."""

import argparse
from pathlib import Path

from core.commands.answer import Answer, table
from core.settings import Settings


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
