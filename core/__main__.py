"""The command line: `python -m core VERB ...`. Verbs live in `core.commands`.

People get text, `--json` gives exactly one JSON document on stdout; progress and logs
go to stderr. Exit 0: done; 1: a named error in one line; 2: wrong usage.
"""

import argparse
import json
import logging
import os
import sys
from collections.abc import Sequence

from core.commands import (
    about,
    cache,
    compare,
    demo,
    derived,
    doctor,
    features,
    report,
    score,
    search,
    snapshots,
    store,
    tables,
    transfer,
    zero_shot,
)
from core.commands.answer import Answer, plain
from core.errors import PedigreeError
from core.settings import load_settings
from core.upkeep.log import keep_log

VERBS = (
    tables,
    compare,
    derived,
    report,
    score,
    features,
    search,
    transfer,
    doctor,
    demo,
    zero_shot,
    snapshots,
    store,
    cache,
    about,
)

log = logging.getLogger("pedigree")


def parser() -> argparse.ArgumentParser:
    """Build the parser of all verbs."""
    top = argparse.ArgumentParser(
        prog="python -m core",
        description="Choose, study and reuse pre-trained vision models, with evidence.",
    )
    verbs = top.add_subparsers(dest="verb", required=True, metavar="VERB")
    for verb in VERBS:
        verb.add(verbs)
    return top


def run(arguments: Sequence[str] | None = None) -> int:
    """Run one verb and return the exit status."""
    chosen = parser().parse_args(arguments)
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(message)s")
    try:
        settings = load_settings()
        keep_log(settings.cache_root)
        answer = chosen.run(chosen, settings)
    except PedigreeError as error:
        print(" ".join(str(error).split()), file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Stopped; what was finished is kept.", file=sys.stderr)
        return 1
    return show(answer, as_json=getattr(chosen, "json", False))


def show(answer: Answer, *, as_json: bool) -> int:
    """Print an answer; a reader that closes the pipe early is no error."""
    text = answer.text
    if as_json:
        text = json.dumps(plain(answer.document), allow_nan=False, indent=1)
    try:
        print(text, flush=True)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


if __name__ == "__main__":
    sys.exit(run())
