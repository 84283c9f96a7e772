"""A fit as one JSON document: what `zero-shot fit --json` prints and pages keep."""

from core.zero_shot.fit import SPREAD, Fit


def fit_document(held: Fit) -> dict[str, object]:
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
    }
