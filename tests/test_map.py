"""The map in the README names every module of core, and nothing that is not there."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
MAP = README[README.index("core/errors.py") : README.index("To add to the zero-shot")]

QUESTIONS = {
    "why a tensor is called frozen": (
        "verdict", "derived/verdict.py", "tensor_verdict", "evidence",
    ),
    "obeys a 429": ("client", "hub/client.py", "HubClient", "== 429"),
    "gives a PDF its font": (
        "theme", "charts/theme.py", "paper_template", '"family": "Liberation Sans',
    ),
    "FLOPs are halved": (
        "open_clip/join", "tables/open_clip/join.py", "_models", "/ FLOPS_PER_MAC",
    ),
    "draw the folds": ("splits", "transfer/splits.py", "folds", "split.cut(records)"),
}  # fmt: skip
"""What a reader asks, in the map's words: the module it names there, its file, and what
of it does that, by a piece of its text.
"""


def mapped_modules(text: str) -> set[str]:
    """Return the paths that the map names: a folder's modules follow it in its line, or
    stand under it, further in.

    >>> sorted(mapped_modules("core/a/  all of it\\n    b c/ d  three\\n      e  one"))
    ['core/a/b.py', 'core/a/c/d.py', 'core/a/c/e.py']
    """
    found, folders = set(), {}
    for line in text.splitlines():
        depth = len(line) - len(line.lstrip())
        folders = {d: folder for d, folder in folders.items() if d < depth}
        inside = folders[max(folders)] if folders else ""
        for name in re.split(r"\s{2,}", line.strip())[0].split():
            if name.endswith("/"):
                inside = folders[depth] = inside + name
            elif name.endswith(".py") or inside:
                found.add(inside + name.removesuffix(".py") + ".py")
    return {path for path in found if path.startswith("core/")}


def test_the_map_is_the_code():
    files = {str(file.relative_to(ROOT)) for file in ROOT.glob("core/**/*.py")}
    files = {file for file in files if not file.endswith("__.py")}
    mapped = mapped_modules(MAP)
    assert not files - mapped, f"not on the map: {sorted(files - mapped)}"
    assert not mapped - files, f"on the map alone: {sorted(mapped - files)}"


@pytest.mark.parametrize("question", QUESTIONS)
def test_the_map_leads_to_what_a_reader_asks_for(question):
    module, file, name, piece = QUESTIONS[question]
    (line,) = [line for line in MAP.splitlines() if question in line]
    assert module in line.replace(":", " ").split()
    source = (ROOT / "core" / file).read_text()
    (node,) = [n for n in ast.walk(ast.parse(source)) if getattr(n, "name", "") == name]
    assert piece in ast.get_source_segment(source, node)


def test_every_step_of_the_three_ways_is_there():
    page = (ROOT / "docs" / "house.md").read_text()
    steps = re.findall(r"`([\w/]+\.py):\s+(?:\w+\.)?(\w+)`", page)
    assert len(steps) > 20
    for file, name in steps:
        nodes = ast.walk(ast.parse((ROOT / "core" / file).read_text()))
        assert name in {getattr(node, "name", "") for node in nodes}, (file, name)
