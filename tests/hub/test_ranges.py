from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from core.hub.ranges import (
    boundary_of,
    coalesce,
    content_range,
    parse_multipart,
    pick,
)

SPANS = st.lists(
    st.tuples(st.integers(0, 500), st.integers(0, 60)).map(
        lambda s: (s[0], s[0] + s[1])
    ),
    max_size=30,
)


@given(SPANS, st.integers(0, 20))
def test_merged_ranges_cover_the_same_bytes_apart_from_gaps(spans, gap):
    merged = coalesce(spans, gap_bytes=gap)
    wanted = {at for span in spans for at in range(*span)}
    covered = [at for span in merged for at in range(*span)]
    assert wanted <= set(covered) and len(covered) == len(set(covered))
    assert all(b[0] - a[1] > gap for a, b in pairwise(merged))


def multipart(spans, body: bytes, boundary: bytes = b"B") -> bytes:
    """Write RFC 9110's example form by hand."""
    text = b""
    for start, stop in spans:
        text += b"--" + boundary + b"\r\nContent-Type: text/plain\r\n"
        text += b"content-range:  bytes %d-%d/%d" % (start, stop - 1, len(body))
        text += b"\r\n\r\n" + body[start:stop] + b"\r\n"
    return text + b"--" + boundary + b"--"


def test_weights_that_look_like_a_boundary_do_no_harm():
    body = b"..\r\n--B\r\n\r\n--B--\r\n.."
    spans = [(0, 10), (4, len(body))]
    parts = parse_multipart(multipart(spans, body), "B", len(body))
    assert parts == [(span, body[slice(*span)]) for span in spans]


def test_a_cut_or_foreign_part_is_left_out():
    body = bytes(100)
    whole = multipart([(0, 10), (20, 90)], body)
    assert [span for span, _ in parse_multipart(whole[:-40], "B", 100)] == [(0, 10)]
    assert parse_multipart(whole, "B", 99) == []
    assert parse_multipart(b"", "B", 100) == parse_multipart(b"--B", "B", 100) == []


def test_a_part_that_covers_several_ranges_serves_them():
    parts = [((0, 100), bytes(range(100)))]
    assert pick(parts, (3, 5)) == b"\x03\x04"
    assert pick(parts, (99, 101)) is None


def test_odd_headers_are_no_ranges():
    for header in (None, "", "bytes */5", "bytes 0-9", "bytes 0-9/9", "bytes 5-4/9"):
        assert content_range(header) is None
    assert boundary_of("application/octet-stream") is None
    assert boundary_of(None) is None
