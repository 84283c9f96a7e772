"""Which parts of a tensor are looked at when reading all of it costs too much, and what
a change could hide from them. Reads nothing.
"""

from collections.abc import Sequence

from core.weights.entry import TensorEntry
from core.weights.gathered import item_bytes
from core.weights.layout import TensorRole

Part = tuple[int, int]
"""Elements [first, last) of a contiguous tensor."""

WHOLE_TENSOR_BYTES = 256 * 1024
"""A tensor up to this size is read whole."""

EDGE_BYTES = 4 * 1024
NARROW_EDGE_BYTES = 8 * 1024
"""Read at either end of a larger one; more of 16 bits, which hide small updates."""

TABLE_ROWS = 32
TABLE_ROW_BYTES = 1024
"""Rows of an embedding table, spread over it: unseen tokens keep theirs."""

MISS_CHANCE = 1e-6


def parts(entry: TensorEntry, role: TensorRole) -> list[Part]:
    """Return the elements of a contiguous tensor to look at, in order.

    The head and tail of neighbors in a file lie together, so that one range fetches
    both, and the small tensors between them.

    >>> role = TensorRole("w", "stem", "encoder", 0)
    >>> parts(TensorEntry("w", "F32", (768, 768), 0, 2359296), role)
    [(0, 1024), (588800, 589824)]
    """
    if entry.size_bytes <= WHOLE_TENSOR_BYTES:
        return [(0, entry.elements)]
    item = item_bytes(entry)
    edge = (EDGE_BYTES if item > 2 else NARROW_EDGE_BYTES) // item
    ends = [(0, edge), (entry.elements - edge, entry.elements)]
    return sorted({*ends, *_spread_rows(entry, role)})


def is_whole(entry: TensorEntry, looked_at: Sequence[Part]) -> bool:
    """Whether the parts are all of the tensor."""
    return list(looked_at) == [(0, entry.elements)]


def missed_share(entry: TensorEntry, role: TensorRole) -> float:
    """Return the share of elements (of rows, in a table) that may have changed unseen.

    A random change of more than this share escapes all probes with a chance below one
    in a million: (1 - share) ** probed = 1e-6. A change that keeps away from the probes
    is not bounded; only reading the tensor is proof.

    >>> role = TensorRole("w", "stem", "encoder", 0)
    >>> round(missed_share(TensorEntry("w", "F32", (768, 768), 0, 2359296), role), 4)
    0.0067
    """
    looked_at = parts(entry, role)
    if is_whole(entry, looked_at):
        return 0.0
    probed = sum(last - first for first, last in looked_at)
    if role.is_embedding:
        width = entry.elements // entry.shape[0]
        probed = len({first // width for first, _ in looked_at})
    return 1 - MISS_CHANCE ** (1 / probed)


def table_rows(rows: int) -> list[int]:
    """Return which rows of an embedding table are looked at; few rows need no choice.

    >>> table_rows(63)[:3], table_rows(31)
    ([0, 2, 4], [])
    """
    if rows < TABLE_ROWS:
        return []
    return [index * (rows - 1) // (TABLE_ROWS - 1) for index in range(TABLE_ROWS)]


def _spread_rows(entry: TensorEntry, role: TensorRole) -> list[Part]:
    if not role.is_embedding or entry.shape[0] < TABLE_ROWS:
        return []
    rows, width = entry.shape[0], entry.elements // entry.shape[0]
    count = min(width, TABLE_ROW_BYTES // item_bytes(entry))
    return [(row * width, row * width + count) for row in table_rows(rows)]
