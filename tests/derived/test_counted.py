"""Bytes are counted once each, header and all, by any thread."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest

from core.derived.counted import Meter
from core.weights.entry import Checkpoint, TensorEntry
from core.weights.lending import CAN_LEASE
from core.weights.source import BytesSource, FileSource


def small_checkpoint() -> Checkpoint:
    source = BytesSource(bytes(range(100)), "memory")
    entries = (
        TensorEntry("a", "U8", (60,), 40, 100, "memory"),
        TensorEntry("b", "U8", (60,), 40, 100, "memory"),
    )
    return Checkpoint("small", "safetensors", entries, {"memory": source})


def test_the_header_is_what_no_tensor_covers():
    meter = Meter()
    meter.counted(small_checkpoint())
    assert meter.bytes_read == 40


def test_reads_are_passed_on_and_counted():
    meter = Meter()
    source = meter.counted(small_checkpoint()).sources["memory"]
    buffer = bytearray(5)
    source.read_into(50, memoryview(buffer))
    assert source.read(40, 43) + buffer == bytes([40, 41, 42, 50, 51, 52, 53, 54])
    assert meter.bytes_read == 40 + 3 + 5


@pytest.mark.skipif(not CAN_LEASE, reason="this system has no leases")
def test_runs_that_a_file_lends_are_counted(tmp_path):
    path = tmp_path / "weights.bin"
    path.write_bytes(bytes(100))
    meter = Meter()
    with closing(FileSource(path)) as opened:
        held = Checkpoint("small", "safetensors", (), {"": opened})
        lender = meter.counted(held).sources[""].mapped()
        assert lender.borrow()
        assert len(lender.lend(10, 30)) == 20
        lender.stop_borrowing()
    assert meter.bytes_read == 100 + 20


def test_threads_lose_no_count():
    meter = Meter()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(meter.add, [1] * 10_000))
    assert meter.bytes_read == 10_000
