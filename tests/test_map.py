"""The map in the README names every module, and nothing that is not there."""

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
MAP = README[README.index("core/errors.py") : README.index("To add a source of")]
PACKAGES = sorted(path for path in (ROOT / "core").glob("*/") if any(path.glob("*.py")))


def part(package: Path) -> str:
    """Return the lines of the map about one package."""
    after = MAP[MAP.index(f"core/{package.name}/") :]
    return after.split("\n\n")[0]


@pytest.mark.parametrize("package", PACKAGES, ids=lambda path: path.name)
def test_every_module_is_on_the_map(package):
    words = set(part(package).replace(",", " ").replace("/", " / ").split())
    modules = {file.stem for file in package.rglob("*.py") if file.stem != "__init__"}
    assert modules <= words, f"not on the map: {sorted(modules - words)}"


def test_every_file_of_the_core_itself_is_on_the_map():
    files = [file for file in (ROOT / "core").glob("*.py") if "__" not in file.stem]
    assert all(f"core/{file.name}" in MAP for file in files)
