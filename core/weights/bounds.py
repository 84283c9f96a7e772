"""The limits that every reader of a crawled file shares, and the checks that go with
them. Knows no format.
"""

from collections.abc import Sequence

from core.errors import CorruptCheckpoint
from core.strict_json import strict_json

MAX_TENSORS = 250_000
"""Tensors a file may describe; the largest published checkpoints have about 100,000."""

MAX_DIMENSION = 2**63 - 1
MAX_RANK = 64


def parse_json_object(name: str, text: bytes) -> dict[str, object]:
    """Parse a JSON object from a crawled file, refusing duplicate keys and bombs.

    Raises CorruptCheckpoint, naming the file `name`, as for all that `strict_json`
    refuses.

    >>> parse_json_object("index", b'{"a": 1}')
    {'a': 1}
    """
    openings = text.count(b"[") + text.count(b"{")
    if openings > 3 * MAX_TENSORS or text.count(b",") > 16 * MAX_TENSORS:
        raise CorruptCheckpoint(name, f"describes more than {MAX_TENSORS:,} tensors")
    try:
        document = strict_json(text, _unique_keys)
    except ValueError as error:
        raise CorruptCheckpoint(name, f"holds broken JSON ({error})") from error
    if not isinstance(document, dict):
        raise CorruptCheckpoint(name, "holds JSON that is not an object")
    return document


def _unique_keys(pairs: Sequence[tuple[str, object]]) -> dict[str, object]:
    keyed = dict(pairs)
    if len(keyed) != len(pairs):
        raise ValueError("a key appears twice")
    return keyed


def is_tensor_name(name: str) -> bool:
    r"""Say whether a name can be printed and stored: at most 1,000 characters, no lone
    surrogate.

    >>> is_tensor_name("encoder.layer.0"), is_tensor_name("\ud800")
    (True, False)
    """
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return len(name) <= 1000
