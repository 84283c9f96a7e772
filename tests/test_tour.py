"""The README's tour tells the steps of the journeys, and shows their pictures."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
ERRANDS = sorted((ROOT / "tests/journeys").glob("test_errand_*.py"))


def steps(file: Path) -> list[tuple[str, str]]:
    """Return the words and the picture of each step that a journey walks."""
    calls = [
        node
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "step"
    ]
    told = sorted(calls, key=lambda call: call.lineno)
    return [
        (
            ast.literal_eval(call.args[0]),
            "".join(ast.literal_eval(word.value) for word in call.keywords),
        )
        for call in told
    ]


def part(file: Path) -> str:
    """Return the README's lines on one errand, up to the next heading."""
    letter = file.stem.removeprefix("test_errand_")[0]
    return re.split(r"\n#+ ", README.split(f"\n### {letter}. ", 1)[1])[0]


@pytest.mark.parametrize("file", ERRANDS, ids=lambda file: file.stem)
def test_the_readme_tells_the_steps_of_the_journey(file):
    numbered = re.findall(r"^\d+\. (.*(?:\n   .*)*)", part(file), re.MULTILINE)
    told = [" ".join(step.split()) for step in numbered]
    assert told == [words for words, _ in steps(file)]


@pytest.mark.parametrize("file", ERRANDS, ids=lambda file: file.stem)
def test_the_readme_shows_the_pictures_of_the_journey(file):
    shown = re.findall(r"\(docs/([\w-]+)\.png\)", part(file))
    assert set(shown) <= {picture for _, picture in steps(file)}
    assert all((ROOT / f"docs/{name}.png").exists() for name in shown)
