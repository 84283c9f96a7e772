"""What the verdicts of one child say together, before any kind is chosen. Knows no
rules.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from core.derived.runs import BlockVerdict, block_verdicts
from core.derived.verdict import LowRank, TensorVerdict

WHOLE_COMPONENTS = ("backbone", "encoder", "decoder", "vision", "text")


@dataclass(frozen=True)
class Facts:
    """All that the rules look at.

    `body` are the trainable, reachable backbone parameters. A component that the base
    lacks is a new head. `correlation` is the mean cosine of the changed matrices with
    the base's, weighted by size, where it was measured.
    """

    tensors: Sequence[TensorVerdict]
    is_adapter: bool = False
    low_rank: LowRank = "no"
    correlation: float | None = None

    @cached_property
    def base_components(self) -> frozenset[str]:
        """The components that the base has."""
        shared = (t for t in self.tensors if t.base_name is not None)
        return frozenset(tensor.role.component for tensor in shared)

    @cached_property
    def body(self) -> list[TensorVerdict]:
        """The parameters that say what was trained."""
        deciding = (t for t in self.tensors if t.role.decides and not t.is_tied)
        return [tensor for tensor in deciding if not self._is_headlike(tensor)]

    @cached_property
    def differing(self) -> list[TensorVerdict]:
        """The body's parameters that are not equal to the base's."""
        return [tensor for tensor in self.body if tensor.verdict != "equal"]

    @cached_property
    def matrices(self) -> list[TensorVerdict]:
        """The body's weights proper, of two dimensions or more."""
        return [t for t in self.body if t.role.is_matrix and len(t.shape) > 1]

    @cached_property
    def head_differs(self) -> bool:
        """Whether a head tensor differs, is new or is gone."""
        return any(
            tensor.verdict != "equal"
            for tensor in self.tensors
            if tensor.role.is_parameter
            and not tensor.is_tied
            and self._is_headlike(tensor)
        )

    @cached_property
    def statistics_drift(self) -> bool:
        """Whether running statistics of a trainable norm differ."""
        return any(
            tensor.verdict == "changed"
            for tensor in self.tensors
            if tensor.role.is_statistic and not tensor.role.is_frozen_by_architecture
        )

    @cached_property
    def is_cast(self) -> bool:
        """Whether any parameter is stored in another dtype."""
        return any(t.is_cast for t in self.tensors if t.role.is_parameter)

    @cached_property
    def components(self) -> Mapping[str, list[TensorVerdict]]:
        """The shared parameters of each whole component of the base."""
        parts = defaultdict(list)
        for tensor in self.body:
            if tensor.is_shared and tensor.role.component in WHOLE_COMPONENTS:
                parts[tensor.role.component].append(tensor)
        return parts

    @cached_property
    def frozen_components(self) -> list[str]:
        """The whole components of which every shared parameter is equal."""
        return [
            name
            for name, part in self.components.items()
            if all(tensor.verdict == "equal" for tensor in part)
        ]

    @cached_property
    def blocks(self) -> list[BlockVerdict]:
        """The body's blocks in forward order, without the norms that end a component.

        A final norm is often left out by whoever freezes "the first N blocks", so it
        decides neither way.
        """
        return [b for b in block_verdicts(self.body) if not b.is_final_norm]

    def _is_headlike(self, tensor: TensorVerdict) -> bool:
        unknown = tensor.role.component not in self.base_components
        return tensor.role.is_head or (tensor.base_name is None and unknown)
