"""A store survives kill -9 at any step, and writers at once."""

import os
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import pytest

from core.snapshots.store.add import add_model
from core.snapshots.store.check import verify
from core.snapshots.store.collect import collect
from core.snapshots.store.compress import compress
from core.snapshots.store.model_store import ModelStore

WORKER = Path(__file__).with_name("worker.py")
ROOT = Path(__file__).parents[3]


def worker(folder, *arguments, steps: int = 0) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, WORKER, folder, str(steps), *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(process: subprocess.Popen) -> int:
    """Wait for a worker and return how many steps it took; 0 for a killed one."""
    out, errors = process.communicate(timeout=100)
    if process.returncode < 0:
        return 0
    assert process.returncode == 0, errors
    return int(out)


def state(folder: Path) -> tuple:
    """What a store holds: every pack, bit by bit, and every model but for its date."""
    store = ModelStore(folder)
    packs = {p.name: sha256(p.read_bytes()).hexdigest() for p in store.packs.iterdir()}
    return packs, [(m.id, m.files, m.lineage) for m in store.models()]


def spread(steps: int, points: int) -> list[int]:
    return sorted({1 + (steps - 1) * point // (points - 1) for point in range(points)})


def test_adding_killed_at_any_step_and_started_again_ends_alike(family, tmp_path):
    folders = [family["base"], family["child-0"]]
    steps = finish(worker(tmp_path / "whole", "add", *folders))
    expected = state(tmp_path / "whole")
    for last in spread(steps, 6):
        place = tmp_path / f"killed-{last}"
        assert finish(worker(place, "add", *folders, steps=last)) == 0
        assert verify(ModelStore(place)).empty
        again = ModelStore(place)
        add_model(again, "base", folders[0], lineage={})
        add_model(again, "child-0", folders[1], lineage=expected[1][1][2])
        assert state(place) == expected


@pytest.fixture
def with_waste(family, tmp_path):
    """Make a store from which a model was removed and not yet collected."""

    def made(name: str) -> ModelStore:
        store = ModelStore(tmp_path / name, create=True)
        for id in ("base", "child-3", "child-4", "child-5"):
            add_model(store, id, family[id], lineage={"base": "base"})
        store.remove("child-3")
        return store

    return made


@pytest.mark.parametrize("verb", [collect, compress])
def test_upkeep_killed_at_any_step_and_started_again_ends_alike(with_waste, verb):
    steps = finish(worker(with_waste("counted").folder, verb.__name__))
    whole = with_waste("whole")
    verb(whole)
    expected = state(whole.folder)
    for last in spread(steps, 6):
        store = with_waste(f"killed-{last}")
        assert finish(worker(store.folder, verb.__name__, steps=last)) == 0
        assert verify(store).empty
        verb(ModelStore(store.folder))
        assert state(store.folder) == expected


def test_writers_at_once_write_every_piece_once(family, tmp_path):
    place = tmp_path / "store"
    ModelStore(place, create=True)
    orders = [list(family.values()), list(family.values())[::-1]]
    writers = [worker(place, "add", *order) for order in orders]
    writers.append(worker(place, "collect"))
    for writer in writers:
        finish(writer)
    store = ModelStore(place)
    held = [digest for places in store.copies().values() for digest in places]
    assert len(held) == len(set(held)) == len(store.places)
    assert {model.id for model in store.models()} == set(family)
    assert verify(store).empty
