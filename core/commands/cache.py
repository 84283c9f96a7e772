"""`cache`: what the cache holds by kind, and deleting one kind of it."""

import argparse
from collections.abc import Mapping
from typing import Any

from core.cache import moment_utc
from core.commands.answer import Answer, table
from core.numerals import compact
from core.settings import Settings


def add(verbs: argparse._SubParsersAction) -> None:
    """Add the verb and its actions to the parser."""
    verb = verbs.add_parser("cache", help="what is kept on disk; delete a kind of it")
    actions = verb.add_subparsers(dest="action", required=True, metavar="ACTION")

    listing = actions.add_parser("list", help="every kind: files, disk, age")
    listing.set_defaults(run=run_list)

    clear = actions.add_parser("clear", help="say what would go; --yes deletes it")
    clear.add_argument("kind", metavar="KIND")
    clear.add_argument(
        "names", nargs="*", metavar="NAME", help="which ones, for what a person made"
    )
    clear.add_argument("--yes", action="store_true", help="delete it now")
    clear.set_defaults(run=run_clear)

    for action in (listing, clear):
        action.add_argument("--json", action="store_true", help="one JSON document")


def run_list(arguments: argparse.Namespace, settings: Settings) -> Answer:
    """List every kind."""
    from core.upkeep.kept import usage

    kinds = [_document(use) for use in usage(settings.cache_root)]
    header = ["kind", "files", "disk", "oldest", "newest", "holds"]
    cells = [
        [one["kind"], one["files"], compact(one["bytes"], "B"), one["oldest"],
         one["newest"], one["holds"]]
        for one in kinds
    ]  # fmt: skip
    text = f"{settings.cache_root}\n\n" + table(header, cells)
    return Answer({"folder": str(settings.cache_root), "kinds": kinds}, text)


def run_clear(arguments: argparse.Namespace, settings: Settings) -> Answer:
    """Say what would be lost, or delete it."""
    from core.upkeep.kept import clear, kind_named, loss

    kind, root = kind_named(arguments.kind), settings.cache_root
    deletes = clear if arguments.yes else loss
    told = _document(deletes(root, kind, arguments.names))
    document = told | {"names": arguments.names, "cleared": arguments.yes}
    return Answer(document, _sentence(document))


def _document(use: Any) -> dict[str, Any]:
    return {
        "kind": use.kind.name, "holds": use.kind.holds, "files": use.files,
        "bytes": use.size_bytes, "oldest": _moment(use.oldest),
        "newest": _moment(use.newest), "back": use.kind.back or use.kind.instead,
    }  # fmt: skip


def _sentence(told: Mapping[str, Any]) -> str:
    size = compact(told["bytes"], "B")
    what = f"{told['kind']} ({size}, files: {told['files']:,})"
    named = ": " + ", ".join(told["names"]) if told["names"] else ""
    if told["cleared"]:
        return f"Deleted {what}{named}."
    return (
        f"Would delete {what}{named}. {told['holds']}. {told['back']}\n"
        "Nothing is deleted yet; run it again with --yes."
    )


def _moment(seconds: float | None) -> str | None:
    return None if seconds is None else moment_utc(seconds)
