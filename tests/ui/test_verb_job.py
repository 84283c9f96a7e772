"""A verb in a process of its own: progress, failure in its words, cancel."""

import time

import pytest

from core.errors import JobCancelled, PedigreeError
from core.jobs import Job
from core.ui.verb_job import PROGRESS, run_verb


def test_a_failing_verb_tells_its_own_sentence():
    with pytest.raises(PedigreeError, match="'nope' is unknown; choose one of"):
        run_verb(Job("t", "Tables"), "tables", "show", "nope")


def test_a_verb_that_works_says_nothing():
    assert run_verb(Job("t", "Tables"), "tables", "list") is None


def test_a_stopped_job_ends_its_process(tmp_path, monkeypatch):
    monkeypatch.setenv("PEDIGREE_CACHE", str(tmp_path))
    job = Job("demo", "Demo")
    job.cancel()
    started = time.monotonic()
    with pytest.raises(JobCancelled):
        run_verb(job, "demo")
    assert time.monotonic() - started < 60


@pytest.mark.parametrize(
    ("line", "found"),
    [(" 42%  Training x, pass 1/3", ("42", "Training x, pass 1/3")), ("warning", None)],
)
def test_progress_lines_are_told_from_others(line, found):
    match = PROGRESS.match(line)
    assert (match and match.groups()) == found
