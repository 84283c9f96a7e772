"""What a pickle written by torch can build here: storages, and tensors laid over them,
as descriptions. Reads no weights and never imports torch.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import BinaryIO

from core.weights.bounds import MAX_DIMENSION, MAX_RANK
from core.weights.entry import DTYPE_BITS
from core.weights.pickle_reader import Call, plain_key, read_pickle
from core.weights.source import FrontReader

MAX_PICKLE_BYTES = 32 * 1024 * 1024

STORAGE_DTYPES = {
    "DoubleStorage": "F64", "FloatStorage": "F32", "HalfStorage": "F16",
    "BFloat16Storage": "BF16", "LongStorage": "I64", "IntStorage": "I32",
    "ShortStorage": "I16", "CharStorage": "I8", "ByteStorage": "U8",
    "BoolStorage": "BOOL", "ComplexFloatStorage": "C64",
    "ComplexDoubleStorage": "C128", "UntypedStorage": "U8",
    "QInt8Storage": "QINT8", "QUInt8Storage": "QUINT8", "QInt32Storage": "QINT32",
}  # fmt: skip
TORCH_DTYPES = {
    "float64": "F64", "float32": "F32", "float16": "F16", "bfloat16": "BF16",
    "int64": "I64", "int32": "I32", "int16": "I16", "int8": "I8", "uint8": "U8",
    "uint16": "U16", "uint32": "U32", "uint64": "U64", "bool": "BOOL",
    "complex64": "C64", "complex128": "C128", "float8_e4m3fn": "F8_E4M3",
    "float8_e5m2": "F8_E5M2", "float8_e4m3fnuz": "F8_E4M3FNUZ",
    "float8_e5m2fnuz": "F8_E5M2FNUZ", "float8_e8m0fnu": "F8_E8M0",
}  # fmt: skip
QUANTIZED_BITS = {"QINT8": 8, "QUINT8": 8, "QINT32": 32}


@dataclass(frozen=True, slots=True)
class StorageClass:
    """A torch storage class, known by the dtype of its elements."""

    dtype: str


@dataclass(frozen=True, slots=True)
class Dtype:
    """A torch dtype by its safetensors name."""

    name: str


@dataclass(frozen=True, slots=True)
class Storage:
    """A flat buffer that the pickle names by `key`, of `elements` of `dtype`; `offset`
    elements of it are skipped (views of files before torch 0.4).
    """

    dtype: str
    key: str
    elements: int
    offset: int = 0

    @property
    def size_bytes(self) -> int:
        """The size of the whole buffer."""
        return self.elements * item_size(self.dtype)


@dataclass(frozen=True, slots=True)
class TensorView:
    """A tensor laid over a storage; offset and strides count elements of `dtype`."""

    storage: Storage
    dtype: str
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


def item_size(dtype: str) -> int:
    """Return the bytes of one element of a torch dtype.

    >>> item_size("BF16"), item_size("QINT32")
    (2, 4)
    """
    return (QUANTIZED_BITS.get(dtype) or DTYPE_BITS[dtype]) // 8


def read_torch_pickle(
    stream: BinaryIO | FrontReader,
    name: str,
    *,
    storages: dict[str, Storage] | None = None,
) -> object:
    """Read a pickle in which TensorView is the only thing that can be built.

    The first use of each storage is noted in `storages`. Raises UnsafePickle and
    CorruptCheckpoint, naming the file `name`.
    """
    noted = {} if storages is None else storages

    def persistent(identity: object) -> Storage:
        storage = _storage(identity)
        noted.setdefault(storage.key, storage)
        return storage

    return read_pickle(stream, name, allowed=ALLOWED, persistent=persistent)


def _storage(identity: object) -> Storage:
    """Read a persistent id: ("storage", class, key, location, elements[, view])."""
    word, kind, key, _, elements, *view = _tuple_of(identity, 5, 6)
    if word != "storage" or not isinstance(kind, StorageClass):
        raise ValueError("a persistent id that is not a storage")
    storage = Storage(kind.dtype, str(plain_key(key)), _integers((elements,))[0])
    if not view or view[0] is None:
        return storage
    _, offset, _ = _tuple_of(view[0], 3, 3)
    return replace(storage, offset=_integers((offset,))[0])


def _tensor(
    storage: object,
    offset: object,
    shape: object,
    strides: object,
    _gradient: object = None,
    _hooks: object = None,
    metadata: object = None,
) -> TensorView:
    """Stand in for torch._utils._rebuild_tensor and _rebuild_tensor_v2."""
    if not isinstance(storage, Storage) or metadata:
        raise ValueError("a tensor without a storage, or a conjugate view")
    return _view(storage, storage.dtype, offset, shape, strides)


def _typed_tensor(
    storage: object,
    offset: object,
    shape: object,
    strides: object,
    _gradient: object,
    _hooks: object,
    dtype: object,
    metadata: object = None,
) -> TensorView:
    """Stand in for torch._utils._rebuild_tensor_v3, whose storage has no dtype."""
    if not isinstance(storage, Storage) or not isinstance(dtype, Dtype) or metadata:
        raise ValueError("a tensor without a storage or dtype")
    return _view(storage, dtype.name, offset, shape, strides)


def _view(
    storage: Storage, dtype: str, offset: object, shape: object, strides: object
) -> TensorView:
    shape, strides = _integers(shape), _integers(strides)
    if len(shape) != len(strides):
        raise ValueError("a tensor whose strides do not fit its shape")
    return TensorView(storage, dtype, _integers((offset,))[0], shape, strides)


def _quantized_tensor(
    storage: object, offset: object, shape: object, strides: object, *_: object
) -> TensorView:
    """Stand in for torch._utils._rebuild_qtensor; its scales are not kept."""
    return _tensor(storage, offset, shape, strides)


def _parameter(tensor: object, *_: object) -> TensorView:
    """Stand in for torch._utils._rebuild_parameter, with or without state."""
    if not isinstance(tensor, TensorView):
        raise ValueError("a parameter without a tensor")
    return tensor


def _from_type(function: object, _type: object, arguments: object, _: object) -> object:
    """Stand in for torch._tensor._rebuild_from_type_v2 (a tensor with attributes)."""
    if not isinstance(function, Call) or function.function is _from_type:
        raise ValueError("a tensor built by something that is not a function")
    return function.function(*_tuple_of(arguments, 1, 8))


def _size(lengths: object = ()) -> tuple[int, ...]:
    """Stand in for torch.Size."""
    return _integers(lengths)


def _ordered_dict(pairs: object = ()) -> dict[object, object]:
    """Stand in for collections.OrderedDict; keys must be plain."""
    keyed = {}
    for pair in _tuple_or_list(pairs):
        key, value = _tuple_or_list(pair)
        keyed[plain_key(key)] = value
    return keyed


def _nothing(*_: object) -> None:
    """Stand in for torch.device, which says nothing of weights."""


def _integers(numbers: object) -> tuple[int, ...]:
    """Check sizes, strides or offsets: few, whole and not negative."""
    if not isinstance(numbers, list | tuple) or len(numbers) > MAX_RANK:
        raise ValueError("a shape that is not a tuple")
    if all(type(number) is int and 0 <= number <= MAX_DIMENSION for number in numbers):
        return tuple(numbers)
    raise ValueError("a shape with impossible numbers")


def _tuple_or_list(items: object) -> tuple[object, ...] | list[object]:
    if isinstance(items, tuple | list):
        return items
    raise ValueError("something else than a tuple or list")


def _tuple_of(items: object, least: int, most: int) -> tuple[object, ...]:
    if isinstance(items, tuple) and least <= len(items) <= most:
        return items
    raise ValueError("a tuple of the wrong length")


ALLOWED: Mapping[str, object] = {
    "collections.OrderedDict": Call(_ordered_dict),
    "torch.Size": Call(_size),
    "torch.device": Call(_nothing),
    "torch._utils._rebuild_tensor": Call(_tensor),
    "torch._utils._rebuild_tensor_v2": Call(_tensor),
    "torch._utils._rebuild_tensor_v3": Call(_typed_tensor),
    "torch._utils._rebuild_qtensor": Call(_quantized_tensor),
    "torch._utils._rebuild_parameter": Call(_parameter),
    "torch._utils._rebuild_parameter_with_state": Call(_parameter),
    "torch._tensor._rebuild_from_type_v2": Call(_from_type),
    "torch.Tensor": None,
    "torch.nn.parameter.Parameter": None,
    "torch.per_tensor_affine": None,
    "torch.per_channel_affine": None,
    **{f"torch.{name}": Dtype(dtype) for name, dtype in TORCH_DTYPES.items()},
    **{
        f"{module}.{name}": StorageClass(dtype)
        for module in ("torch", "torch.cuda", "torch.storage")
        for name, dtype in STORAGE_DTYPES.items()
    },
}
"""Everything a pickle may name; not one of these is torch's own."""
