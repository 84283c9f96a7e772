"""`demo`: make the demo family on this machine, once."""

import argparse

from core.commands.answer import Answer, progress_line
from core.settings import Settings


def add(verbs: argparse._SubParsersAction) -> None:
    """Add the verb to the parser."""
    verb = verbs.add_parser("demo", help="build the demo family and records")
    verb.add_argument("--json", action="store_true", help="print one JSON document")
    verb.set_defaults(run=run)


def run(arguments: argparse.Namespace, settings: Settings) -> Answer:
    """Build what is missing of the demo and name its bases."""
    from core.demo import build_demo, demo_bases

    root = build_demo(settings, progress=progress_line)
    bases = [str(base) for base in demo_bases(settings)]
    lines = [f"The demo family is in {root}. Look at it with:"]
    lines += [f"  python -m core derived {base}" for base in bases]
    return Answer({"root": str(root), "bases": bases}, "\n".join(lines))
