"""The installed torchvision's published weights as tidy frames, one a table.

Numbers are exact and need no network. Knows neither the page nor the cache.
"""

from collections.abc import Mapping

import pandas as pd

from core.errors import SourceChanged
from core.tables.torchvision.kinds import (
    KINDS,
    check_sentinel,
    fraction,
    frames,
    identity,
)
from core.tables.torchvision.package import (
    WeightRecord,
    installed_at,
    installed_records,
    installed_version,
)

SOURCE = "torchvision package"
MEBIBYTE = 2**20
NO_LICENCE = "not stated"
# The licence's name is from the SWAG repository's README; the metadata only links it.
LICENCES = {"/facebookresearch/SWAG/": "CC-BY-NC-4.0"}


def installed_tables() -> dict[str, pd.DataFrame]:
    """Return every table of the installed torchvision, by the keys of KINDS.

    File sizes are the package's, given to a thousandth of a MiB. An optical flow
    weight is one row: `epe` is that of Sintel's clean pass, in the split that
    `dataset` names, and missing where only KITTI was measured. Raises MissingTool and
    SourceChanged.
    """
    origin = {
        "source": SOURCE,
        "revision": installed_version(),
        "fetched_at": installed_at(),
    }
    package = f"torchvision {origin['revision']}"
    try:
        rows = [_row(record) | origin for record in installed_records()]
    except (LookupError, TypeError, ValueError) as error:
        happened = f"states its weights in another way ({error!r})"
        remedy = "install the version that requirements.txt names"
        raise SourceChanged(package, happened, remedy) from error
    tables = frames(rows)
    check_sentinel(tables, package)
    return tables


def _row(record: WeightRecord) -> dict[str, object]:
    meta = record.meta
    key = _table(record)
    licence_url = str(meta.get("license", ""))
    licences = [name for part, name in LICENCES.items() if part in licence_url]
    row = identity(key, record.weight, record.builder, record.module)
    row |= _flow(meta["_metrics"]) if key == "optical-flow" else _metrics(record)
    return row | {
        "accuracy": row.get(str(row["metric"])) if key != "optical-flow" else None,
        "params": meta["num_params"],
        KINDS[key].cost: meta["_ops"],
        "file_size_bytes": round(meta["_file_size"] * MEBIBYTE),
        "image_size": record.image_size,
        "licence": licences[0] if licences else licence_url or NO_LICENCE,
        "licence_url": licence_url,
        "recipe_url": meta["recipe"],
        "weights_url": record.url,
    }


def _metrics(record: WeightRecord) -> dict[str, object]:
    (dataset, measured), *_ = record.meta["_metrics"].items()
    names = {"kp_map": "keypoint_map"}
    fractions = {names.get(k, k): fraction(value) for k, value in measured.items()}
    return {"dataset": dataset, **fractions}


def _flow(measured: Mapping[str, Mapping[str, float]]) -> dict[str, object]:
    """Lay out optical flow's several datasets; end-point errors are in pixels."""
    by_pass = {name.rpartition("-")[2]: values for name, values in measured.items()}
    kitti = next((v for name, v in measured.items() if name.startswith("Kitti")), {})
    return {
        "dataset": next(iter(measured)),
        "epe": by_pass.get("Cleanpass", {}).get("epe"),
        "epe_final": by_pass.get("Finalpass", {}).get("epe"),
        "kitti_epe": kitti.get("per_image_epe"),
        "fl_all": fraction(kitti["fl_all"]) if "fl_all" in kitti else None,
    }


def _table(record: WeightRecord) -> str:
    """Return which table a weight belongs to, by its module and what was measured."""
    package = record.module.removeprefix("torchvision.models").lstrip(".")
    measured = set().union(*record.meta["_metrics"].values())
    if package == "detection":
        tables = {"kp_map": "keypoint", "mask_map": "instance"}
        return next((tables[name] for name in tables if name in measured), "detection")
    return {"": "classification", "quantization": "quantized"}.get(
        package, package.replace("_", "-")
    )
