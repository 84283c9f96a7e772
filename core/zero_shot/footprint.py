"""What a model costs, from its configuration alone: parameters, multiply-accumulates
and the memory of one forward pass or training step. Loads no weights.

The network is built on torch's meta device and run with shapes only: the formulas of
torch's flop counter count operations, LiveBytes the storages alive at once. Fused
attention runs on fake tensors, which take the path of the CPU's kernel; where that
cannot be traced, plain attention is, which takes more. What a kernel needs inside one
operation is not seen: measured, plain attention comes out up to 15 % low
(`bench/footprint.py`).
"""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from core.tables.schema import FLOPS_PER_MAC
from core.zero_shot.configurations import Configuration
from core.zero_shot.live_memory import LiveBytes
from core.zero_shot.networks import build, quiet, reason
from core.zero_shot.sample_inputs import (
    DEFAULT_SIZE,
    image_size,
    sample_inputs,
)
from core.zero_shot.workload import Workload

if TYPE_CHECKING:
    import torch

ADAM_STATES = 2


@dataclass(frozen=True)
class Footprint:
    """What a model costs at a workload; bytes are those of tensors.

    `macs` are for one image and one text. None where it could not be traced, for the
    reason in `unknown`. `workload.attention` is what was really traced, `remark` says
    where that is not what was asked for. `image_size` is (height, width).
    """

    name: str
    source: str
    workload: Workload
    image_size: tuple[int, int]
    params: int
    weight_bytes: int
    macs: int | None = None
    activation_bytes: int | None = None
    gradient_bytes: int = 0
    optimizer_bytes: int = 0
    unknown: str = ""
    remark: str = ""


def footprint(
    configuration: Configuration, workload: Workload | None = None
) -> Footprint:
    """Trace one forward pass, or one training step, of a model that has no numbers.

    Raises UnsupportedFormat for a configuration that cannot be built.
    """
    workload = workload or Workload()
    network = _network(configuration, workload)
    told = _described(configuration, workload, network)
    try:
        return _counted(told, network, configuration)
    except Exception as error:  # foreign forward passes fail in every way there is
        why = reason(error)
    if workload.attention == "fused":
        plain = replace(told, workload=replace(workload, attention="plain"))
        remark = f"Fused attention cannot be traced ({why}); counted with plain "
        remark += "attention, which takes more."
        with suppress(Exception):
            network = _network(configuration, plain.workload)
            return replace(_counted(plain, network, configuration), remark=remark)
    return replace(told, unknown=f"it cannot be traced without weights: {why}")


def _described(
    configuration: Configuration, workload: Workload, network: "torch.nn.Module"
) -> Footprint:
    """Return all that is known before anything runs."""
    own = configuration.image_size or image_size(network)
    asked, assumed = workload.image_size, (DEFAULT_SIZE, DEFAULT_SIZE)
    remark = f"Its image size is not stated; {DEFAULT_SIZE} pixels are assumed."
    tensors = [*network.parameters(), *network.buffers()]
    weights = sum(tensor.nbytes for tensor in tensors)
    return Footprint(
        configuration.name, configuration.source, workload,
        (asked, asked) if asked else own or assumed,
        sum(tensor.numel() for tensor in network.parameters()), weights,
        gradient_bytes=weights * workload.training,
        optimizer_bytes=ADAM_STATES * weights * workload.training,
        remark="" if asked or own else remark,
    )  # fmt: skip


def _counted(
    told: Footprint, network: "torch.nn.Module", configuration: Configuration
) -> Footprint:
    """Fill in what a pass of the network takes; one image and text count for MACs."""
    workload = told.workload
    macs, peak = _trace(network, told)
    if workload.training or workload.batch * workload.labels > 1:
        single = replace(workload, batch=1, labels=1, training=False, attention="plain")
        network = _network(configuration, single)
        macs, _ = _trace(network, replace(told, workload=single))
    return replace(told, macs=macs, activation_bytes=peak)


def _trace(network: "torch.nn.Module", told: Footprint) -> tuple[int, int]:
    """Return the multiply-accumulates of a pass, and its peak of bytes alive."""
    import torch
    from torch._subclasses.fake_tensor import FakeTensorMode
    from torch.utils.flop_counter import flop_registry

    workload = told.workload
    is_fused = workload.attention == "fused"
    flops = 0

    def count(operation: Any, args: tuple, kwargs: dict, answer: Any) -> None:
        nonlocal flops
        formula = flop_registry.get(operation._overloadpacket)
        flops += formula(*args, **kwargs, out_val=answer) if formula else 0

    fake = FakeTensorMode() if is_fused else nullcontext()
    where = nullcontext() if is_fused else torch.device("meta")
    with fake, quiet():
        if is_fused:
            # Three times as quick as to_empty, which turns every tensor into a fake.
            network._apply(lambda one: torch.empty(one.shape, dtype=one.dtype))
        network.train(workload.training).requires_grad_(workload.training)
        live = LiveBytes([*network.parameters(), *network.buffers()])
        with where, live.mode(count):
            inputs = sample_inputs(
                network, told.name, workload.batch, told.image_size, workload.labels
            )
            _run(network, inputs, training=workload.training)
    return flops // FLOPS_PER_MAC, live.peak


def _run(network: "torch.nn.Module", inputs: dict[str, Any], *, training: bool) -> None:
    """Run a pass; in training back again, every gradient dropped once it is there."""
    import torch
    from torch.utils._pytree import tree_leaves

    if not training:
        with torch.no_grad():
            network(**inputs)
        return
    with _gradients_dropped(network):
        outputs = network(**inputs)
        values = outputs.values() if hasattr(outputs, "values") else outputs
        parts = [
            leaf.float().sum()
            for leaf in tree_leaves(list(values))
            if isinstance(leaf, torch.Tensor) and leaf.requires_grad
        ]
        torch.stack(parts).sum().backward()


@contextmanager
def _gradients_dropped(network: "torch.nn.Module") -> Iterator[None]:
    """Let go of gradients at once: all of them together are counted by themselves."""
    handles = [
        parameter.register_post_accumulate_grad_hook(
            lambda parameter: setattr(parameter, "grad", None)
        )
        for parameter in network.parameters()
    ]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def _network(configuration: Configuration, workload: Workload) -> "torch.nn.Module":
    import torch

    network = build(configuration, attention=workload.attention)
    return network.to(getattr(torch, workload.dtype)).eval()
