"""`zero-shot`: the survey of zero-shot models."""

import argparse

from core.commands import zero_shot_fit, zero_shot_try
from core.commands.answer import Answer, table
from core.settings import Settings

COUNTED = (
    "criteria", "sources", "rankings", "placements", "audits", "models", "links",
    "corrections", "later_models", "results",
)  # fmt: skip


def add(verbs: argparse._SubParsersAction) -> None:
    """Add the verb and its actions to the parser."""
    verb = verbs.add_parser("zero-shot", help="the survey of zero-shot models")
    actions = verb.add_subparsers(dest="action", required=True, metavar="ACTION")

    listing = actions.add_parser("list", help="everything that the survey holds")
    listing.add_argument("--json", action="store_true", help="print one JSON document")
    listing.set_defaults(run=run_list)
    zero_shot_fit.add(actions)
    zero_shot_try.add(actions)


def run_list(arguments: argparse.Namespace, settings: Settings) -> Answer:
    """List the survey: for scripts all of it, for people what it found."""
    from core.zero_shot.catalog import load_catalog
    from core.zero_shot.document import document

    found = document(load_catalog())
    return Answer(found, _text(found))


def _text(found: dict) -> str:
    survey = found["survey"]
    head = (
        f"{survey['title']} A survey of {survey['as_of']} ({survey['repository']}, "
        f"{survey['path']}, commit {survey['commit'][:7]}), kept up to date."
    )
    counts = ", ".join(f"{len(found[name])} {name}" for name in COUNTED)
    dead = sum(link["state"] == "archived" for link in found["links"])
    audits = table(
        ["audit", "task", "then", "now", "since", "install"],
        (
            [one["name"], one["task"], one["verdict"], one["verdict_now"],
             one["verdict_now_date"], one["install"]]
            for one in found["audits"]
        ),
    )  # fmt: skip
    links = f"{dead} of the {len(found['links'])} links are archived."
    said = counts.replace("_", " ")
    return f"{head}\n{said}. {links}\n\n{_sources(found)}\n\n{audits}"


def _sources(found: dict) -> str:
    placed = [one["source"] for one in found["placements"]]
    return table(
        ["source", "placements", "verdict", "status"],
        (
            [one["name"], placed.count(one["id"]), one["verdict"], one["status"]]
            for one in found["sources"]
        ),
    )
