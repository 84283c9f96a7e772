"""Files under the cache are whole or not there."""

import resource
import subprocess
import sys

import pytest

from core.cache import (
    Provenance,
    read_json,
    read_provenance,
    safe_name,
    whole_file,
    write_bytes,
    write_json,
    write_provenance,
)
from core.errors import CacheError


def test_a_failing_block_leaves_the_old_file_and_no_litter(tmp_path):
    path = tmp_path / "table.json"
    write_json(path, [1])
    with pytest.raises(RuntimeError), whole_file(path) as temporary:
        temporary.write_text("half")
        raise RuntimeError
    assert read_json(path) == [1]
    assert list(tmp_path.iterdir()) == [path]


def test_provenance_stands_beside_the_file(tmp_path):
    path = tmp_path / "table.csv"
    write_bytes(path, b"a,b")
    assert read_provenance(path) is None
    told = Provenance("https://example.org", "abc", "2026-01-01T00:00:00Z")
    write_provenance(path, told)
    assert read_provenance(path) == told


def test_a_damaged_file_is_named(tmp_path):
    path = tmp_path / "table.json"
    path.write_text("{")
    with pytest.raises(CacheError, match=r"table\.json cannot be read"):
        read_json(path)


def test_nan_never_reaches_a_file(tmp_path):
    with pytest.raises(ValueError, match="JSON"):
        write_json(tmp_path / "x.json", float("nan"))
    assert not list(tmp_path.iterdir())


def test_a_full_disk_is_a_named_error_and_keeps_the_old_file(tmp_path):
    write_bytes(tmp_path / "big", b"old")
    script = (
        "import resource, signal, sys; from pathlib import Path\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        "from core.cache import write_bytes\n"
        "write_bytes(Path(sys.argv[1]) / 'big', bytes(5000))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, tmp_path], capture_output=True, text=True
    )
    assert "CacheError" in done.stderr and "free space" in done.stderr
    assert (tmp_path / "big").read_bytes() == b"old"
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] != 1000


@pytest.mark.parametrize("text", ["a/b", "../x", "", "a" * 500, "ünïcode", "CON:", "."])
def test_names_are_legal_and_distinct(text):
    name = safe_name(text)
    assert 0 < len(name) < 100
    assert all(c.isalnum() or c in "-_." for c in name)
    assert name not in (".", "..")
    assert safe_name(text + "'") != name
