"""A pickle as plain values, by an interpreter that can call only what it is given.
Knows nothing of torch.

Why not `pickle.Unpickler` with a strict `find_class`: its C code sizes the memo by the
largest index in the file (one LONG_BINPUT asks for 34 GB), reserves what a BYTEARRAY8
claims, hashes nested tuples used as keys (exponential time), and calls `__setstate__`,
`extend` or `append` of whatever BUILD and APPENDS meet; it has been the way around
torch's own allow-list twice (CVE-2025-32434, CVE-2026-24747). Here the standard
library's `pickletools.genops` only splits the opcodes; the few that tensors need are
interpreted below over plain lists, dicts and tuples, and any other opcode (INST, OBJ,
NEWOBJ, EXT, sets, buffers) is refused.
"""

import pickletools
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import BinaryIO

from core.errors import CorruptCheckpoint, UnsafePickle
from core.weights.source import FrontReader

MAX_OPERATIONS = 2_000_000


@dataclass(frozen=True, slots=True)
class Call:
    """A function of ours that a pickle may call under some module's name.

    It gets the pickle's arguments unchecked; a TypeError or ValueError that it raises
    means a corrupt file.
    """

    function: Callable[..., object]


def read_pickle(
    stream: BinaryIO | FrontReader,
    name: str,
    *,
    allowed: Mapping[str, object],
    persistent: Callable[[object], object],
) -> object:
    """Read one pickle from `stream`, leaving it just behind the STOP.

    `allowed` maps "module.name" to a Call or to a constant, and `persistent` turns a
    persistent id into a value. Raises UnsafePickle, naming what the file `name` asked
    for, and CorruptCheckpoint when it is damaged.

    >>> from io import BytesIO
    >>> stream = BytesIO(b"\\x80\\x02]K\\x01a.")
    >>> read_pickle(stream, "f", allowed={}, persistent=str)
    [1]
    """
    machine = _Machine(name, allowed, persistent)
    try:
        return machine.run(stream)
    except (ValueError, TypeError, LookupError, OverflowError, struct.error) as error:
        raise CorruptCheckpoint(
            name, f"holds a broken pickle ({error!s:.80})"
        ) from error


def plain_key(key: object) -> str | int | float | bytes | None:
    """Return a dict key that is cheap to hash and to print, or raise TypeError.

    >>> plain_key("weight")
    'weight'
    """
    if isinstance(key, int) and key.bit_length() > 64:
        raise TypeError("a dict key that is a huge number")
    if key is None or isinstance(key, str | int | float | bytes):
        return key
    raise TypeError("a dict key that is not plain")


class _Machine:
    """The stack, marks and memo of one pickle (PEP 307, `pickletools`)."""

    def __init__(
        self,
        name: str,
        allowed: Mapping[str, object],
        persistent: Callable[[object], object],
    ) -> None:
        self.name = name
        self.allowed = allowed
        self.persistent = persistent
        self.stack: list[object] = []
        self.marks: list[int] = []
        self.memo: dict[int, object] = {}

    def run(self, stream: BinaryIO | FrontReader) -> object:
        for count, (opcode, argument, _) in enumerate(pickletools.genops(stream)):
            if count >= MAX_OPERATIONS:
                raise ValueError(f"more than {MAX_OPERATIONS:,} operations")
            if opcode.name in PUSHES:
                self.stack.append(argument)
            elif opcode.name in CONSTANTS:
                self.stack.append(CONSTANTS[opcode.name]())
            elif opcode.name in OPERATIONS:
                OPERATIONS[opcode.name](self, argument)
            elif opcode.name not in SKIPPED:
                raise self._unsafe(f"the opcode {opcode.name}")
        return self.stack.pop()

    def mark(self, _: object) -> None:
        self.marks.append(len(self.stack))

    def pop(self, _: object) -> None:
        self.stack.pop()

    def pop_mark(self, _: object) -> None:
        self._marked()

    def duplicate(self, _: object) -> None:
        self.stack.append(self.stack[-1])

    def put(self, index: int) -> None:
        self.memo[index] = self.stack[-1]

    def memoize(self, _: object) -> None:
        self.memo[len(self.memo)] = self.stack[-1]

    def get(self, index: int) -> None:
        self.stack.append(self.memo[index])

    def append(self, _: object) -> None:
        self._extend([self.stack.pop()])

    def appends(self, _: object) -> None:
        self._extend(self._marked())

    def list_of_marked(self, _: object) -> None:
        self.stack.append(self._marked())

    def set_item(self, _: object) -> None:
        value, key = self.stack.pop(), self.stack.pop()
        self._update([key, value])

    def set_items(self, _: object) -> None:
        self._update(self._marked())

    def dict_of_marked(self, _: object) -> None:
        pairs = self._marked()
        self.stack.append({})
        self._update(pairs)

    def tuple_of_marked(self, _: object) -> None:
        self.stack.append(tuple(self._marked()))

    def tuple_of(self, count: int) -> None:
        if len(self.stack) < count:
            raise LookupError("stack underflow")
        self.stack[-count:] = [tuple(self.stack[-count:])]

    def find_global(self, words: str) -> None:
        self._push_global(words.replace(" ", "."))

    def find_stacked_global(self, _: object) -> None:
        name, module = self.stack.pop(), self.stack.pop()
        if not isinstance(module, str) or not isinstance(name, str):
            raise TypeError("a global whose name is not text")
        self._push_global(f"{module}.{name}")

    def load_persistent(self, _: object) -> None:
        self.stack.append(self.persistent(self.stack.pop()))

    def reduce(self, _: object) -> None:
        arguments, callee = self.stack.pop(), self.stack.pop()
        if not isinstance(callee, Call) or not isinstance(arguments, tuple):
            raise self._unsafe("a call of something that is not a function")
        self.stack.append(callee.function(*arguments))

    def build(self, _: object) -> None:
        """Drop the attributes of an OrderedDict (a state dict's `_metadata`)."""
        self.stack.pop()
        if not isinstance(self.stack[-1], dict):
            raise self._unsafe("the state of an object to be set")

    def _marked(self) -> list[object]:
        start = self.marks.pop()
        items = self.stack[start:]
        del self.stack[start:]
        return items

    def _extend(self, items: list[object]) -> None:
        target = self.stack[-1]
        if not isinstance(target, list):
            raise TypeError("items appended to something that is not a list")
        target.extend(items)

    def _update(self, pairs: list[object]) -> None:
        target = self.stack[-1]
        if not isinstance(target, dict) or len(pairs) % 2:
            raise TypeError("items set in something that is not a dict")
        for key, value in zip(pairs[::2], pairs[1::2], strict=True):
            target[plain_key(key)] = value

    def _push_global(self, name: str) -> None:
        if name not in self.allowed:
            raise self._unsafe(f"{name[:80]!a}")
        self.stack.append(self.allowed[name])

    def _unsafe(self, wish: str) -> UnsafePickle:
        happened = f"asks for {wish}, which no plain weight file needs"
        return UnsafePickle(self.name, happened, "it was not run; do not load it")


SKIPPED = frozenset({"PROTO", "FRAME", "STOP"})
PUSHES = frozenset(
    {
        "INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4", "FLOAT",
        "BINFLOAT", "STRING", "BINSTRING", "SHORT_BINSTRING", "UNICODE", "BINUNICODE",
        "SHORT_BINUNICODE", "BINUNICODE8", "BINBYTES", "SHORT_BINBYTES", "BINBYTES8",
    }
)  # fmt: skip
CONSTANTS: Mapping[str, Callable[[], object]] = {
    "NONE": lambda: None,
    "NEWTRUE": lambda: True,
    "NEWFALSE": lambda: False,
    "EMPTY_LIST": list,
    "EMPTY_DICT": dict,
    "EMPTY_TUPLE": tuple,
}
OPERATIONS: Mapping[str, Callable[[_Machine, object], None]] = {
    "MARK": _Machine.mark,
    "POP": _Machine.pop,
    "POP_MARK": _Machine.pop_mark,
    "DUP": _Machine.duplicate,
    "PUT": _Machine.put,
    "BINPUT": _Machine.put,
    "LONG_BINPUT": _Machine.put,
    "MEMOIZE": _Machine.memoize,
    "GET": _Machine.get,
    "BINGET": _Machine.get,
    "LONG_BINGET": _Machine.get,
    "APPEND": _Machine.append,
    "APPENDS": _Machine.appends,
    "LIST": _Machine.list_of_marked,
    "SETITEM": _Machine.set_item,
    "SETITEMS": _Machine.set_items,
    "DICT": _Machine.dict_of_marked,
    "TUPLE": _Machine.tuple_of_marked,
    "TUPLE1": lambda machine, _: machine.tuple_of(1),
    "TUPLE2": lambda machine, _: machine.tuple_of(2),
    "TUPLE3": lambda machine, _: machine.tuple_of(3),
    "GLOBAL": _Machine.find_global,
    "STACK_GLOBAL": _Machine.find_stacked_global,
    "BINPERSID": _Machine.load_persistent,
    "REDUCE": _Machine.reduce,
    "BUILD": _Machine.build,
}
