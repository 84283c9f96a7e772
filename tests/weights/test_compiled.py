"""What is compiled is kept, until a file that the loop is made of changes."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from core.weights.loops.compiled import FOLDER

ROOT = Path(__file__).parents[2]
COUNTS = """
import numpy as np
from core.weights.loops.histogram import count_bits

x, counts = np.arange(4, dtype="u1"), np.zeros(65, np.int64)
count_bits(x, x[::-1].copy(), np.uint8, np.array([[0, 0, 4, 0]]), counts)
print(np.flatnonzero(counts), sum(count_bits.stats.cache_hits.values()))
"""


@pytest.fixture
def clone(tmp_path):
    """A copy of the code, with nothing compiled."""
    leave = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "core", tmp_path / "core", ignore=leave)
    return tmp_path


def told(clone, **variables):
    """Count bits that differ in a new process: which numbers, loops found compiled."""
    done = subprocess.run(
        [sys.executable, "-c", COUNTS], cwd=clone, text=True, capture_output=True,
        env={**os.environ, **variables}, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_a_loop_is_compiled_once(clone):
    assert told(clone) == "[2] 0"
    assert told(clone) == "[2] 1"


def test_a_loop_is_compiled_again_when_what_it_calls_has_changed(clone):
    told(clone)
    called = clone / "core" / FOLDER.relative_to(ROOT / "core") / "intrinsics.py"
    called.write_text(called.read_text().replace("builder.ctpop(", "("))
    assert told(clone) == "[3] 0"


def test_where_nothing_can_be_kept_each_process_compiles(clone):
    (clone / "core" / FOLDER.relative_to(ROOT / "core") / "__pycache__").touch()
    nowhere = {"HOME": "/dev/null", "XDG_CACHE_HOME": "/dev/null"}
    for _ in range(2):
        assert told(clone, PYTHONDONTWRITEBYTECODE="1", **nowhere) == "[2] 0"


def test_a_folder_of_the_person_is_used(clone, tmp_path):
    told(clone, NUMBA_CACHE_DIR=str(tmp_path / "kept"))
    assert list((tmp_path / "kept").rglob("histogram.count_bits*.nbc"))
    assert not list((clone / "core").rglob("*.nbc"))
