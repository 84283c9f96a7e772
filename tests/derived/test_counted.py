"""Bytes are counted once each, header and all, by any thread."""

from concurrent.futures import ThreadPoolExecutor

from core.derived.counted import Meter
from core.weights.entry import Checkpoint, TensorEntry
from core.weights.source import BytesSource


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


def test_threads_lose_no_count():
    meter = Meter()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(meter.add, [1] * 10_000))
    assert meter.bytes_read == 10_000
