"""What the Snapshots page loads, remembered until a file changes, and its jobs."""

import json
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import streamlit as st

from core.cache import read_json, safe_name, write_json
from core.errors import CacheError, PedigreeError
from core.jobs import Job
from core.settings import PROJECT_ROOT, load_settings
from core.snapshots.datasets import Dataset, load_dataset
from core.snapshots.lineage import UNFINISHED, Snapshot, list_snapshots
from core.snapshots.store.manifest import StoredModel
from core.snapshots.store.model_store import ModelStore
from core.snapshots.store.usage import StoreUsage, usage
from core.snapshots.train import read_epochs
from core.ui.loaders import changed_at, jobs
from core.ui.verb_job import run_verb

MAKING, ADDING = "snapshots-make", "snapshots-store"


def snapshots_root() -> Path:
    """Return the folder of the snapshots made here."""
    return load_settings().cache_root / "snapshots"


def store_root() -> Path:
    """Return the folder of the store that the command line fills by default."""
    return load_settings().cache_root / "store"


def snapshots() -> list[Snapshot]:
    """Return the snapshots made here, bases first."""
    root = snapshots_root()
    return _snapshots(str(root), changed_at(root))


def epochs(names: Sequence[str]) -> pd.DataFrame:
    """Return what each epoch of the named snapshots measured, a row an epoch."""
    root = snapshots_root()
    rows = [
        pd.DataFrame(read_epochs(root, name)).assign(snapshot=name) for name in names
    ]
    filled = [frame for frame in rows if "epoch" in frame]
    return pd.concat(filled, ignore_index=True) if filled else pd.DataFrame()


def in_training(job: Job) -> list[str]:
    """Name the snapshots that a job has trained, and those that it trains now."""
    began = datetime.fromtimestamp(job.started, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    trained = [one for one in snapshots() if one.origin == "trained"]
    now = sorted(path.name for path in (snapshots_root() / UNFINISHED).glob("*/"))
    return [*(one.id for one in trained if one.made_at >= began), *now]


def start_making(arguments: Sequence[str]) -> None:
    """Start `snapshots ARGUMENTS` in a process of its own."""
    title = "Training snapshots" if arguments[0] == "train" else "Drawing snapshots"
    jobs().start(MAKING, title, lambda job: run_verb(job, "snapshots", *arguments))


def start_adding() -> None:
    """Start putting every snapshot made here into the store."""
    root, store = snapshots_root(), str(store_root())
    folders = [str(root / one.id) for one in snapshots()]

    def work(job: Job) -> None:
        run_verb(job, "store", "add", "--store", store, "--", *folders)

    jobs().start(ADDING, "Filling the store", work)


def start_search(key: str, arguments: Sequence[str]) -> None:
    """Start `search ARGUMENTS` in a process of its own."""
    jobs().start(key, "Search", lambda job: run_verb(job, "search", *arguments))


def block_rows(architecture: str) -> pd.DataFrame | None:
    """Return what was measured of an architecture's blocks on this machine, or None."""
    path = _blocks_path(architecture)
    try:
        return pd.DataFrame(read_json(path)["blocks"]) if path.is_file() else None
    except (CacheError, KeyError, TypeError, ValueError):
        return None


def start_blocks(architecture: str) -> None:
    """Start measuring the blocks of an architecture, in a process of its own."""
    run = [sys.executable, "-m", "core", "snapshots", "blocks", "--json", "--batch",
           "8", "--", architecture]  # fmt: skip

    def work(job: Job) -> None:
        job.report(0.1, "Building and measuring the network")
        done = subprocess.run(run, cwd=PROJECT_ROOT, capture_output=True, text=True)
        if done.returncode:
            last = (done.stderr.strip() or "no reason").splitlines()[-1]
            raise PedigreeError(architecture, f"cannot be measured: {last.rstrip('.')}")
        write_json(_blocks_path(architecture), json.loads(done.stdout))

    jobs().start(blocks_key(architecture), f"Blocks of {architecture}", work)


def blocks_key(architecture: str) -> str:
    """Return the key of the job that measures an architecture."""
    return f"blocks-{architecture}"


def start_dataset(key: str, name: str, root: Path | None) -> None:
    """Start reading a dataset: splits, counts, hash."""

    def work(job: Job) -> Dataset:
        return load_dataset(name, root, progress=job.report)

    jobs().start(key, f"Reading {name}", work)


@st.cache_resource(show_spinner="Reading the store", max_entries=2)
def read_store(folder: str, stamp: tuple[int, int]) -> tuple[list[StoredModel], object]:
    """Return the models of a store and its usage."""
    store = ModelStore(Path(folder))
    found: StoreUsage = usage(store)
    return store.models(), found


def store_stamp(folder: Path) -> tuple[int, int]:
    """Change whenever a model or a pack came or went."""
    return changed_at(folder / "models"), changed_at(folder / "packs")


@st.cache_resource(show_spinner="Reading the snapshots", max_entries=2)
def _snapshots(root: str, stamp: int) -> list[Snapshot]:
    return list_snapshots(Path(root))


def _blocks_path(architecture: str) -> Path:
    folder = load_settings().cache_root / "snapshots-blocks"
    return folder / f"{safe_name(architecture)}.json"
