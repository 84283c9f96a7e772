"""`about`: what this installation is, for a report of a problem. Asks nobody."""

import argparse

from core.commands.answer import Answer
from core.settings import Settings


def add(verbs: argparse._SubParsersAction) -> None:
    """Add the verb to the parser."""
    verb = verbs.add_parser(
        "about", help="versions, settings, device, cache and log, without secrets"
    )
    verb.add_argument("--json", action="store_true", help="print one JSON document")
    verb.set_defaults(run=run)


def run(arguments: argparse.Namespace, settings: Settings) -> Answer:
    """Tell it all."""
    from core.device import detect_device
    from core.upkeep.about import about, about_text

    found = about(settings, detect_device())
    return Answer(found, about_text(found))
