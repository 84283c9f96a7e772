"""How a community freezes a base: the sets of parameters that derived models left as
they were, each with the models behind it. Knows frames: no files, no torch.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Literal

import numpy as np
import pandas as pd

from core.derived.family import Family
from core.derived.frames import tensor_rows
from core.derived.matrix import MATRIX_COLUMNS, VERDICT_CODES, verdict_matrix
from core.derived.shares import with_shares
from core.derived.summary import by_layer

Norms = Literal["none", "batch", "frozen batch"]

NOT_A_CHOICE = frozenset({
    "identical", "cast", "statistics-only", "low-rank", "reinitialized",
})  # fmt: skip
"""Patterns that are nobody's choice of layers: copies, merged LoRAs (which an adapter
library trains), and models trained from other weights.
"""

FACTS = "is_head", "is_statistic", "is_frozen_by_architecture", "evidence"
ADVICE_COLUMNS = tuple(dict.fromkeys((*MATRIX_COLUMNS, *FACTS)))


@dataclass(frozen=True)
class FreezeChoice:
    """One set of frozen parameters and the models that froze exactly it.

    `names` are the frozen parameters in forward order, as the base's file spells them,
    and `universe` all of its parameters. `drifted` counts the models in which running
    statistics of a frozen layer moved, `probed` those in which some of the equality
    rests on probes. `norms` says whether the base has BatchNorm with statistics, and
    whether its architecture freezes it.
    """

    label: str
    names: tuple[str, ...]
    universe: tuple[str, ...]
    models: tuple[str, ...]
    kinds: tuple[str, ...]
    downloads: int | None
    drifted: int
    probed: int
    norms: Norms

    @property
    def keeps_statistics(self) -> bool:
        """Whether at least half of these models kept the frozen layers' statistics."""
        return 2 * self.drifted <= len(self.models)


@dataclass(frozen=True)
class _Evidence:
    """What every choice of one family is read from.

    `body` holds the parameters that can be chosen, in forward order; `moved` the layers
    whose running statistics changed, by model.
    """

    body: pd.DataFrame
    universe: tuple[str, ...]
    models: pd.DataFrame
    probed: frozenset[str]
    moved: Mapping[str, frozenset[str]]
    norms: Norms


def freeze_choices(family: Family) -> tuple[FreezeChoice, ...]:
    """Group models by the exact set of parameters that they left frozen.

    The choice of most models comes first, then of most downloads. Heads, tied copies
    and what training never reaches belong to no choice; copies, adapters, merged LoRAs
    and other architectures are nobody's choice of layers.
    """
    models = by_layer(family.models)
    models = models[~models["kind"].isin(NOT_A_CHOICE)]
    tensors = tensor_rows(family.results, ADVICE_COLUMNS)
    tensors = tensors[tensors["model"].isin(models["id"])]
    evidence = _evidence(tensors, models)
    matrix = verdict_matrix(tensors, by="tensor")
    matrix = matrix.reindex(columns=evidence.body["base_name"].astype(object))
    frozen = matrix.to_numpy() == VERDICT_CODES["equal"]
    made = [
        _choice(chosen, ids, evidence)
        for chosen, ids in _grouped(frozen, list(matrix.index))
    ]
    return tuple(sorted(made, key=_importance))


def choices_frame(choices: Sequence[FreezeChoice]) -> pd.DataFrame:
    """One row a choice: label, frozen parameters, models with share and interval,
    downloads, and how many let running statistics drift.
    """
    rows = pd.DataFrame(
        [
            {
                "frozen": choice.label,
                "parameters": len(choice.names),
                "patterns": ", ".join(choice.kinds),
                "models": len(choice.models),
                "downloads": choice.downloads,
                "statistics_drifted": choice.drifted,
                "by_probes": choice.probed,
            }
            for choice in choices
        ],
        columns=[
            "frozen", "parameters", "patterns", "models", "downloads",
            "statistics_drifted", "by_probes",
        ],
    )  # fmt: skip
    rows["downloads"] = rows["downloads"].astype("Int64")
    return with_shares(rows, int(rows["models"].sum()))


def frozen_label(blocks: Iterable[tuple[str, int, int]]) -> str:
    """Say which blocks are frozen, from (block, frozen, all) in forward order.

    >>> frozen_label([("stem", 4, 4), ("block 0", 16, 16), ("block 1", 2, 16)])
    'stem – block 0 and parts of block 1'
    >>> frozen_label([("stem", 0, 4)])
    'nothing'
    """
    states = [
        (name, "all" if frozen == total else "some" if frozen else "none")
        for name, frozen, total in blocks
    ]
    spans = {"all": [], "some": []}
    for state, group in groupby(states, key=lambda block: block[1]):
        if state != "none":
            names = [name for name, _ in group]
            spans[state].append(
                names[0] if len(names) == 1 else f"{names[0]} – {names[-1]}"
            )
    whole, parts = ", ".join(spans["all"]), ", ".join(spans["some"])
    said = [*([whole] if whole else []), *([f"parts of {parts}"] if parts else [])]
    return " and ".join(said) or "nothing"


def _is_body(rows: pd.DataFrame) -> np.ndarray:
    aside = rows["is_head"] | rows["is_unreached"] | rows["is_tied"]
    return ~aside.to_numpy(bool)


def _grouped(
    frozen: np.ndarray, ids: list[str]
) -> list[tuple[np.ndarray, tuple[str, ...]]]:
    """Group the rows of `frozen` (models, parameters) that are the same."""
    members: dict[bytes, list[int]] = {}
    for row, set_ in enumerate(frozen):
        members.setdefault(np.packbits(set_).tobytes(), []).append(row)
    return [
        (frozen[rows[0]], tuple(str(ids[row]) for row in rows))
        for rows in members.values()
    ]


def _evidence(tensors: pd.DataFrame, models: pd.DataFrame) -> _Evidence:
    of_base = tensors[tensors["base_name"].notna()]
    known = of_base.drop_duplicates("base_name").sort_values("order", kind="stable")
    parameters = known[known["is_parameter"].to_numpy(bool)]
    is_moved = of_base["is_statistic"].to_numpy(bool) & (
        of_base["verdict"] == "changed"
    )
    moved = of_base.loc[is_moved, ["model", "base_name"]].astype(object)
    layers = moved["base_name"].map(_module).groupby(moved["model"]).agg(frozenset)
    return _Evidence(
        body=parameters[_is_body(parameters)],
        universe=tuple(map(str, parameters["base_name"])),
        models=models.set_index("id"),
        probed=frozenset(tensors.loc[tensors["evidence"] == "probe", "model"]),
        moved=layers.to_dict(),
        norms=_norms(known),
    )


def _choice(
    chosen: np.ndarray, ids: tuple[str, ...], evidence: _Evidence
) -> FreezeChoice:
    """Put one set into words; `chosen` is a mask over the rows of `evidence.body`."""
    rows = evidence.models.loc[list(ids)]
    blocks = evidence.body["block"].astype(object)
    counts = pd.Series(chosen, index=blocks).groupby(level=0, sort=False)
    names = tuple(evidence.body["base_name"].astype(object)[chosen])
    layers = frozenset(map(_module, names))
    downloads = rows["downloads"].dropna()
    return FreezeChoice(
        label=frozen_label(counts.agg(["sum", "size"]).itertuples(name=None)),
        names=names,
        universe=evidence.universe,
        models=ids,
        kinds=tuple(sorted(rows["kind"].unique())),
        downloads=int(downloads.sum()) if len(downloads) else None,
        drifted=sum(bool(layers & evidence.moved.get(id, frozenset())) for id in ids),
        probed=sum(id in evidence.probed for id in ids),
        norms=evidence.norms,
    )


def _importance(choice: FreezeChoice) -> tuple[int, int, str]:
    return -len(choice.models), -(choice.downloads or 0), choice.label


def _module(name: str) -> str:
    return name.rpartition(".")[0]


def _norms(known: pd.DataFrame) -> Norms:
    if known["is_frozen_by_architecture"].any():
        return "frozen batch"
    return "batch" if known["is_statistic"].any() else "none"
