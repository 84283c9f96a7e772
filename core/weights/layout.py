"""What a tensor's name and shape say about its role in the network. Reads no bytes."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from core.weights.blocks import Place, Position, positions
from core.weights.entry import TensorEntry

BUFFERS = frozenset({
    "position_ids", "token_type_ids", "num_batches_tracked", "running_mean",
    "running_var", "masked_bias", "relative_position_index", "relative_coords_table",
    "inv_freq", "attn_mask", "causal_mask", "_float_tensor", "pixel_mean", "pixel_std",
    "total_ops", "total_params",
})  # fmt: skip
STATISTICS = frozenset({"running_mean", "running_var"})
UNREACHED = frozenset({"mask_token"})
NORM_MODULE = re.compile(r"norm|(?:^|_)(?:ln|bn)(?:_|\d|$)", re.IGNORECASE)
TABLE = re.compile(
    r"(?:word_|token_|token_type_|position_?|pos_|query_\w*)embed|embed_(?:tokens|pos)"
    r"|(?:^|\.)(?:wte|wpe|shared)\."
)


@dataclass(frozen=True, slots=True)
class TensorRole:
    """The part a tensor plays; `order` is the forward order of its block.

    `number` counts numbered blocks as the file does (None for a stem, norm or head) and
    `layer` the place inside a stage. `is_frozen_by_architecture` marks a
    FrozenBatchNorm, `is_unreached` a parameter that fine-tuning never reaches.
    """

    name: str
    block: str
    component: str
    order: int
    is_parameter: bool = True
    is_head: bool = False
    is_norm: bool = False
    is_bias: bool = False
    is_embedding: bool = False
    is_statistic: bool = False
    is_frozen_by_architecture: bool = False
    is_unreached: bool = False
    is_final_norm: bool = False
    number: int | None = None
    layer: int | None = None

    @property
    def decides(self) -> bool:
        """Whether this tensor says what was trained: a reachable backbone parameter."""
        return self.is_parameter and not self.is_head and not self.is_unreached

    @property
    def is_matrix(self) -> bool:
        """Whether it is a weight proper: neither norm nor bias."""
        return not self.is_norm and not self.is_bias


def layout(entries: Sequence[TensorEntry]) -> dict[str, TensorRole]:
    """Give every tensor of one checkpoint its role, by name, in the order given.

    All names are needed: a norm is a FrozenBatchNorm when a backbone's running
    statistics come without their counter.

    >>> norm = TensorEntry("layer1.0.bn1.weight", "F32", (64,), 0, 256)
    >>> role = layout([norm])["layer1.0.bn1.weight"]
    >>> role.block, role.is_norm, role.is_bias, role.decides
    ('stage 1', True, False, True)
    """
    return dict(_layout(tuple(entries)))


@lru_cache(maxsize=8)
def _layout(entries: tuple[TensorEntry, ...]) -> dict[str, TensorRole]:
    where = positions([entry.name for entry in entries])
    forward = sorted({position.forward for position in where.values()})
    rank = {key: order for order, key in enumerate(forward)}
    names = frozenset(where)
    flat = frozenset(_module(e.name) for e in entries if _is_flat_weight(e))
    return {
        entry.name: _role(entry, where[entry.name], rank, names, flat)
        for entry in entries
    }


def _role(
    entry: TensorEntry,
    position: Position,
    rank: dict[tuple[int, int, int], int],
    names: frozenset[str],
    flat: frozenset[str],
) -> TensorRole:
    name = entry.name
    module, _, last = name.rpartition(".")
    owner = module.rpartition(".")[2]
    frozen = _is_frozen_norm(module, names)
    counted = f"{module}.running_mean" in names
    return TensorRole(
        name=name,
        block=position.block,
        component=position.component,
        order=rank[position.forward],
        is_parameter=not frozen and not is_buffer(entry),
        is_head=position.component == "head",
        is_norm=counted or module in flat or bool(NORM_MODULE.search(owner)),
        is_bias=last.endswith("bias") or last == "beta",
        is_embedding=len(entry.shape) == 2 and bool(TABLE.search(name)),
        is_statistic=last in STATISTICS,
        is_frozen_by_architecture=frozen,
        is_unreached=last in UNREACHED,
        is_final_norm=position.place is Place.NORM,
        number=position.number,
        layer=position.layer,
    )


def is_buffer(entry: TensorEntry) -> bool:
    """Tell whether a tensor is no parameter: a statistic, a counter, an index, a mask.

    >>> is_buffer(TensorEntry("h.0.attn.bias", "F32", (1, 1, 8, 8), 0, 256))
    True
    """
    module, _, last = entry.name.rpartition(".")
    if last in BUFFERS or entry.dtype == "BOOL":
        return True
    is_square = last == "bias" and len(entry.shape) == 4
    return is_square and module.endswith(("attn", "attention"))


def _module(name: str) -> str:
    return name.rpartition(".")[0]


def _is_flat_weight(entry: TensorEntry) -> bool:
    # Only norms have a one-dimensional `weight`; a Sequential hides their name.
    return len(entry.shape) == 1 and entry.name.endswith(".weight")


def _is_frozen_norm(module: str, names: frozenset[str]) -> bool:
    if "backbone" not in module or f"{module}.running_mean" not in names:
        return False
    counter = f"{module}.num_batches_tracked"
    return f"{module}.weight" in names and counter not in names
