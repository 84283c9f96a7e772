import pytest

from core.errors import JobCancelled
from core.progress import part_of, silent, stop_if, stoppable


def test_the_parts_of_a_job_fill_its_whole():
    told = []
    for at in range(3):
        part = part_of(lambda fraction, _: told.append(fraction), at, 3)
        part(0.0, ""), part(1.0, "")
    assert told == pytest.approx([0, 1 / 3, 1 / 3, 2 / 3, 2 / 3, 1])


def test_a_stopped_job_tells_nothing_more():
    told, answers = [], iter([False, True])
    report = stoppable(
        "The demo", lambda *said: told.append(said), lambda: next(answers)
    )
    report(0.1, "first")
    with pytest.raises(JobCancelled, match=r"The demo was stopped; start it again"):
        report(0.2, "second")
    assert told == [(0.1, "first")]


def test_nobody_needs_to_watch_or_stop():
    stop_if(None, "The demo")
    for report in (silent, stoppable("x", None, None), part_of(None, 0, 1)):
        assert report(0.5, "half") is None
