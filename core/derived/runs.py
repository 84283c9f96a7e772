"""Turn per-tensor verdicts into blocks and their run-length string. Knows no files, no
kinds and no charts.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from typing import Literal

from core.derived.verdict import TensorVerdict

BlockState = Literal["equal", "changed", "mixed", "new", "gone", "unknown"]


@dataclass(frozen=True, slots=True)
class BlockVerdict:
    """What became of one block's parameters.

    `number` is None for a stem, norm or head; `states` holds the state of each layer
    inside a stage, in forward order.
    """

    name: str
    verdict: BlockState
    number: int | None = None
    is_final_norm: bool = False
    states: tuple[BlockState, ...] = ()

    @property
    def is_cut(self) -> bool:
        """Whether its first layers are equal and all later ones changed."""
        return self.verdict == "mixed" and _is_cut(self.states, "equal", "changed")

    @property
    def is_reverse_cut(self) -> bool:
        """Whether its first layers changed and all later ones are equal."""
        return self.verdict == "mixed" and _is_cut(self.states, "changed", "equal")


@dataclass(frozen=True, slots=True)
class Run:
    """Neighboring blocks with one verdict."""

    verdict: BlockState
    first: str
    last: str
    blocks: int


def block_verdicts(tensors: Iterable[TensorVerdict]) -> list[BlockVerdict]:
    """Sum up trainable parameters by block, in forward order; blocks that only the
    child has come last.
    """
    counted = [t for t in tensors if _counts(t)]
    order = {t.role.block: t.role.order for t in counted if t.base_name is not None}
    members = defaultdict(list)
    for tensor in counted:
        role = tensor.role
        known = role.block in order
        members[not known, order.get(role.block, role.order), role.block].append(tensor)
    return [_block(key[2], members[key]) for key in sorted(members)]


def runs(blocks: Sequence[BlockVerdict]) -> list[Run]:
    """Merge neighboring blocks with the same verdict, in forward order.

    >>> runs([BlockVerdict("stem", "equal"), BlockVerdict("block 0", "equal")])
    [Run(verdict='equal', first='stem', last='block 0', blocks=2)]
    """
    merged = []
    for verdict, group in groupby(blocks, key=attrgetter("verdict")):
        members = list(group)
        merged.append(Run(verdict, members[0].name, members[-1].name, len(members)))
    return merged


def spell(merged: Iterable[Run]) -> str:
    """Write runs as one line.

    >>> spell([Run("equal", "stem", "block 5", 7), Run("new", "head", "head", 1)])
    'stem – block 5 equal, head new'
    """
    return ", ".join(f"{_span(run)} {run.verdict}" for run in merged)


def state(tensors: Sequence[TensorVerdict]) -> BlockState:
    """Sum up the verdicts of some tensors in one word."""
    verdicts = {tensor.verdict for tensor in tensors}
    if len(verdicts) > 1 and all(tensor.role.is_head for tensor in tensors):
        return "new" if verdicts & {"added", "reshaped"} else "changed"
    if verdicts <= {"changed", "reshaped"}:
        is_new = verdicts == {"reshaped"} and tensors[0].role.is_head
        return "new" if is_new else "changed"
    if len(verdicts) > 1:
        return "mixed"
    (only,) = verdicts
    return {"added": "new", "removed": "gone"}.get(only, only)


def _counts(tensor: TensorVerdict) -> bool:
    role = tensor.role
    return role.is_parameter and not role.is_unreached and not tensor.is_tied


def _block(name: str, tensors: Sequence[TensorVerdict]) -> BlockVerdict:
    role = tensors[0].role
    layers = defaultdict(list)
    for tensor in tensors:
        if tensor.role.layer is not None:
            layers[tensor.role.layer].append(tensor)
    states = tuple(state(layers[layer]) for layer in sorted(layers))
    return BlockVerdict(name, state(tensors), role.number, role.is_final_norm, states)


def _span(run: Run) -> str:
    return run.first if run.blocks == 1 else f"{run.first} – {run.last}"


def _is_cut(states: Sequence[BlockState], first: str, then: str) -> bool:
    turns = [key for key, _ in groupby(states)]
    return turns == [first, then]
