"""What the cache holds, and clearing one kind of it, on real folders."""

import ast
import os
import time
from pathlib import Path

import pytest

from core.errors import CacheError, UsageError
from core.upkeep.kept import clear, kind_named, loss, parts, usage
from core.upkeep.kinds import KINDS

CORE = Path(__file__).parents[2] / "core"
LONG_AGO = time.time() - 3600


def fill(root: Path, *names: str, seconds: float = LONG_AGO) -> None:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x" * 10)
        os.utime(path, (seconds, seconds))


def used(root: Path) -> dict[str, tuple[int, int]]:
    return {u.kind.name: (u.files, u.size_bytes) for u in usage(root) if u.files}


def test_every_file_is_of_exactly_one_kind(tmp_path):
    fill(
        tmp_path, "tables/a/b.parquet", "hub/one.parquet", "hub/weights/x/w.bin",
        "hub/stray", "zero_shot/models/m/w", "zero_shot/fits/f.json", "mine.csv",
        "README.md",
    )  # fmt: skip
    assert used(tmp_path) == {
        "tables": (1, 10), "listings": (1, 10), "base-weights": (1, 10),
        "zero-shot-models": (1, 10), "zero-shot-answers": (1, 10), "other": (2, 20),
    }  # fmt: skip


def test_ages_are_those_of_the_files(tmp_path):
    fill(tmp_path, "derived/a", seconds=1000)
    fill(tmp_path, "derived/b/c", seconds=2000)
    use = next(u for u in usage(tmp_path) if u.kind.name == "comparisons")
    assert (use.oldest, use.newest) == (1000, 2000)


def test_clearing_deletes_that_kind_and_nothing_else(tmp_path):
    fill(tmp_path, "hub/one.parquet", "hub/weights/w", "derived/d", "mine.csv")
    kind = kind_named("base-weights")
    assert loss(tmp_path, kind).size_bytes == clear(tmp_path, kind).size_bytes == 10
    assert used(tmp_path) == {
        "listings": (1, 10), "comparisons": (1, 10), "other": (1, 10),
    }  # fmt: skip
    assert clear(tmp_path, kind).files == 0
    assert not list(tmp_path.glob(".cleared-*"))


def test_what_is_being_written_stays(tmp_path):
    fill(tmp_path, "features/f.npz", seconds=5000)
    with pytest.raises(CacheError, match="written to 20 s ago; wait"):
        clear(tmp_path, kind_named("features"), now=5020)
    assert clear(tmp_path, kind_named("features"), now=5060).files == 1


def test_snapshots_go_only_by_name(tmp_path):
    fill(tmp_path, "snapshots/a/w", "snapshots/b/w", "snapshots/.unfinished/c/w")
    kind = kind_named("snapshots")
    assert parts(tmp_path, kind) == [".unfinished", "a", "b"]
    with pytest.raises(UsageError, match=r"only by name; there is \.unfinished, a, b"):
        clear(tmp_path, kind)
    with pytest.raises(UsageError, match=r"\.\./derived of snapshots is not there"):
        clear(tmp_path, kind, ["a", "../derived"])
    assert clear(tmp_path, kind, ["a"]).files == 1
    assert parts(tmp_path, kind) == [".unfinished", "b"]


@pytest.mark.parametrize("name", ["store", "log"])
def test_some_kinds_are_not_cleared_here(tmp_path, name):
    fill(tmp_path, f"{name}/file")
    with pytest.raises(UsageError, match="not cleared here"):
        clear(tmp_path, kind_named(name))
    assert (tmp_path / name / "file").exists()


def test_a_link_to_elsewhere_is_neither_followed_nor_deleted(tmp_path):
    root, elsewhere = tmp_path / "cache", tmp_path / "elsewhere"
    root.mkdir()
    fill(elsewhere, "precious")
    (root / "features").symlink_to(elsewhere)
    os.utime(root / "features", (LONG_AGO, LONG_AGO), follow_symlinks=False)
    with pytest.raises(CacheError, match="is a link to elsewhere"):
        clear(root, kind_named("features"))
    assert (elsewhere / "precious").exists()


def test_what_a_killed_clearing_left_goes_with_the_next(tmp_path):
    fill(tmp_path, ".cleared-x/0/old", "search/rankings/r.json")
    assert "other" not in used(tmp_path)
    clear(tmp_path, kind_named("search"))
    assert not list(tmp_path.iterdir())


def test_an_unknown_kind_is_one_sentence():
    with pytest.raises(UsageError, match="is no kind; choose one of tables"):
        kind_named("../..")


def test_every_folder_that_the_code_writes_to_is_of_a_kind():
    known = {folder.split("/")[0] for kind in KINDS for folder in kind.folders}
    assert written_folders() and written_folders() <= known


def written_folders() -> set[str]:
    """Return every NAME of an expression `...cache_root / "NAME"` in the code."""
    found = set()
    for file in CORE.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            match node:
                case ast.BinOp(
                    left=ast.Attribute(attr="cache_root"), op=ast.Div(),
                    right=ast.Constant(value=str(name)),
                ):  # fmt: skip
                    found.add(name)
    return found
