"""The import direction of the map: a part may import only from parts below it."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LAYERS = [
    ["core.errors"],
    ["core.strict_json", "core.numerals", "core.settings", "core.device", "core.words"],
    ["core.cache"],
    ["core.fetch", "core.progress", "core.jobs", "core.scheduler"],
    ["core.tables"],
    ["core.weights"],
    ["core.hub"],
    ["core.derived"],
    ["core.transfer"],
    ["core.snapshots"],
    ["core.zero_shot"],
    ["core.charts"],
    ["core.glossary"],
    ["core.demo"],
    ["core.upkeep"],
    ["core.ui", "core.commands"],
    ["core.__main__", "pages", "app"],
]
ONLY_IN = {"streamlit": ("core.ui", "pages", "app"), "plotly": ("core.charts",)}
INSIDE_FUNCTIONS = {"torch", "torchvision", "transformers", "kaleido"}


def modules() -> dict[str, ast.Module]:
    """Parse every module of the project, by dotted name."""
    files = [ROOT / "app.py", *ROOT.glob("core/**/*.py"), *ROOT.glob("pages/*.py")]
    return {
        ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(
            ".__init__"
        ): ast.parse(file.read_text())
        for file in files
    }


def imported(nodes) -> set[str]:
    """Return the dotted names that import statements among `nodes` name."""
    names = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    return names


def is_part_of(name: str, part: str) -> bool:
    return name == part or name.startswith(part + ".")


def layer(name: str) -> int:
    """Return the height of a module's part in the map."""
    heights = [
        height
        for height, parts in enumerate(LAYERS)
        if any(is_part_of(name, part) for part in parts)
    ]
    assert heights or name == "core", f"{name} is not on the map"
    return heights[0] if heights else 0


MODULES = modules()


@pytest.mark.parametrize("name", sorted(MODULES))
def test_imports_point_upward_in_the_map(name):
    for target in imported(ast.walk(MODULES[name])):
        if target.split(".")[0] in ("core", "pages", "app"):
            assert layer(target) <= layer(name), f"{name} imports {target}"


@pytest.mark.parametrize("name", sorted(MODULES))
def test_only_their_own_part_imports_streamlit_and_plotly(name):
    for target in imported(ast.walk(MODULES[name])):
        parts = ONLY_IN.get(target.split(".")[0], ("",))
        assert parts == ("",) or any(is_part_of(name, part) for part in parts)


@pytest.mark.parametrize("name", sorted(MODULES))
def test_heavy_packages_are_imported_inside_functions(name):
    roots = {target.split(".")[0] for target in imported(MODULES[name].body)}
    assert not roots & INSIDE_FUNCTIONS
