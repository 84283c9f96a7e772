"""Jobs run, report, stop and fail in words."""

import threading

from core.errors import UsageError
from core.jobs import Job, Jobs


def finished(job: Job, *, seconds: float = 5) -> Job:
    """Wait for the end of a job."""
    for thread in threading.enumerate():
        if thread.name == f"job-{job.key}":
            thread.join(seconds)
    assert not job.is_running
    return job


def test_a_job_keeps_its_result():
    job = finished(Jobs().start("sum", "Adding", lambda job: 1 + 1))
    assert (job.state, job.result, job.fraction) == ("done", 2, 1.0)


def test_a_key_runs_only_once_at_a_time():
    jobs, gate = Jobs(), threading.Event()
    first = jobs.start("wait", "Waiting", lambda job: gate.wait(5))
    assert jobs.start("wait", "Waiting", lambda job: None) is first
    gate.set()
    finished(first)
    assert jobs.start("wait", "Waiting", lambda job: None) is not first


def test_a_cancelled_job_stops_at_its_next_report():
    gate = threading.Event()

    def work(job):
        gate.wait(5)
        job.report(0.5, "half")

    job = Jobs().start("stop", "Comparing", work)
    job.cancel()
    gate.set()
    assert finished(job).state == "cancelled"
    assert job.error == "Comparing was stopped; start it again to resume."


def test_a_named_error_is_shown_as_its_sentence():
    def work(job):
        raise UsageError("x", "is unknown", "choose another")

    job = finished(Jobs().start("fail", "Failing", work))
    assert (job.state, job.error) == ("failed", "x is unknown; choose another.")


def test_an_unforeseen_error_is_logged_with_its_traceback(caplog):
    job = finished(Jobs().start("bug", "Dividing", lambda job: 1 / 0))
    assert "ZeroDivisionError" in job.error
    assert "Traceback" in caplog.text


def test_the_newest_job_comes_first():
    jobs = Jobs()
    for key in ("one", "two"):
        finished(jobs.start(key, key, lambda job: None))
    assert [job.key for job in jobs.all()] == ["two", "one"]
