import pickle
import tracemalloc
from collections import OrderedDict
from io import BytesIO
from time import perf_counter

import pytest

from core.errors import CorruptCheckpoint, UnsafePickle
from core.weights.pickle_reader import MAX_OPERATIONS, Call, read_pickle

PLAIN = {
    "words": ["a", "ü", "", "\ud800"],
    "numbers": [0, -1, 255, 65536, 2**40, -(2**70), 0.5, True, False, None],
    3: (1, (2, 3), (), ((),)),
    "bytes": b"abc" * 100,
    "long": "x" * 1000,
}


def read(content, **allowed):
    return read_pickle(BytesIO(content), "f", allowed=allowed, persistent=lambda x: x)


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_plain_values_are_those_of_pickle(protocol):
    document = {**PLAIN, "shared": [PLAIN["words"]] * 2}
    if protocol < 3:
        del document["bytes"]
    assert read(pickle.dumps(document, protocol)) == document


@pytest.mark.parametrize("protocol", [0, 1])
def test_old_protocols_are_read(protocol):
    document = {"a": [1, 2.5, "x", (1, 2)], "b": {}}
    assert read(pickle.dumps(document, protocol)) == document


def test_pickles_in_a_row_are_read_one_by_one():
    stream = BytesIO(pickle.dumps(1, 2) + pickle.dumps("two", 2) + b"rest")
    found = [
        read_pickle(stream, "f", allowed={}, persistent=str),
        read_pickle(stream, "f", allowed={}, persistent=str),
    ]
    assert found == [1, "two"] and stream.read() == b"rest"


def test_an_allowed_call_gets_its_arguments():
    content = pickle.dumps(OrderedDict(a=1), 2)
    allowed = {"collections.OrderedDict": Call(dict)}
    assert read(content, **allowed) == {"a": 1}


def test_the_attributes_of_a_dict_are_dropped():
    content = b"\x80\x02}X\x01\x00\x00\x00aK\x01s}X\x01\x00\x00\x00bK\x02sb."
    assert read(content) == {"a": 1}


class Exploit:
    def __init__(self, function, *arguments):
        self.function, self.arguments = function, arguments

    def __reduce__(self):
        return self.function, self.arguments


@pytest.mark.parametrize("protocol", [0, 1, 2, 4])
def test_code_is_named_and_not_run(protocol, tmp_path):
    canary = tmp_path / "canary"
    content = pickle.dumps(Exploit(open, str(canary), "w"), protocol)
    with pytest.raises(UnsafePickle, match=r"'_?io\.open'"):
        read(content)
    assert not canary.exists()


@pytest.mark.parametrize(
    ("content", "named"),
    [
        (b"\x80\x02cposix\nsystem\nX\x01\x00\x00\x00a\x85R.", r"posix\.system"),
        (b"\x80\x02(S'id'\nios\nsystem\n.", "INST"),
        (b"\x80\x02(cbuiltins\neval\nX\x01\x00\x00\x00ao.", "eval"),
        (b"\x80\x02\x82\x01.", "EXT1"),
        (b"\x80\x02}}\x81.", "NEWOBJ"),
        (b"\x80\x02\x8f.", "EMPTY_SET"),
        (b"\x80\x05\x97.", "NEXT_BUFFER"),
        (b"\x80\x05\x96\xff\xff\xff\xff\xff\xff\xff\x7f.", None),
        (b"Pname\n.", "PERSID"),
        (b"\x80\x02]}b.", "the state of an object"),
        (b"\x80\x02}K\x01\x85R.", "not a function"),
        (b"\x80\x04\x8c\x02os\x8c\x06system\x93.", r"os\.system"),
        (
            b"\x80\x04\x8c\x0bcollections\x8c\x19OrderedDict.__reduce_ex__\x93.",
            "Ordered",
        ),
    ],
)
def test_what_no_weight_file_needs_is_refused(content, named):
    expected = UnsafePickle if named else CorruptCheckpoint
    with pytest.raises(expected, match=named or "broken pickle"):
        read(content)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x80\x02",
        b"\x80\x02.",
        b"\x80\x02K",
        b"\x80\x02h\x05.",
        b"\x80\x02K\x01K\x02a.",
        b"\x80\x02t.",
        b"\x80\x02}]K\x01s.",
        b"\x80\x02}(K\x01u.",
        b"\x80\x02\x8b\xff\xff\xff\xff.",
        b"\x80\x02X\xff\xff\xff\xffabc.",
        b"\x80\x04\x8d\xff\xff\xff\xff\xff\xff\xff\x7fabc.",
        b"\x80\x04\x95\xff\xff\xff\xff\xff\xff\xff\xff.",
        b"I" + b"9" * 5000 + b"\n.",
        b"\x80\x02\xfe.",
    ],
)
def test_a_damaged_pickle_is_corrupt(content):
    with pytest.raises(CorruptCheckpoint, match="broken pickle"):
        read(content)


BOMBS = {
    "memo": b"\x80\x02]r\xff\xff\xff\x7f.",
    "bytes": b"\x80\x04\x8e\xff\xff\xff\xff\xff\xff\xff\x00.",
    "nested": b"\x80\x02" + b"(" * 40_000 + b"t" * 40_000 + b".",
    "doubling": b"\x80\x02)" + b"2\x86" * 30_000 + b".",
    "doubling as a key": b"\x80\x02})" + b"2\x86" * 30_000 + b"Ns.",
    "doubling as a name": b"\x80\x04)" + b"2\x86" * 30_000 + b"2\x93.",
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_bombs_stay_small_and_quick(bomb):
    tracemalloc.start()
    started = perf_counter()
    try:
        read(BOMBS[bomb])
    except (CorruptCheckpoint, UnsafePickle):
        pass
    finally:
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peak < 100e6 and perf_counter() - started < 10


def test_operations_are_counted():
    with pytest.raises(CorruptCheckpoint, match="more than"):
        read(b"\x80\x02" + b"N0" * (MAX_OPERATIONS // 2) + b"N.")
