"""docs/licences.md names each direct dependency with the licence that it states."""

import importlib.metadata
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
REQUIREMENTS = (ROOT / "requirements.txt").read_text()
PAGE = (ROOT / "docs/licences.md").read_text()
PINS = re.findall(r"^([\w.-]+)(.*)", REQUIREMENTS, re.MULTILINE)
ROWS = dict(re.findall(r"^\| ([\w.-]+) \| ([^|]+) \|", PAGE, re.MULTILINE))
ALLOWED = frozenset({
    "Apache-2.0", "Apache-2.0 WITH LLVM-exception", "MIT", "BSD-2-Clause",
    "BSD-3-Clause", "0BSD", "Zlib", "CC0-1.0", "BSL-1.0", "ISC", "MPL-2.0",
})  # fmt: skip


def told(name: str) -> str:
    """Return all that a package says of its licence."""
    metadata = importlib.metadata.metadata(name)
    classifiers = metadata.get_all("Classifier") or []
    licences = [one for one in classifiers if one.startswith("License")]
    return "\n".join([metadata.get("License") or "", *licences])


@pytest.mark.parametrize(("name", "pin"), PINS)
def test_each_direct_dependency_is_pinned_exactly(name, pin):
    assert re.fullmatch(r"==[\d.]+", pin), name


def test_the_page_lists_the_direct_dependencies_and_no_other():
    assert ROWS.keys() - {"package"} == {name for name, _ in PINS}


@pytest.mark.parametrize(("name", "pin"), PINS)
def test_each_licence_is_that_of_the_package(name, pin):
    metadata = importlib.metadata.metadata(name)
    if pin != f"=={metadata['Version']}":
        pytest.skip(f"{metadata['Version']} is installed, not {pin}")
    expression = metadata.get("License-Expression")
    if expression:
        assert ROWS[name].strip() == expression
    else:
        assert ROWS[name].partition("-")[0].strip() in told(name)


@pytest.mark.parametrize("name", [name for name, _ in PINS])
def test_each_licence_lets_the_project_be_given_on(name):
    assert set(re.split(r" AND ", ROWS[name].strip())) <= ALLOWED
