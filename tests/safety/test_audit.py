"""`make audit` in its three endings: nothing known, something known, no database."""

import importlib.util
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOUND = {"id": "CVE-2026-1", "fix_versions": ["2.0"]}
SKIPPED = {"name": "a", "skip_reason": "Dependency not found on PyPI"}


@pytest.fixture(scope="module")
def audit():
    """The script, imported from its path."""
    spec = importlib.util.spec_from_file_location("audit", ROOT / ".ci/audit.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(("packages", "status", "said"), [
    ([{"name": "a", "version": "1", "vulns": []}], 0, "1 packages looked up, 0 known"),
    ([{"name": "a", "version": "1", "vulns": [FOUND]}, SKIPPED], 1,
     "a 1: CVE-2026-1, mended in 2.0"),
    ([{"name": "a", "version": "1", "vulns": [FOUND | {"fix_versions": []}]}], 1,
     "mended in no version yet"),
    ([SKIPPED, SKIPPED], 0, "skipped: the database cannot be reached (Dependency not"),
])  # fmt: skip
def test_the_audit_says_what_it_found_or_why_it_could_not(
    audit, capsys, packages, status, said
):
    assert audit.listed({"dependencies": packages}) == status
    assert said in capsys.readouterr().out


def test_the_auditor_is_pinned_and_stays_out_of_the_environment(audit):
    assert "==" in audit.PINNED and audit.AUDITOR.name == ".venv-audit"
    assert "pip-audit" not in (ROOT / "requirements.txt").read_text()


def test_an_auditor_that_cannot_start_is_told_in_one_line(audit):
    assert audit.last_line("a\nrequests.ConnectionError: no route.\n\n").endswith(
        "route"
    )
    assert audit.last_line("") == "no reason given"
