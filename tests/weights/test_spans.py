from hypothesis import given, settings
from hypothesis import strategies as st

from core.weights.entry import Checkpoint, TensorEntry
from core.weights.source import BytesSource
from core.weights.spans import CHUNK_BYTES, Plan

MIB = 1 << 20


def checkpoint(sizes: list[int], gap: int = 0) -> Checkpoint:
    entries, place = [], 0
    for i, size in enumerate(sizes):
        entries.append(TensorEntry(str(i), "U8", (size,), place, place + size))
        place += size + gap
    return Checkpoint("c", "safetensors", tuple(entries), {"": BytesSource(b"", "c")})


def planned(base: Checkpoint, child: Checkpoint):
    pairs = list(zip(base.entries, child.entries, strict=True))
    plan = Plan(pairs)
    return list(plan.spans(base, child)), plan.firsts[-1]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, MIB), max_size=12), st.sampled_from([0, 8, MIB]))
def test_every_byte_is_read_once_and_every_row_filled_once(sizes, gap):
    base, child = checkpoint(sizes), checkpoint(sizes, gap)
    spans, rows = planned(base, child)
    segments = [segment for span in spans for segment in span.segments.tolist()]
    assert sorted(row for *_, row in segments) == list(range(rows))
    assert sum(size for _, _, size, _ in segments) == sum(sizes)
    for span in spans:
        assert span.base_stop - span.base_start <= CHUNK_BYTES
        assert span.child_stop - span.child_start <= CHUNK_BYTES


def test_small_neighbors_are_read_together():
    small = checkpoint([100] * 50)
    assert len(planned(small, small)[0]) == 1
    assert len(planned(small, checkpoint([100] * 50, gap=MIB))[0]) == 50
