"""docs/safety.md is true: its tests exist, and every input of the code stands in it."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/safety.md").read_text()
NAMED = sorted(set(re.findall(r"`(tests/[\w/]+\.py)::(test_\w+)`", PAGE)))
BOUND = re.compile(r'key=(?:f"\{prefix\}|")(\w+)",\s*bind="query-params"')
PARAMETER = re.compile(r'^PARAMETER = "(\w+)"', re.MULTILINE)
VARIABLE = re.compile(r'(?:values\.get\(|environ\.get\(|_address\(values, )"([A-Z_]+)"')


@cache
def functions(file: str) -> set[str]:
    """Return the names of the functions that a file defines."""
    tree = ast.parse((ROOT / file).read_text())
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def sources(*patterns: str) -> list[str]:
    return [path.read_text() for pattern in patterns for path in ROOT.glob(pattern)]


def test_the_page_names_tests():
    assert len(NAMED) > 60


@pytest.mark.parametrize(("file", "test"), NAMED)
def test_each_named_test_exists(file, test):
    assert test in functions(file)


def test_every_parameter_of_an_address_stands_on_the_page():
    texts = sources("core/ui/**/*.py", "pages/*.py")
    found = {name for text in texts for name in BOUND.findall(text)}
    found |= {name for text in texts for name in PARAMETER.findall(text)}
    assert found and not {name for name in found if f"`{name}`" not in PAGE}


def test_every_variable_of_the_environment_stands_on_the_page():
    texts = sources("core/**/*.py")
    found = {name for text in texts for name in VARIABLE.findall(text)}
    assert {"HF_TOKEN", "PORT", "PEDIGREE_CACHE"} <= found
    assert not {name for name in found if f"`{name}`" not in PAGE}
