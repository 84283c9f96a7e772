"""Try-outs as files under the cache: what was asked, what each model found, the picture
with its masks. A page reads them; the same question is answered from here.
"""

import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from core.cache import now_utc, read_json, safe_name, whole_file, write_json
from core.device import Device
from core.errors import CacheError
from core.progress import Progress, part_of
from core.settings import Settings
from core.transfer.images import image_folder
from core.zero_shot.labeled import Confusion, try_folder
from core.zero_shot.measured import Measured
from core.zero_shot.tryout import Found, Question, read_image, try_model

if TYPE_CHECKING:
    from PIL.Image import Image

ANSWER, PICTURE = "answer.json", "picture.jpg"
SHOWN_PX = 1024
TOLD = frozenset({"subject", "asked", "results", "at", "device", "versions"})


def tryout_folder(path: Path, models: Sequence[str], asked: object, root: Path) -> Path:
    """Return where the answer to a question about an image or folder is kept."""
    stamp = path.stat().st_mtime_ns if path.exists() else 0
    text = json.dumps([str(path.absolute()), stamp, list(models), asked])
    name = sha256(text.encode()).hexdigest()[:16]
    return root / "zero_shot" / "tryouts" / f"{safe_name(path.stem)}-{name}"


def read_tryout(folder: Path) -> dict[str, Any] | None:
    """Return a kept answer, or None where there is none that tells all."""
    if (folder / ANSWER).exists():
        with suppress(CacheError):
            told = read_json(folder / ANSWER)
            if isinstance(told, dict) and told.keys() >= TOLD:
                return told
    return None


def read_places(folder: Path, result: dict[str, Any]) -> np.ndarray | None:
    """Return the masks (H, W) of one result, as they are shown, or None."""
    from PIL import Image

    if not result.get("masks"):
        return None
    with (
        suppress(OSError, ValueError, SyntaxError),  # damaged: shown without masks
        Image.open(folder / result["masks"], formats=("PNG",)) as opened,
    ):
        return np.asarray(opened)
    return None


def keep_image(
    path: Path, question: Question, models: Sequence[str], settings: Settings,
    device: Device, progress: Progress,
) -> dict[str, Any]:  # fmt: skip
    """Try every model on one image and keep what they found."""
    image = read_image(path)
    asked = asdict(question)
    folder = tryout_folder(path, models, asked, settings.cache_root)
    results = []
    for place, name in enumerate(models):
        report = part_of(progress, place, len(models))
        found = try_model(name, image, question, settings, device, report)
        results.append(_image_result(found, place, folder))
    _picture(image, folder / PICTURE)
    return _answer(folder, path, asked, results, device, size=list(image.size))


def keep_folder(
    path: Path, templates: Sequence[str], models: Sequence[str], settings: Settings,
    device: Device, progress: Progress,
) -> dict[str, Any]:  # fmt: skip
    """Try every model on a folder of labeled images and keep how often it was right."""
    images = image_folder(path)
    asked = {"templates": list(templates)}
    folder = tryout_folder(path, models, asked, settings.cache_root)
    results = [
        _folder_result(
            try_folder(
                name, images, settings, device, part_of(progress, place, len(models)),
                templates=templates,
            )
        )
        for place, name in enumerate(models)
    ]  # fmt: skip
    return _answer(folder, path, asked, results, device)


def _answer(
    folder: Path, path: Path, asked: dict, results: list, device: Device, **more: object
) -> dict[str, Any]:
    import torch
    import transformers

    versions = f"transformers {transformers.__version__}, torch {torch.__version__}"
    told = {
        "subject": str(path), "asked": asked, "results": results, "at": now_utc(),
        "device": device.name, "versions": versions, **more,
    }  # fmt: skip
    write_json(folder / ANSWER, told)
    return told


def _image_result(found: Found, place: int, folder: Path) -> dict[str, Any]:
    masks = ""
    if found.places is not None:
        masks = f"masks-{place}.png"
        _places(found.places, folder / masks)
    rows = json.loads(found.rows.to_json(orient="records", double_precision=9))
    return {
        "model": found.model, "task": found.task, "scores": found.scores,
        "threshold": found.threshold, "rows": rows, "masks": masks,
        "loading_seconds": found.loading.seconds,
        "expected_bytes": found.expected_bytes, **_cost(found.looking),
    }  # fmt: skip


def _folder_result(found: Confusion) -> dict[str, Any]:
    return {
        "model": found.model, "task": "classification", "scores": found.scores,
        "images": found.images, "accuracy": found.accuracy if found.images else None,
        "interval": list(found.interval),
        "majority": found.majority if found.images else None,
        "counts": found.counts.to_dict("split"), "unreadable": list(found.unreadable),
        **_cost(found.working),
    }  # fmt: skip


def _cost(measured: Measured) -> dict[str, Any]:
    return asdict(measured)


def _places(places: np.ndarray, path: Path) -> None:
    """Write masks as a picture of 16 bits, no larger than they are shown."""
    from PIL.Image import Resampling, fromarray

    image = fromarray(places.astype(np.uint16))
    shrink = min(1.0, SHOWN_PX / max(image.size))
    size = [max(1, round(side * shrink)) for side in image.size]
    with whole_file(path) as temporary:
        image.resize(size, Resampling.NEAREST).save(temporary, format="PNG")


def _picture(image: "Image", path: Path) -> None:
    shown = image.copy()
    shown.thumbnail((SHOWN_PX, SHOWN_PX))
    with whole_file(path) as temporary:
        shown.save(temporary, format="JPEG", quality=90)
