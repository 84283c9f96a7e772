"""A large family of the Hub as a finished run leaves it in the cache: the published mix
of patterns of google/vit-base-patch16-224-in21k, with numbers drawn at random. Nothing
was compared; the verdicts of one model of each pattern are copied for the others.
"""

from dataclasses import asdict, replace

import numpy as np
import pyarrow as pa

from core.cache import Provenance, write_json
from core.derived.comparisons import Result, failed, file_name, succeeded, write_result
from core.derived.hub_base import RECORD, BaseRecord
from core.derived.hub_child import HubChild, hub_children
from core.derived.hub_family import hub_folder
from core.derived.hub_work import HubWork
from core.derived.pattern import freeze_pattern
from core.derived.verdict import Comparison, TensorVerdict, tensor_verdict
from core.errors import GatedRepository
from core.hub.kept import keep_listing, listing_path
from core.hub.rows import RELATIONS, listing_frame, model_row
from core.settings import Settings
from core.weights.align import align
from core.weights.entry import TensorEntry
from tests.standin.families import from_block
from tests.standin.vit import tune, vit

BASE = "google/vit-base-patch16-224-in21k"
READ_AT = "2026-11-01T12:00:00Z"
IDENTITY = "0" * 64
MIX = (
    ("head", 37), ("from-10", 1), ("from-6", 2), ("middle", 1), ("lora", 2),
    ("full", 1425),
)  # fmt: skip
"""How many of the 1,468 models that were read had each pattern, and (below) how many of
1,769 could not be read; hpides/alsatian, README.md of 2025-08-21.
"""
LOST_SHARE = 301 / 1468
TASKS = ("image-classification", "image-feature-extraction", "")
LICENSES = ("apache-2.0", "mit", "")
DATASETS = ("imagefolder", "food101", "cifar10", "")


def keep_family(settings: Settings, compared: int) -> int:
    """Write a family with so many compared models to the cache; return its size."""
    folder = hub_folder(BASE, settings)
    folder.mkdir(parents=True, exist_ok=True)
    record = BaseRecord(BASE, "1" * 40, IDENTITY, 345_600_000, READ_AT)
    write_json(folder / RECORD, asdict(record))
    models = listing_frame(_listed(compared))
    provenance = Provenance(settings.hub_endpoint, BASE, READ_AT)
    keep_listing(listing_path(BASE, settings), BASE, models, provenance)
    children = hub_children(models)
    work = HubWork(folder, IDENTITY)
    kinds, draw = _kinds(compared), np.random.default_rng(0)
    templates = {name: _compared(name) for name, _ in MIX}
    for child, kind in zip(children, [*kinds, *[None] * len(models)], strict=False):
        result = _result(child, templates.get(kind), draw, work.signature(child))
        write_result(folder / file_name(child.id), result)
    return len(models)


def _kinds(compared: int) -> list[str]:
    """Deal the mix out over so many models, at least one of each pattern."""
    total = sum(count for _, count in MIX)
    rare = [
        name for name, count in MIX[:-1]
        for _ in range(max(1, round(count * compared / total)))
    ]  # fmt: skip
    return [*rare, *["full"] * (compared - len(rare))]


def _listed(compared: int) -> list[dict[str, object]]:
    draw = np.random.default_rng(1)
    rows = []
    for number in range(compared + round(LOST_SHARE * compared)):
        item = {
            "id": f"person-{number % 400}/vit-base-{number}",
            "sha": f"{number:040x}",
            "gated": number >= compared and "manual",
            "pipeline_tag": str(draw.choice(TASKS)),
            "downloads": int(draw.pareto(1) * 20),
            "likes": int(draw.integers(0, 9)),
            "createdAt": f"202{number % 5 + 1}-{number % 12 + 1:02}-03T00:00:00.000Z",
            "lastModified": f"2026-{number % 10 + 1:02}-03T00:00:00.000Z",
            "usedStorage": int(343_000_000 + 1000 * draw.integers(0, 9000)),
            "siblings": [{"rfilename": "model.safetensors"}],
            "cardData": {
                "license": str(draw.choice(LICENSES)), "base_model": BASE,
                "datasets": str(draw.choice(DATASETS)) or None, "metrics": ["accuracy"],
            },
        }  # fmt: skip
        row = model_row(item, has_token=False)
        rows.append(row | {"parent": BASE, "relation": RELATIONS[0], "hop": 1})
    return rows


def _compared(pattern: str) -> Result:
    """Return one child of the pattern, compared with ViT-base by names and words."""
    base, child = _entries(vit()), vit(prefix="vit.", labels=10, pooler=False)
    rules = {
        "head": ["classifier*"], "from-10": from_block(10), "from-6": from_block(6),
        "middle": [f"*layer.{n}.*" for n in range(9)], "full": ["*"],
        "lora": ["*attention.query.weight", "*attention.value.weight"],
    }  # fmt: skip
    tuned = tune(child, *rules[pattern], by=pattern)
    moved = {name for name, tensor in tuned.items() if tensor != child[name]}
    found = align(base, _entries(child))
    verdicts = tuple(
        tensor_verdict(
            pair, found.role(pair), *_judged(pair.child and pair.child.name, moved)
        )
        for pair in found.pairs
    )
    result = succeeded(pattern, _comparison(pattern, verdicts), "")
    size_bytes = sum(tensor.size_bytes for tensor in child.values())
    return replace(result, summary={**result.summary, "bytes_naive": size_bytes})


def _judged(name: str | None, moved: set[str]) -> tuple[str, str]:
    return ("changed", "bytes") if name in moved else ("equal", "probe")


def _comparison(pattern: str, verdicts: tuple[TensorVerdict, ...]) -> Comparison:
    low_rank = "yes" if pattern == "lora" else "no"
    found = freeze_pattern(verdicts, low_rank=low_rank, renamed_prefix="vit.")
    return Comparison(
        BASE, pattern, found.kind, found.frozen_blocks, found.flags, found.counts,
        found.runs, found.sentence, 1_000_000, verdicts,
    )  # fmt: skip


def _result(
    child: HubChild, template: Result | None, draw: np.random.Generator, signature: str
) -> Result:
    if template is None:
        lost = GatedRepository(child.id, "is gated", "accept its terms")
        return failed(child.id, "list", lost, signature)
    named = replace(template, id=child.id, signature=signature, compared_at=READ_AT)
    size = 10 ** draw.uniform(-3, -0.5)
    return replace(named, tensors=_moved(template.tensors, size, draw))


def _moved(tensors: pa.Table, size: float, draw: np.random.Generator) -> pa.Table:
    """Give every tensor a distance: 0 where it is equal, about `size` elsewhere."""
    verdict = np.array(tensors["verdict"].to_pylist(), object)
    distance = np.where(
        verdict == "changed", size * draw.lognormal(0, 0.3, len(verdict)), 0.0
    )
    shared = np.isin(verdict, ["changed", "equal"])
    column = pa.array(distance, mask=~shared)
    at = tensors.column_names.index("relative_l2")
    return tensors.set_column(at, tensors.field(at), column)


def _entries(tensors: dict) -> tuple[TensorEntry, ...]:
    return tuple(
        TensorEntry(name, "F32", tensor.shape, 0, tensor.size_bytes)
        for name, tensor in tensors.items()
    )
