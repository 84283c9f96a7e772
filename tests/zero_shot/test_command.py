"""`python -m core zero-shot list`, as a person and as a script read it."""

import json

import pytest

from core.__main__ import run

CONTRACT = {
    "criteria", "sources", "rankings", "placements", "audits", "models", "links",
    "corrections",
}  # fmt: skip


def test_json_is_one_document_of_flat_lists(capsys):
    assert run(["zero-shot", "list", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found.keys() >= CONTRACT
    for name in CONTRACT:
        assert all(isinstance(entry, dict) for entry in found[name])


def test_people_read_sources_and_audits(capsys):
    assert run(["zero-shot", "list"]) == 0
    out = capsys.readouterr().out
    assert "78 placements" in out and "29 of the 105 links are archived." in out
    assert "pip install open_clip_torch" in out


def test_a_missing_action_is_wrong_usage(capsys):
    with pytest.raises(SystemExit) as error:
        run(["zero-shot"])
    assert error.value.code == 2
