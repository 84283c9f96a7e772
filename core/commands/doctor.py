"""`doctor`: what only a live Hub can confirm."""

import argparse
from dataclasses import asdict

from core.commands.answer import Answer
from core.settings import Settings


def add(verbs: argparse._SubParsersAction) -> None:
    """Add the verb to the parser."""
    verb = verbs.add_parser("doctor", help="check what only a live Hub can confirm")
    verb.add_argument(
        "--model", metavar="OWNER/NAME", help="the model to try things on"
    )
    verb.add_argument("--json", action="store_true", help="print one JSON document")
    verb.set_defaults(run=run)


def run(arguments: argparse.Namespace, settings: Settings) -> Answer:
    """Run the checks; one that fails is an answer, not an error."""
    from core.hub.doctor import EXAMPLE, diagnose

    checks = diagnose(settings, model=arguments.model or EXAMPLE)
    width = max(len(check.name) for check in checks)
    lines = [f"{c.status:7}  {c.name:{width}}  {c.evidence}" for c in checks]
    document = {
        "endpoint": settings.hub_endpoint,
        "checks": [asdict(check) for check in checks],
    }
    return Answer(document, "\n".join(lines))
