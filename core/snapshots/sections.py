"""A network run from the beginning of one block to the beginning of another. The
network's own code runs, never a rewritten one: modules before the entry repeat what
they answered to a blank image, and the first module behind it is handed an activation.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from core.errors import UnsupportedFormat
from core.snapshots.activation import Activation, are_near
from core.snapshots.architecture import Architecture, build_network, logits_of
from core.snapshots.blocks import model_blocks, module_roots
from core.snapshots.expected import UNCHANGING

if TYPE_CHECKING:
    import torch

PROBE_IMAGES = 3
STIR = 0.02
CANNOT_RUN = (RuntimeError, ValueError, TypeError, LookupError, AttributeError)


@dataclass
class _Passage:
    """One forward pass through a part of the network, and whether it has begun."""

    entry: str | None
    exit: str | None
    given: Activation | None

    @property
    def is_inside(self) -> bool:
        return self.entry is None


class Sections:
    """A network cut where each block begins; the head is the last section.

    `names` tells the blocks of each section. A cut where more crosses than the
    arguments of one module (a skip from an earlier block) is left out: each is tried
    once, on noise and random weights. Then `load` gives a section its weights and `run`
    runs it; what is loaded elsewhere does not matter. Raises UnsupportedFormat for a
    network that cannot be cut at its head.
    """

    def __init__(self, architecture: Architecture, *, device: str = "cpu") -> None:
        import torch

        self.architecture, self.device = architecture, torch.device(device)
        self._network = build_network(architecture, 2).eval().to(self.device)
        self._blocks = model_blocks(self._network)
        self._passage: _Passage | None = None
        self._calls: list[tuple[str, Activation, Any]] = []
        self._wrap()
        self._stir()
        self._answers = {path: answer for path, _, answer in self._heard(1, blank=True)}
        calls = self._heard(PROBE_IMAGES)
        self._entries = _entries(self._blocks, self._block_of, calls)
        self._leave_out_wrong_cuts(calls)
        entered = {path: given for path, given, _ in calls}
        sizes = [entered[path].size_bytes for path in self._entries.values() if path]
        self.image_bytes = [size // PROBE_IMAGES for size in sizes]
        """Bytes of one image where each section but the first begins."""

    @property
    def names(self) -> list[tuple[str, ...]]:
        """The blocks of each section, in order."""
        starts = [*self._entries, len(self._blocks)]
        return [
            tuple(block.name for block in self._blocks[start:stop])
            for start, stop in pairwise(starts)
        ]

    @property
    def head(self) -> int:
        """The section of the head."""
        return len(self._entries) - 1

    def tensors(self, start: int, stop: int) -> tuple[str, ...]:
        """Name the tensors that the answers of some sections depend on."""
        names = {name for section in self.names[start:stop] for name in section}
        blocks = (block for block in self._blocks if block.name in names)
        return tuple(t for b in blocks for t in b.tensors if not t.endswith(UNCHANGING))

    def load(self, state: "Mapping[str, torch.Tensor]") -> None:
        """Give the network some of its tensors."""
        for name, tensor in state.items():
            self._assign(name, tensor)

    def run(self, start: int, stop: int, given: Activation) -> Activation:
        """Run the sections from `start` to before `stop`; return what enters that.

        The first section takes pixels (B, C, H, W). What is given stays as it is.
        """
        reached = self._pass(start, stop, given)
        if not isinstance(reached, Activation):
            raise UnsupportedFormat(self.architecture.name, "missed its next block")
        return reached

    def logits(self, given: Activation) -> "torch.Tensor":
        """Run the head on what enters it; return the logits (B, C)."""
        return logits_of(self._pass(self.head, None, given))

    def _pass(self, start: int, stop: int | None, given: Activation) -> Any:
        import torch

        paths = list(self._entries.values())
        exit = None if stop is None else paths[stop]
        self._passage = _Passage(paths[start], exit, given.copied())
        x = given.args[0] if start == 0 else self._blank(1)
        try:
            with torch.no_grad():
                return self._network(x)
        except _Reached as reached:
            return reached.activation
        finally:
            self._passage = None

    def _wrap(self) -> None:
        """Let `_call` call every module that holds one block's tensors alone."""
        self._block_of: dict[str, int] = {}
        roots = module_roots(self._network, self._blocks)
        for place, block in enumerate(self._blocks):
            for path in roots[block.name]:
                module = self._network.get_submodule(path)
                self._block_of[path] = place
                module.forward = partial(self._call, path, module.forward)

    def _call(self, path: str, forward: Callable, *args: Any, **kwargs: Any) -> Any:
        passage = self._passage
        if passage is None:
            entered = Activation(args, kwargs).copied()
            answer = forward(*args, **kwargs)
            self._calls.append((path, entered, answer))
            return answer
        if path == passage.entry:
            passage.entry = None
            args, kwargs = passage.given.args, passage.given.kwargs
        elif not passage.is_inside:
            return self._answers[path]
        elif path == passage.exit:
            raise _Reached(Activation(args, kwargs))
        return forward(*args, **kwargs)

    def _assign(self, name: str, tensor: "torch.Tensor") -> None:
        import torch

        path, _, last = name.rpartition(".")
        module = self._network.get_submodule(path)
        tensor = tensor.float() if tensor.is_floating_point() else tensor
        tensor = tensor.to(self.device)
        if last in dict(module.named_parameters(recurse=False)):
            tensor = torch.nn.Parameter(tensor, requires_grad=False)
        setattr(module, last, tensor)

    def _stir(self) -> None:
        """Move every parameter a little: a factor of zero would hide what crosses."""
        import torch

        generator = torch.Generator().manual_seed(0)
        with torch.no_grad():
            for parameter in self._network.parameters():
                noise = torch.randn(parameter.shape, generator=generator)
                parameter += STIR * noise.to(self.device)

    def _blank(self, images: int) -> "torch.Tensor":
        import torch

        seen = self.architecture
        shape = (images, seen.channels, *seen.preprocess.crop)
        return torch.zeros(shape, device=self.device)

    def _noise(self) -> "torch.Tensor":
        import torch

        blank = self._blank(PROBE_IMAGES)
        generator = torch.Generator().manual_seed(0)
        return torch.randn(blank.shape, generator=generator).to(self.device)

    def _heard(
        self, images: int, *, blank: bool = False
    ) -> list[tuple[str, Activation, Any]]:
        """Run the whole network; return its calls: path, what entered, the answer."""
        import torch

        self._calls = []
        try:
            with torch.no_grad():
                answer = self._network(self._blank(images) if blank else self._noise())
        except CANNOT_RUN as error:
            reason = " ".join(str(error).split())[:120]
            happened = f"cannot run on its own images ({reason})"
            raise UnsupportedFormat(self.architecture.name, happened) from error
        calls, self._calls = self._calls, []
        return [*calls, ("", Activation((logits_of(answer),), {}), None)]

    def _leave_out_wrong_cuts(self, calls: list[tuple[str, Activation, Any]]) -> None:
        expected = {path: entered for path, entered, _ in calls}
        while (wrong := self._first_wrong_cut(expected)) not in (None, 0):
            del self._entries[wrong]
        if wrong == 0 or self._blocks[list(self._entries)[-1]].part != "head":
            name = self.architecture.name
            raise UnsupportedFormat(name, "cannot be cut before its head")

    def _first_wrong_cut(self, expected: Mapping[str, Activation]) -> int | None:
        """Run section after section on noise; return the first that answers wrongly."""
        given = Activation((self._noise(),), {})
        paths = [*self._entries.values(), ""]
        for place, cut in enumerate(self._entries):
            try:
                if place < self.head:
                    given = self.run(place, place + 1, given)
                else:
                    given = Activation((self.logits(given),), {})
            except CANNOT_RUN:
                return cut
            if not are_near(given, expected[paths[place + 1]]):
                return cut
        return None


class _Reached(BaseException):
    """The pass came to its exit; libraries that catch errors let it through."""

    def __init__(self, activation: Activation) -> None:
        self.activation = activation


def _entries(
    blocks: tuple, block_of: Mapping[str, int], calls: list[tuple[str, Activation, Any]]
) -> dict[int, str | None]:
    """Return where each block can be entered: its first call, with all calls before it
    of earlier blocks and all after it of this or later ones.
    """
    paths = [path for path, _, _ in calls if path]
    places = [block_of[path] for path in paths]
    entries: dict[int, str | None] = {0: None}
    for block in range(1, len(blocks)):
        first = next((i for i, place in enumerate(places) if place >= block), None)
        if first is None or places[first] != block:
            continue
        if min(places[first:]) == block and not set(paths[:first]) & set(paths[first:]):
            entries[block] = paths[first]
    return entries
