"""The try-out's questions: which image or folder, which models, which labels."""

import re
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import streamlit as st

from core.cache import write_bytes
from core.errors import UsageError
from core.jobs import Job
from core.settings import load_settings, local_path
from core.transfer.images import MAX_FILE_BYTES
from core.ui.loaders import jobs
from core.ui.verb_job import run_verb
from core.zero_shot.configurations import known_configurations
from core.zero_shot.recognizer import KINDS
from core.zero_shot.texts import TEMPLATE, checked_labels
from core.zero_shot.tryout import Question

LABELS = "cat, dog, car"
MOST_MODELS = 2
TRIED = ("classification", "detection", "segmentation")
IMAGE_TYPES = ["jpg", "jpeg", "png", "webp", "bmp", "gif", "tif", "tiff"]


@dataclass(frozen=True)
class Asked:
    """Everything a try-out needs; a folder has no `question` but its templates."""

    path: Path
    models: tuple[str, ...]
    question: Question

    @property
    def is_folder(self) -> bool:
        """Whether whole classes of images are asked for."""
        return self.path.is_dir()


def ask() -> Asked | None:
    """Ask what to try; None while something is missing. Raises UsageError."""
    path = _path()
    models = st.multiselect(
        "Models, two at most", _names(*TRIED), key="try_models", bind="query-params",
        accept_new_options=True, max_selections=MOST_MODELS,
        placeholder="owner/name on the Hub, or a model folder's path",
        help="Two are shown side by side. Weights are fetched once.",
    )  # fmt: skip
    question = _question(path is not None and path.is_dir())
    return Asked(path, tuple(models), question) if path and models else None


def start(key: str, asked: Asked) -> None:
    """Start the try-out in a process of its own."""
    options = [f"--model={name}" for name in asked.models]
    options += [f"--template={text}" for text in asked.question.templates]
    if not asked.is_folder:
        text = "\n".join(asked.question.labels).encode()
        file = _kept("labels", text, ".txt")
        options += [f"--labels-file={file}"]
        if asked.question.threshold is not None:
            options += [f"--threshold={asked.question.threshold}"]
        if asked.question.masks:
            options += [f"--masks={asked.question.masks}"]

    def work(job: Job) -> None:
        run_verb(job, "zero-shot", "try", *options, "--", str(asked.path))

    jobs().start(key, "Trying models", work)


def _path() -> Path | None:
    left, right = st.columns(2)
    given = left.file_uploader(
        "An image", type=IMAGE_TYPES, key="try_upload", help="It stays on this machine."
    )
    typed = right.text_input(
        "or the path of an image or a folder here", key="try_path", bind="query-params",
        placeholder="full path",
        help="A folder with a folder a class gives accuracy and confusions.",
    )  # fmt: skip
    if given is not None:
        suffix = Path(given.name).suffix.lower()
        return _kept("images", given.getvalue(), suffix)
    if not typed:
        return None
    path = local_path(typed)
    if not (path.is_absolute() and path.exists()):
        raise UsageError(repr(typed[:200]), "is not the full path of anything here")
    return path


def _question(is_folder: bool) -> Question:
    left, right = st.columns(2)
    labels = left.text_area(
        "Labels, separated by commas or lines", LABELS, key="try_labels",
        bind="query-params", disabled=is_folder, height=110,
        help="Of a folder its classes' names are the labels.",
    )  # fmt: skip
    templates = right.text_area(
        "Templates, one a line", TEMPLATE, key="try_templates", bind="query-params",
        height=110, help="{} stands for the label. Several are averaged by "
        "classifiers; others take the first.",
    )  # fmt: skip
    with st.container(horizontal=True, vertical_alignment="bottom"):
        threshold = st.number_input(
            "Least score", 0.0, 1.0, None, 0.05, key="try_threshold", width=150,
            bind="query-params", placeholder="auto",
            help="For detection (0.1 by itself) and segmentation (0.5).",
        )  # fmt: skip
        masks = st.selectbox(
            "Turn boxes into masks by", _names("masks"), key="try_masks", index=None,
            bind="query-params", accept_new_options=True, width=420,
            placeholder="no model", disabled=is_folder,
            help="A segmenter that outlines what a detector has found.",
        )  # fmt: skip
    lines = tuple(line.strip() for line in templates.splitlines() if line.strip())
    wanted = ["any"] if is_folder else checked_labels(re.split(r"[,\n]", labels))
    return Question(tuple(wanted), lines, threshold, masks or "")


def can_be_tried(model: str) -> bool:
    """Whether a name is a model of the catalog that reads labels, or a folder here."""
    return model in _names(*TRIED) or local_path(model).is_dir()


def _names(*tasks: str) -> list[str]:
    """Return the models of the catalog that can be tried for these tasks."""
    return [
        entry.name
        for entry in known_configurations()
        if (kind := KINDS.get(entry.config["model_type"])) and kind.task in tasks
    ]


def _kept(kind: str, content: bytes, suffix: str) -> Path:
    """Keep what was given under the cache, once, so that a job can read it."""
    if len(content) > MAX_FILE_BYTES:
        raise UsageError("The image", "is larger than 64 MiB", "make it smaller")
    name = sha256(content).hexdigest()[:24] + (suffix if suffix.isascii() else "")
    path = load_settings().cache_root / "zero_shot" / kind / name
    if not path.exists():
        write_bytes(path, content)
    return path
