"""A fit as one JSON document: what `zero-shot fit --json` prints, and what is kept of
it under the cache for pages.
"""

import json
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Any

from core.cache import now_utc, read_json, write_json
from core.device import Device
from core.errors import CacheError
from core.zero_shot.fit import SPREAD, Fit, fit
from core.zero_shot.footprint import Footprint
from core.zero_shot.workload import Workload


def fit_document(held: Fit) -> dict[str, Any]:
    """Return everything that is known of a fit; what is unknown is None.

    `memory` is in bytes, its `total` the sum of its parts.
    """
    found = held.footprint
    workload = found.workload
    return {
        "model": found.name,
        "source": found.source,
        "params": found.params,
        "macs": found.macs,
        "memory": {**held.parts, "total": held.total_bytes},
        "activations_spread": list(SPREAD[held.device.kind]),
        "batch": workload.batch,
        "labels": workload.labels,
        "image_size": list(found.image_size),
        "asked_size": workload.image_size,
        "dtype": workload.dtype,
        "training": workload.training,
        "attention": workload.attention,
        "device": held.device.name,
        "device_kind": held.device.kind,
        "device_bytes": held.device.memory_bytes,
        "device_free_bytes": held.device.free_bytes,
        "verdict": held.verdict,
        "sentence": held.sentence,
        "unknown": found.unknown,
        "remark": found.remark,
        "at": now_utc(),
    }


def read_document(told: dict[str, Any], device: Device | None = None) -> Fit:
    """Return the fit that a document tells of, held against `device` if given."""
    workload = Workload(
        told["batch"], told["asked_size"], told["dtype"], told["training"],
        told["attention"], told["labels"],
    )  # fmt: skip
    memory = told["memory"]
    found = Footprint(
        told["model"], told["source"], workload, tuple(told["image_size"]),
        told["params"], memory["weights"], told["macs"], memory["activations"],
        memory["gradients"], memory["optimizer"], told["unknown"], told["remark"],
    )  # fmt: skip
    own = Device(
        told["device_kind"], told["device_kind"], told["device"],
        told["device_bytes"], told["device_free_bytes"],
    )  # fmt: skip
    overhead = None if device else memory["overhead"]
    return fit(found, device or own, overhead_bytes=overhead)


def fit_path(model: str, workload: Workload, root: Path) -> Path:
    """Return where the fit of a model at a workload is kept."""
    asked = json.dumps([model, vars(workload)], sort_keys=True)
    return (
        root / "zero_shot" / "fits" / f"{sha256(asked.encode()).hexdigest()[:16]}.json"
    )


def keep_fit(model: str, workload: Workload, held: Fit, root: Path) -> dict[str, Any]:
    """Keep a fit and return its document."""
    told = fit_document(held)
    write_json(fit_path(model, workload, root), told)
    return told


def kept_fit(model: str, workload: Workload, root: Path) -> dict[str, Any] | None:
    """Return the document of a fit that is kept; None where there is none that tells
    all.
    """
    path = fit_path(model, workload, root)
    if path.exists():
        with suppress(CacheError, KeyError, TypeError, ValueError, AttributeError):
            told = read_json(path)
            read_document(told)
            return told
    return None
