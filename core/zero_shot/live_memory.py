"""How many bytes of tensors are alive while something runs, be they real, meta or fake.
Knows no models.
"""

import weakref
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch
    from torch.utils._python_dispatch import TorchDispatchMode

Heard = Callable[[Any, tuple, dict[str, Any], Any], None]


class LiveBytes:
    """Counts the bytes of every storage from the operation that makes it until it dies.

    `known` are tensors that were there before and do not count. Use `mode()` as the
    context to count in; `peak` is the most that was alive at once. What a kernel takes
    and gives back inside one operation is not seen.
    """

    def __init__(self, known: Iterable["torch.Tensor"] = ()) -> None:
        self.now = 0
        self.peak = 0
        self._known = {tensor.untyped_storage()._cdata for tensor in known}

    def mode(self, heard: Heard | None = None) -> "TorchDispatchMode":
        """Return the context in which operations are counted.

        `heard(operation, args, kwargs, answer)` hears of each.
        """
        from torch.utils._python_dispatch import TorchDispatchMode

        live = self

        class Counting(TorchDispatchMode):
            def __torch_dispatch__(
                self, operation: Any, types: Any, args: Any = (), kwargs: Any = None
            ) -> Any:
                kwargs = kwargs or {}
                found = operation(*args, **kwargs)
                live.take(found)
                if heard:
                    heard(operation, args, kwargs, found)
                return found

        return Counting()

    def take(self, made: object) -> None:
        """Count the storages of the tensors in `made` that are new."""
        import torch
        from torch.utils._pytree import tree_leaves

        for tensor in (made,) if isinstance(made, torch.Tensor) else tree_leaves(made):
            if not isinstance(tensor, torch.Tensor):
                continue
            storage = tensor.untyped_storage()
            address, size_bytes = storage._cdata, storage.nbytes()
            if address not in self._known:
                self._known.add(address)
                self.now += size_bytes
                self.peak = max(self.peak, self.now)
                weakref.finalize(storage, self._release, address, size_bytes)

    def _release(self, address: int, size_bytes: int) -> None:
        self._known.discard(address)
        self.now -= size_bytes
