"""What the environment may say: nonsense is one sentence, no secret is repeated."""

import gc
import os
import subprocess
import sys
from pathlib import Path

import pytest

from core.__main__ import run
from core.charts.renderer import find_browser

ROOT = Path(__file__).parents[2]
SECRET = "hf_0123456789secret"


@pytest.fixture
def said(monkeypatch, capsys, tmp_path):
    """Run a verb with variables set; return its status and its lines on stderr."""

    def answer(verb: list[str], **variables: str) -> tuple[int, list[str]]:
        monkeypatch.setenv("PEDIGREE_CACHE", str(tmp_path / "cache"))
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        status = run(verb)
        return status, capsys.readouterr().err.splitlines()

    return answer


@pytest.mark.parametrize("variables", [
    {"HF_ENDPOINT": "file:///etc/passwd"}, {"HF_ENDPOINT": "nonsense"},
    {"PEDIGREE_SOURCES": "nonsense"}, {"PEDIGREE_CACHE": "~nobody-here/x"},
    {"PEDIGREE_CACHE": "x" * 5000}, {"PEDIGREE_CACHE": "/dev/null/cache"},
    {"PEDIGREE_CACHE": "/proc/cache"},
], ids=lambda variables: str(variables)[:50])  # fmt: skip
def test_a_verb_that_writes_ends_in_one_line(said, variables):
    status, lines = said(["store", "add", "nothing-here"], **variables)
    assert status == 1 and len(lines) == 1 and len(lines[0]) < 500


@pytest.mark.parametrize(
    "address",
    ["nonsense", "file:///x", "tcp://", "tcp://127.0.0.1:9", "tls://127.0.0.1:9"],
)
def test_a_scheduler_that_is_none_is_one_sentence(address, tmp_path):
    from distributed import Client

    from core.errors import HubError
    from core.scheduler import connected
    from core.settings import Settings

    def clients() -> set[int]:
        return {id(one) for one in gc.get_objects() if type(one) is Client}

    before = clients()
    with pytest.raises(HubError, match="cannot be reached as a Dask scheduler"):
        connected(Settings(tmp_path, scheduler=address))
    left = clients() - before
    assert not left, "collected while another starts, it would wait for itself"


def test_a_browser_that_is_not_there_is_none(tmp_path):
    assert find_browser({"BROWSER_PATH": str(tmp_path / "nothing"), "PATH": ""}) is None


def test_no_process_and_no_file_repeats_the_token(tmp_path):
    """A verb as the pages start it: in a process of its own, with the environment."""
    variables = {
        "HF_TOKEN": SECRET, "HF_ENDPOINT": "http://127.0.0.1:9",
        "PEDIGREE_CACHE": str(tmp_path / "cache"),
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-m", "core", "compare", "a/b", "c/d"], cwd=ROOT, text=True,
        capture_output=True, env={**os.environ, **variables}, timeout=120,
    )  # fmt: skip
    assert done.returncode == 1 and "could not be reached" in done.stderr
    assert SECRET not in done.stdout + done.stderr
    kept = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert all(SECRET.encode() not in path.read_bytes() for path in kept)
