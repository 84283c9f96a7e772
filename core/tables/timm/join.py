"""timm's readings as one table: a row per weight and resolution, its cost beside it.

Accuracy is keyed by weight, benchmarks by architecture; both by resolution.
"""

from collections.abc import Sequence

import pandas as pd

from core.tables.architectures import architecture_of
from core.tables.families import family_of
from core.tables.schema import NOT_STATED, completed
from core.tables.source import Joined, Reading, Readings
from core.tables.timm.files import Benchmark, benchmark
from core.tables.timm.tags import architecture_and_tag, pretraining

TABLE = "timm/imagenet"
ROBUSTNESS = ("real", "v2", "sketch", "a", "r")
DOCUMENTATION = "https://huggingface.co/timm/"


def join(readings: Readings) -> Joined:
    """Join the accuracy files, and the best-joined benchmarks of both kinds.

    The frame `benchmarks` keeps every benchmark's rows, so that another device can be
    chosen without the network.
    """
    main = readings["imagenet"]
    models = _models(main)
    for key in ROBUSTNESS:
        if key in readings:
            models[f"acc_{key}"] = _top1(models, readings[key])
    said = [readings[key].citation for key in ROBUSTNESS if key in readings]
    models["robustness_source"] = "; ".join(said)
    measured = _benchmarks(readings)
    summary = summarize(measured, models)
    models = _with_costs(models, measured, summary, readings)
    for kind in ("infer", "train"):
        chosen = default_benchmark(summary, kind)
        if chosen:
            models = with_benchmark(models, measured, chosen)
    return Joined(completed(models), {"benchmarks": measured, "devices": summary})


def summarize(measured: pd.DataFrame, models: pd.DataFrame) -> pd.DataFrame:
    """Return one row a benchmark: what its name says, and how many models it joins.

    The first row of a kind is its default: most joined, then not compiled, then the
    newest torch and toolkit.
    """
    keys = pd.MultiIndex.from_frame(models[["builder", "image_size"]])
    rows = []
    for name, group in measured.groupby("name", sort=True):
        said = benchmark(str(name))
        found = pd.MultiIndex.from_frame(group[["model", "img_size"]])
        counts = {"rows": len(group), "joined": int(keys.isin(found).sum())}
        rows.append(vars(said) | counts | {"citation": group["citation"].iloc[0]})
    columns = [*Benchmark.__dataclass_fields__, "rows", "joined", "citation"]
    return pd.DataFrame(rows, columns=columns).sort_values(
        ["kind", "joined", "is_compiled", "torch", "toolkit", "name"],
        ascending=[True, False, True, False, False, True],
        ignore_index=True,
    )


def default_benchmark(summary: pd.DataFrame, kind: str) -> str | None:
    """Return the name of the best-joined benchmark of a kind, None without any."""
    rows = summary[(summary["kind"] == kind) & (summary["joined"] > 0)]
    return None if rows.empty else str(rows["name"].iloc[0])


def with_benchmark(
    models: pd.DataFrame, measured: pd.DataFrame, name: str
) -> pd.DataFrame:
    """Return the models with the throughput of one benchmark, missing where it has
    none.
    """
    rows = measured[measured["name"] == name]
    said = benchmark(str(name))
    speed = _looked_up(models, rows, "images_per_second")
    known = speed.notna()
    prefix = "" if said.kind == "infer" else "train_"
    columns = {
        f"{prefix}throughput": speed,
        f"{prefix}device": known.map({True: said.device, False: ""}),
        f"{prefix or 'throughput_'}source": known.map(
            {True: rows["citation"].iloc[0], False: ""}
        ),
    }
    if said.kind == "infer":
        precision = " ".join([said.precision, *(["compiled"] * said.is_compiled)])
        columns["precision"] = known.map({True: precision, False: ""})
    return models.assign(**columns)


def _models(main: Reading) -> pd.DataFrame:
    rows = main.rows
    split = [architecture_and_tag(model) for model in rows["model"]]
    builders = [builder for builder, _ in split]
    several = rows["model"].duplicated(keep=False)
    sizes = [f"{size:.0f}" for size in rows["img_size"]]
    names = [
        f"{model} · {size} px" if twice else model
        for model, size, twice in zip(rows["model"], sizes, several, strict=True)
    ]
    keyed = zip(builders, rows["img_size"], strict=True)
    return pd.DataFrame(
        {
            "table": TABLE,
            "task": "Image classification",
            "dataset": "ImageNet-1K",
            "protocol": "supervised",
            "id": [f"timm/{m}@{s}" for m, s in zip(rows["model"], sizes, strict=True)],
            "name": names,
            "weight": rows["model"],
            "builder": builders,
            "arch": [architecture_of("timm", one, size) for one, size in keyed],
            "family": [family_of(builder, "timm") for builder in builders],
            "variant": [tag for _, tag in split],
            "metric": "acc@1",
            "accuracy": _fractions(rows["top1"]),
            "acc@1": _fractions(rows["top1"]),
            "acc@5": _fractions(rows["top5"]),
            "params": (rows["param_count"] * 1e6).round(),
            "image_size": rows["img_size"],
            "pretraining": [pretraining(tag) for _, tag in split],
            "licence": NOT_STATED,
            "doc_url": DOCUMENTATION + rows["model"],
        }
        | main.provenance
    )


def _top1(models: pd.DataFrame, reading: Reading) -> pd.Series:
    keys = models[["weight", "image_size"]]
    rows = reading.rows.assign(top1=_fractions(reading.rows["top1"]))
    return _by_key(keys, rows, "top1")


def _with_costs(
    models: pd.DataFrame, measured: pd.DataFrame, summary: pd.DataFrame, all_: Readings
) -> pd.DataFrame:
    """Fill MACs and activations from the best-joined benchmark that counts them."""
    counted = measured[measured["gmacs"].notna()]["name"].unique()
    names = summary[summary["name"].isin(counted) & (summary["joined"] > 0)]["name"]
    if names.empty:
        return models
    rows = measured[measured["name"] == names.iloc[0]]
    gmacs, macts = (_looked_up(models, rows, name) for name in ("gmacs", "macts"))
    said = gmacs.notna().map({True: all_[names.iloc[0]].citation, False: ""})
    return models.assign(gmacs=gmacs, macts=macts, cost_source=said)


def _benchmarks(readings: Readings) -> pd.DataFrame:
    columns = ["model", "img_size", "images_per_second", "batch_size", "gmacs", "macts"]
    parts: Sequence[pd.DataFrame] = [
        reading.rows.reindex(columns=columns).assign(
            name=key, citation=reading.citation
        )
        for key, reading in readings.items()
        if benchmark(key)
    ]
    empty = pd.DataFrame(columns=[*columns, "name", "citation"])
    return pd.concat(parts, ignore_index=True) if parts else empty


def _looked_up(models: pd.DataFrame, rows: pd.DataFrame, column: str) -> pd.Series:
    return _by_key(models[["builder", "image_size"]], rows, column)


def _by_key(keys: pd.DataFrame, rows: pd.DataFrame, column: str) -> pd.Series:
    found = rows.set_index(["model", "img_size"])[column]
    values = found.reindex(pd.MultiIndex.from_frame(keys)).to_numpy(float)
    return pd.Series(values, index=keys.index)


def _fractions(percent: pd.Series) -> pd.Series:
    return (percent / 100).round(8)
