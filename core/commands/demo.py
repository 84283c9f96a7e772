"""`demo`: make the demo family on this machine, once."""

import argparse

from core.commands.answer import Answer, progress_line
from core.settings import Settings


def add(verbs: argparse._SubParsersAction) -> None:
    """Add the verb to the parser."""
    verb = verbs.add_parser("demo", help="build the demo family and records")
    verb.add_argument(
        "--records", action="store_true",
        help="the training records and their backbones instead of the family",
    )  # fmt: skip
    verb.add_argument("--json", action="store_true", help="print one JSON document")
    verb.set_defaults(run=run)


def run(arguments: argparse.Namespace, settings: Settings) -> Answer:
    """Build what is missing of the demo and name its bases."""
    if arguments.records:
        return _records(settings)
    from core.demo import build_demo, demo_bases

    root = build_demo(settings, progress=progress_line)
    bases = [str(base) for base in demo_bases(settings)]
    lines = [f"The demo family is in {root}. Look at it with:"]
    lines += [f"  python -m core derived {base}" for base in bases]
    return Answer({"root": str(root), "bases": bases}, "\n".join(lines))


def _records(settings: Settings) -> Answer:
    from core.demo.build_records import build_records
    from core.demo.records import FILES

    root = build_records(settings, progress=progress_line)
    grid, models, tasks = (str(root / name) for name in FILES[:3])
    text = f"The demo's records are in {root}. Hold predictors against them with:\n"
    text += f"  python -m core transfer evaluate --records {grid} --models {models}"
    return Answer({"root": str(root)}, f"{text} --tasks {tasks}")
