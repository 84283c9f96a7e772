from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest

from core.errors import CorruptCheckpoint, UsageError
from core.weights.source import BytesSource, FileSource, FrontReader


@pytest.fixture(params=["file", "bytes"])
def source(request, tmp_path):
    content = bytes(range(256)) * 4
    path = tmp_path / "weights.bin"
    path.write_bytes(content)
    made = FileSource(path) if request.param == "file" else BytesSource(content, "w")
    yield made
    made.close()


def test_read_returns_the_range(source):
    assert source.size == 1024
    assert source.read(250, 260) == bytes([250, 251, 252, 253, 254, 255, 0, 1, 2, 3])
    assert source.read(7, 7) == b""


def test_read_into_fills_a_typed_buffer(source):
    buffer = memoryview(bytearray(8)).cast("I")
    source.read_into(4, buffer)
    assert bytes(buffer.cast("B")) == bytes(range(4, 12))


@pytest.mark.parametrize(("start", "stop"), [(0, 1025), (-1, 4), (9, 3), (2000, 2001)])
def test_ranges_outside_are_refused(source, start, stop):
    with pytest.raises(CorruptCheckpoint):
        source.read(start, stop)


def test_threads_share_one_file(source):
    with ThreadPoolExecutor(4) as pool:
        pieces = pool.map(lambda i: source.read(i, i + 16), range(1000))
    assert all(piece[0] == i % 256 for i, piece in enumerate(pieces))


def test_a_file_that_shrinks_is_named(tmp_path):
    path = tmp_path / "shrinking.bin"
    path.write_bytes(b"x" * 100)
    with closing(FileSource(path)) as source:
        path.write_bytes(b"x" * 10)
        with pytest.raises(CorruptCheckpoint, match=r"shrinking\.bin ends after"):
            source.read(0, 100)


def test_an_empty_file_is_not_mapped(tmp_path):
    path = tmp_path / "empty"
    path.touch()
    with closing(FileSource(path)) as source:
        assert source.mapped() is None and source.read(0, 0) == b""


def test_what_is_not_a_file_is_refused(tmp_path):
    with pytest.raises(UsageError, match="is not a file"):
        FileSource(tmp_path)


def test_a_closed_file_gives_a_named_error(tmp_path):
    path = tmp_path / "closed"
    path.write_bytes(b"abc")
    closed = FileSource(path)
    closed.close()
    with pytest.raises(CorruptCheckpoint, match="cannot be read"):
        closed.read(0, 1)


def test_front_reader_doubles_its_reads(counting_source):
    source = counting_source(bytes(1000))
    front = FrontReader(source, first=10, limit=1000)
    assert [len(front.read(30)) for _ in range(5)] == [30] * 5
    assert source.reads == [(0, 30), (30, 60), (60, 100), (100, 180)]


def test_front_reader_acts_like_a_file_at_the_end():
    front = FrontReader(BytesSource(b"ab\ncd", "f"), first=2, limit=99)
    assert [front.readline(), front.readline(), front.read(5)] == [b"ab\n", b"cd", b""]
    assert front.tell() == 5


def test_front_reader_keeps_its_limit():
    front = FrontReader(BytesSource(bytes(100), "f"), first=8, limit=50)
    with pytest.raises(CorruptCheckpoint, match="more than 50"):
        front.read(51)
