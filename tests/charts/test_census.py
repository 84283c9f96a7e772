"""The census chart draws each checked finding once, on the study's side and on ours."""

import pandas as pd

from core.charts.census import census_shares


def findings(*standings, share=0.5):
    rows = [
        {
            "base": f"org/b{number}", "finding": "<b>all</b>", "patterns": "full, cast",
            "standing": standing, "share_expected": 0.4, "share": share, "low": 0.3,
            "high": 0.7, "expected": 4, "of": 10, "found": 5, "compared": 10,
        }
        for number, standing in enumerate(standings)
    ]  # fmt: skip
    return pd.DataFrame(rows)


def test_every_checked_finding_is_drawn_on_both_sides():
    figure = census_shares(findings("agrees", "differs", "agrees"))
    study, *ours = figure.data
    assert len(study.x) == sum(len(trace.x) for trace in ours) == 3
    assert [trace.name for trace in ours] == ["agrees", "differs"]


def test_whiskers_end_where_the_interval_does():
    (_, ours) = census_shares(findings("agrees")).data
    assert ours.x[0] + ours.error_x.array[0] == 0.7
    assert ours.x[0] - ours.error_x.arrayminus[0] == 0.3


def test_what_is_not_checked_is_left_out():
    figure = census_shares(findings("not checked", share=pd.NA))
    assert [len(trace.x) for trace in figure.data] == [0]


def test_foreign_text_is_escaped():
    (study, _) = census_shares(findings("agrees")).data
    assert study.customdata[0][1] == "&lt;b&gt;all&lt;/b&gt;"
