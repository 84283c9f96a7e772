"""`zero-shot try`: zero-shot models on one's own image, or on a folder of them."""

import argparse
from pathlib import Path

from core.commands.answer import Answer, progress_line, table
from core.errors import UsageError
from core.numerals import percent
from core.settings import Settings, local_path

MAX_LABELS_BYTES = 2**20


def add(actions: argparse._SubParsersAction) -> None:
    """Add the action to the parser."""
    verb = actions.add_parser("try", help="models on your own image and labels")
    verb.add_argument(
        "image", type=Path, metavar="IMAGE_OR_FOLDER",
        help="one image, or a folder with a folder a class",
    )  # fmt: skip
    verb.add_argument(
        "--model", action="append", required=True, metavar="NAME",
        help="owner/name on the Hub or a model folder; again for a second one",
    )  # fmt: skip
    verb.add_argument("--labels", default="", help="separated by commas")
    verb.add_argument("--labels-file", type=Path, metavar="FILE", help="one a line")
    verb.add_argument(
        "--template", action="append", metavar="TEXT",
        help="with {} for the label; again for more, which are averaged",
    )  # fmt: skip
    verb.add_argument("--threshold", type=float, metavar="SCORE")
    verb.add_argument(
        "--masks", default="", metavar="NAME", help="turns a detector's boxes to masks"
    )
    verb.add_argument("--device", help="cuda, cuda:N, mps or cpu (default: the best)")
    verb.add_argument("--json", action="store_true", help="print one JSON document")
    verb.set_defaults(run=run)


def run(arguments: argparse.Namespace, settings: Settings) -> Answer:
    """Let every model look; what they found is kept for the page."""
    from core.device import detect_device
    from core.zero_shot.kept_tryouts import keep_folder, keep_image
    from core.zero_shot.texts import TEMPLATE

    path, device = local_path(arguments.image), detect_device(arguments.device)
    templates = tuple(arguments.template or (TEMPLATE,))
    options = (arguments.model, settings, device, progress_line)
    if path.is_dir():
        told = keep_folder(path, templates, *options)
        return Answer(told, "\n\n".join(map(_folder_text, told["results"])))
    from core.zero_shot.tryout import Question

    question = Question(
        _labels(arguments), templates, arguments.threshold, arguments.masks
    )
    told = keep_image(path, question, *options)
    return Answer(told, "\n\n".join(map(_image_text, told["results"])))


def _labels(arguments: argparse.Namespace) -> list[str]:
    file = arguments.labels_file
    if file is None:
        return arguments.labels.split(",")
    try:
        if file.stat().st_size > MAX_LABELS_BYTES:
            raise UsageError(file, "is too large for a list of labels")
        return file.read_text("utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(file, f"cannot be read ({error})", "check the path") from error


def _image_text(told: dict) -> str:
    columns = list(told["rows"][0]) if told["rows"] else ["label", "score"]
    rows = ([_shown(row[name]) for name in columns] for row in told["rows"])
    return f"{_head(told)}\n\n{table(columns, rows)}"


def _folder_text(told: dict) -> str:
    low, high = told["interval"]
    lines = [
        _head(told),
        f"accuracy {percent(told['accuracy'], 1)} ({percent(low, 1)} to "
        f"{percent(high, 1)}) of "
        f"{told['images']:,} images; always the most frequent class: "
        f"{percent(told['majority'], 1)}",
    ]
    counts = told["counts"]
    named = zip(counts["index"], counts["data"], strict=True)
    rows = ([name, *row] for name, row in named)
    return "\n".join([*lines, "", table(["true", *counts["columns"]], rows)])


def _head(told: dict) -> str:
    peak, memory = told["peak_bytes"], ""
    if peak is not None:
        memory = f", peak {peak / 2**20:,.0f} MiB of {told['peak_of']}"
    return (
        f"{told['model']}: {told['task']}, {told['scores']} scores, "
        f"{told['seconds']:.2f} s{memory}"
    )


def _shown(value: object) -> object:
    return f"{value:.4g}" if isinstance(value, float) else value
