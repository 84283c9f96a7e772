"""Runs of mapped files: lent while nobody can shorten the file, and only then."""

import subprocess
import sys
import threading
from contextlib import closing

import numpy as np
import pytest

from core.weights.lane import Lane
from core.weights.lending import CAN_LEASE
from core.weights.source import FileSource
from core.weights.spans import Span

pytestmark = pytest.mark.skipif(
    not CAN_LEASE, reason="this system has no leases: files are read by position"
)
CONTENT = bytes(range(256)) * 64


@pytest.fixture
def path(tmp_path):
    written = tmp_path / "weights.bin"
    written.write_bytes(CONTENT)
    return written


@pytest.fixture
def source(path):
    with closing(FileSource(path)) as opened:
        yield opened


def span(source: FileSource, start: int, stop: int) -> Span:
    whole = np.array([[0, 0, stop - start, 0]])
    run = source, start, stop
    return Span(*run, *run, "U8", "U8", (1, 1), whole)


def test_a_run_is_lent_without_a_copy(source):
    lender = source.mapped()
    assert lender.borrow()
    run = lender.lend(300, 310)
    assert bytes(run) == CONTENT[300:310]
    assert not run.flags.writeable and not run.flags.owndata
    lender.drop(0, len(CONTENT))
    assert bytes(run) == CONTENT[300:310]
    lender.stop_borrowing()


def test_threads_share_one_mapping(source):
    found = []
    threads = [
        threading.Thread(target=lambda: found.append(source.mapped())) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({id(lender) for lender in found}) == 1


def test_nothing_is_lent_of_a_file_that_is_being_written(source, path):
    with path.open("r+b"):
        assert not source.mapped().borrow()
    assert source.mapped().borrow()
    source.mapped().stop_borrowing()


def test_nothing_is_lent_of_a_file_that_has_shrunk(source, path):
    lender = source.mapped()
    path.write_bytes(CONTENT[:100])
    assert not lender.borrow()
    with closing(FileSource(path)) as fresh:
        path.write_bytes(b"")
        assert fresh.mapped() is None


def test_who_writes_waits_until_all_have_let_go(source, path):
    lender = source.mapped()
    assert lender.borrow() and lender.borrow()
    writer = threading.Thread(target=lambda: path.write_bytes(b"short"))
    writer.start()
    writer.join(0.2)
    assert writer.is_alive() and path.stat().st_size == len(CONTENT)
    assert lender.lend(0, 10) is None
    lender.stop_borrowing()
    writer.join(0.2)
    assert writer.is_alive()
    lender.stop_borrowing()
    writer.join(10)
    assert path.read_bytes() == b"short"


def test_a_lane_reads_by_position_once_someone_wants_to_write(source, path):
    with Lane() as lane:
        assert not lane.read(span(source, 0, 100)).base.flags.owndata
        writer = threading.Thread(target=lambda: path.open("r+b").close())
        writer.start()
        writer.join(0.2)
        assert writer.is_alive()
        runs = lane.read(span(source, 100, 200))
        writer.join(10)
        assert not writer.is_alive()
        assert bytes(runs.base) == bytes(runs.child) == CONTENT[100:200]


REWRITING = """
import sys, threading
from pathlib import Path
import numpy as np
from safetensors.numpy import save_file
from core.errors import CheckpointError
from core.weights.checkpoint import open_checkpoint
from core.weights.measure import measure_pairs

base, child = (Path(sys.argv[1]) / f"{n}.safetensors" for n in ("base", "child"))
weights = {"w": np.ones(8_000_000, np.float32)}
save_file(weights, base), save_file(weights, child)
content, stopped = child.read_bytes(), threading.Event()

def rewrite():
    while not stopped.is_set():
        child.write_bytes(content)

writer = threading.Thread(target=rewrite)
writer.start()
told = set()
for _ in range(40):
    try:
        with open_checkpoint(base) as x, open_checkpoint(child) as y:
            measure_pairs(x, y, [(x.entries[0], y.entries[0])])
            told.add("compared")
    except CheckpointError:
        told.add("said so")
stopped.set()
writer.join()
print(*sorted(told))
"""


def test_a_file_rewritten_again_and_again_ends_no_process(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", REWRITING, str(tmp_path)],
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "said so" in done.stdout
