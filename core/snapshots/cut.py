"""A network cut before its first trained block, so that what is frozen before it runs
once. The network is never rewritten: the frozen modules replay what they answered to a
blank image, and the first trained module is handed kept features instead.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

from core.snapshots.architecture import logits_of

if TYPE_CHECKING:
    import torch

    Kept = list[torch.Tensor]

TOLERANCE = 1e-4
PROBE_IMAGES = 3


class Cut:
    """Runs a network up to its first trained module, and on from there.

    `before(x)` gives the features that enter that module, a list of tensors (B, ...),
    without gradients; `after(kept)` gives the logits (B, C). Both follow the modes of
    the network. Made by `cut_network`.
    """

    def __init__(
        self, network: "torch.nn.Module", frozen: Sequence[str], trained: Sequence[str]
    ) -> None:
        self.network, self.frozen, self.trained = network, frozen, trained
        self.answers: dict[str, list[Any]] = defaultdict(list)
        self.slots: list[int | str] = []
        self.first = ""

    def record(self, probe: "torch.Tensor") -> bool:
        """Keep what frozen modules answer to a blank image shaped as `probe`'s.

        Returns whether anything frozen comes before the cut, and a tensor with a row
        an image crosses it.
        """
        self.blank = probe[:1] * 0
        with ExitStack() as stack:
            for path in self.frozen:
                module = self.network.get_submodule(path)
                keep = self.answers[path].append
                hook = module.register_forward_hook(lambda m, i, o, keep=keep: keep(o))
                stack.callback(hook.remove)
            one = self._reached(self.blank)
        several = self._reached(probe)
        self.answers = {path: kept for path, kept in self.answers.items() if kept}
        self.slots = [
            place
            for place in several
            if _rows(one[place]) == 1 and _rows(several[place]) == len(probe)
        ]
        return bool(self.answers) and bool(self.slots)

    def before(self, x: "torch.Tensor") -> "Kept":
        """Return the features that enter the first trained module."""
        reached = self._reached(x)
        return [reached[place] for place in self.slots]

    def after(self, kept: "Kept") -> "torch.Tensor":
        """Return the logits of kept features; everything from the cut on runs."""
        waiting = [dict(zip(self.slots, kept, strict=True))]

        def hand_over(module: Any, args: tuple, named: dict) -> tuple | None:
            if not waiting:
                return None
            kept = waiting.pop()
            swapped = tuple(kept.get(place, value) for place, value in enumerate(args))
            return swapped, {key: kept.get(key, value) for key, value in named.items()}

        first = self.network.get_submodule(self.first)
        handle = first.register_forward_pre_hook(hand_over, with_kwargs=True)
        try:
            with self._replaying():
                return logits_of(self.network(self.blank))
        finally:
            handle.remove()

    def _reached(self, x: "torch.Tensor") -> dict[int | str, Any]:
        """Return the arguments with which `x` reaches the first trained module."""
        import torch

        with ExitStack() as stack, torch.no_grad():
            for path in self.trained:
                module = self.network.get_submodule(path)
                hook = module.register_forward_pre_hook(
                    self._stop(path), with_kwargs=True
                )
                stack.callback(hook.remove)
            try:
                self.network(x)
            except _Reached as reached:
                self.first = reached.path
                return {**dict(enumerate(reached.args_)), **reached.named}
        return {}

    def _stop(self, path: str) -> Any:
        def hook(module: Any, args: tuple, named: dict) -> None:
            raise _Reached(path, args, named)

        return hook

    @contextmanager
    def _replaying(self) -> Iterator[None]:
        """Let the frozen modules before the cut answer as they did to the blank."""
        modules = [self.network.get_submodule(path) for path in self.answers]
        try:
            for module, answers in zip(modules, self.answers.values(), strict=True):
                module.forward = _replay(module.forward, answers)
            yield
        finally:
            for module in modules:
                vars(module).pop("forward", None)


def cut_network(
    network: "torch.nn.Module",
    frozen: Sequence[str],
    trained: Sequence[str],
    shape: tuple[int, ...],
) -> Cut | None:
    """Cut a network before the first of its `trained` modules, given by path.

    It is tried on noise of `shape` (C, H, W): the two halves must give what the whole
    gives, else None is returned, as where nothing frozen comes first. The `frozen`
    modules must stay as they are while the cut is used.
    """
    import torch

    device = next(network.parameters()).device
    generator = torch.Generator().manual_seed(0)
    probe = torch.randn((PROBE_IMAGES, *shape), generator=generator).to(device)
    cut, entered = Cut(network, frozen, trained), []
    # a fresh head may be all zeros: what enters it tells more than its logits
    last = network.get_submodule(trained[-1])
    hook = last.register_forward_hook(lambda module, args, _: entered.extend(args[:1]))
    try:
        with evaluating(network), torch.no_grad():
            if not cut.record(probe):
                return None
            entered.clear()
            whole = [logits_of(network(probe)), *entered]
            entered.clear()
            halves = [cut.after(cut.before(probe)), *entered]
    except (RuntimeError, ValueError, IndexError, KeyError, TypeError):
        return None
    finally:
        hook.remove()
    return cut if _agree(whole, halves) else None


@contextmanager
def evaluating(network: "torch.nn.Module") -> Iterator[None]:
    """Put a network into evaluation mode, and each module back into its own after."""
    modes = [(module, module.training) for module in network.modules()]
    network.eval()
    try:
        yield
    finally:
        for module, mode in modes:
            module.training = mode


class _Reached(BaseException):
    """The forward pass met the cut; libraries that catch errors let it through."""

    def __init__(self, path: str, args: tuple, named: dict[str, Any]) -> None:
        self.path, self.args_, self.named = path, args, named


def _agree(whole: "Kept", halves: "Kept") -> bool:
    import torch

    return len(whole) == len(halves) and all(
        one.shape == other.shape
        and torch.allclose(one, other, rtol=0, atol=TOLERANCE * float(one.abs().max()))
        for one, other in zip(whole, halves, strict=True)
    )


def _replay(original: Any, answers: Sequence[Any]) -> Any:
    """Return a forward that repeats `answers`, then computes as before."""
    pending = iter(answers)

    def forward(*args: Any, **named: Any) -> Any:
        for answer in pending:
            return answer
        return original(*args, **named)

    return forward


def _rows(value: Any) -> int | None:
    import torch

    return len(value) if isinstance(value, torch.Tensor) and value.ndim else None
