"""`store`: keep models in a store, each tensor once; take them out bit by bit."""

import argparse
import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import pandas as pd

from core.commands.answer import Answer, progress_line, table
from core.commands.derived import RELATIONS, base_of
from core.errors import CacheError, UsageError
from core.settings import Settings, local_path


def add(verbs: argparse._SubParsersAction) -> None:
    """Add the verb and its actions to the parser."""
    verb = verbs.add_parser("store", help="a model store: each tensor kept once")
    actions = verb.add_subparsers(dest="action", required=True, metavar="ACTION")
    _add_adding(actions)
    listing = _action(actions, "list", run_list, "the models and who made whom")
    listing.add_argument(
        "--sql", metavar="QUESTION", help="ask the tables models and tensors (DuckDB)"
    )
    _action(actions, "stats", run_stats, "bytes as published, once, and on disk")
    verify = _action(actions, "verify", run_verify, "read every bit; 1 if damaged")
    verify.add_argument(
        "--list", action="store_true", help="answer with the problems, exit 0"
    )
    verify.add_argument(
        "--drop-damaged", action="store_true",
        help="take damaged pieces out; adding their models again mends them",
    )  # fmt: skip
    _action(actions, "gc", run_gc, "free what no model needs")
    _action(actions, "compress", run_compress, "code changed tensors where it pays")
    export = _action(actions, "export", run_export, "a model's files, bit by bit")
    export.add_argument("id")
    export.add_argument("folder", type=Path)
    remove = _action(actions, "remove", run_remove, "take models out; then gc")
    remove.add_argument("ids", nargs="+", metavar="ID")


def run_add(arguments: argparse.Namespace, settings: Settings) -> Answer:
    """Add files, folders, families or the study's store."""
    from core.snapshots.store.families import COLUMNS
    from core.snapshots.store.usage import usage

    if arguments.name and (len(arguments.paths) > 1 or arguments.family):
        raise UsageError("--name", "names one model", "add one PATH without --family")
    store = _store(arguments, settings, create=True)
    frames = [_added(store, text, arguments, settings) for text in arguments.paths]
    rows = pd.concat(frames, ignore_index=True)
    models = rows.astype(object).where(rows.notna(), None).to_dict("records")
    counts = rows["status"].value_counts()
    told = ", ".join(f"{count} {status}" for status, count in counts.items())
    failed = [list(row.values()) for row in models if row["status"] == "failed"]
    text = f"{told}; {_mb(usage(store).disk_bytes)} in {store.folder}"
    text += "\n\n" + table(COLUMNS, failed) if failed else ""
    return Answer({"store": str(store.folder), "models": models}, text)


def run_list(arguments: argparse.Namespace, settings: Settings) -> Answer:
    """List the models as a tree, or answer a question in SQL."""
    from core.snapshots.store.query import lineage_tree, query_lineage

    models = _store(arguments, settings).models()
    if arguments.sql:
        found = query_lineage(models, arguments.sql)
        rows = _plain_rows(found)
        return Answer(rows, table(list(found.columns), [r.values() for r in rows]))
    rows = _plain_rows(lineage_tree(models))
    for row in rows:
        row["lineage"] = json.loads(row["lineage"])
        row["metrics"] = json.loads(row["metrics"] or "null")
    header = ["model", "index", "dataset", "seed", "accuracy", "size", "own"]
    cells = [
        [
            "  " * (row["depth"] or 0) + row["id"], row["retrain_index"],
            row["dataset"], row["seed"], row["accuracy"], _mb(row["size_bytes"]),
            _mb(row["own_bytes"]),
        ]
        for row in rows
    ]  # fmt: skip
    return Answer(rows, table(header, cells))


def run_stats(arguments: argparse.Namespace, settings: Settings) -> Answer:
    """Count bytes as published, once, and on disk."""
    from core.snapshots.store.usage import usage

    found = usage(_store(arguments, settings))
    lines = [
        f"{found.models} models in {found.files} files, {found.tensors} tensors, "
        f"{found.unique_tensors} of them distinct",
        f"{_mb(found.published_bytes)} as published, {_mb(found.once_bytes)} once, "
        f"{_mb(found.disk_bytes)} on disk",
    ]
    if found.coded_tensors:
        lines.append(
            f"{found.coded_tensors} tensors coded against their base: "
            f"{_mb(found.coded_bytes)} instead of {_mb(found.decoded_bytes)}"
        )
    return Answer(asdict(found), "\n".join(lines))


def run_verify(arguments: argparse.Namespace, settings: Settings) -> Answer:
    """Read every bit. Raises CacheError where something is damaged."""
    from core.snapshots.store.check import drop_damaged, verify

    store = _store(arguments, settings)
    dropped = drop_damaged(store) if arguments.drop_damaged else 0
    problems = _plain_rows(verify(store))
    if problems and not (arguments.list or arguments.drop_damaged):
        first = problems[0]
        happened = (
            f"is damaged ({len(problems)} found; the first: {first['subject']} "
            f"{first['happened']})"
        )
        raise CacheError(store.folder, happened, "list them with --list")
    document = {"problems": problems, "dropped": dropped}
    if not problems:
        return Answer(document, "Every bit is as it was added.")
    header = ["what", "happened", "models"]
    cells = [[r["subject"], r["happened"], ", ".join(r["models"])] for r in problems]
    return Answer(document, table(header, cells))


def run_gc(arguments: argparse.Namespace, settings: Settings) -> Answer:
    """Free what no model needs."""
    from core.snapshots.store.collect import collect

    done = collect(_store(arguments, settings))
    text = f"{done.pieces} pieces went, {_mb(done.freed_bytes)} are free again"
    return Answer(asdict(done), text)


def run_compress(arguments: argparse.Namespace, settings: Settings) -> Answer:
    """Code changed tensors against their base where that makes them smaller."""
    from core.snapshots.store.compress import compress

    done = compress(_store(arguments, settings), progress_line)
    text = (
        f"{done.coded} of {done.tried} changed tensors coded: "
        f"{_mb(done.before_bytes)} became {_mb(done.after_bytes)}"
    )
    return Answer(asdict(done), text)


def run_export(arguments: argparse.Namespace, settings: Settings) -> Answer:
    """Write the files of a model into a folder."""
    from core.snapshots.store.stored_source import export

    store = _store(arguments, settings)
    model = export(store, arguments.id, local_path(arguments.folder))
    files = [str(arguments.folder / file.name) for file in model.files]
    return Answer({"id": model.id, "files": files}, "\n".join(files))


def run_remove(arguments: argparse.Namespace, settings: Settings) -> Answer:
    """Take models out of the store; their bytes go with the next gc."""
    store = _store(arguments, settings)
    for id in arguments.ids:
        store.model(id)
    for id in arguments.ids:
        store.remove(id)
    text = f"{len(arguments.ids)} models removed; `store gc` frees their bytes"
    return Answer({"removed": arguments.ids}, text)


def _add_adding(actions: argparse._SubParsersAction) -> None:
    adding = _action(actions, "add", run_add, "files, folders or whole families")
    adding.add_argument(
        "paths", nargs="+", metavar="PATH",
        help="a weight file, a model folder, owner/name on the Hub, or a published "
        "study's model_store.json",
    )  # fmt: skip
    adding.add_argument("--name", metavar="ID", help="default: the folder's name")
    adding.add_argument(
        "--family", action="store_true", help="PATH and all that is made from it"
    )
    adding.add_argument("--replace", action="store_true", help="also a taken name")
    family = adding.add_argument_group("families of the Hub")
    family.add_argument("--relation", action="append", choices=RELATIONS)
    family.add_argument("--hops", type=int, default=1, metavar="N")
    family.add_argument("--limit", type=int, metavar="N", help="at most N children")


def _action(
    actions: argparse._SubParsersAction, name: str, run: Callable, told: str
) -> argparse.ArgumentParser:
    action = actions.add_parser(name, help=told)
    action.add_argument(
        "--store", type=Path, metavar="DIR", help="default: store/ of the cache folder"
    )
    action.add_argument("--json", action="store_true", help="print one JSON document")
    action.set_defaults(run=run)
    return action


def _store(arguments: argparse.Namespace, settings: Settings, *, create: bool = False):
    from core.snapshots.store.model_store import ModelStore

    folder = arguments.store or settings.cache_root / "store"
    return ModelStore(local_path(folder), create=create)


def _added(
    store, text: str, arguments: argparse.Namespace, settings: Settings
) -> pd.DataFrame:
    from core.derived.named import is_on_hub
    from core.snapshots.store.families import (
        COLUMNS,
        add_hub_family,
        add_hub_model,
        add_local_family,
        add_one,
    )
    from core.snapshots.store.legacy_store import LISTING, add_legacy_store

    place = base_of(text)
    path = local_path(text)
    if path.name == LISTING or (path / LISTING).is_file():
        return add_legacy_store(store, path, progress_line)
    if arguments.family and isinstance(place, Path):
        return add_local_family(store, place, progress_line)
    if arguments.family:
        return add_hub_family(
            store, place, settings, relations=tuple(arguments.relation or RELATIONS),
            hops=arguments.hops, limit=arguments.limit, progress=progress_line,
        )  # fmt: skip
    if is_on_hub(text):
        if arguments.name:
            raise UsageError("--name", "is for files and folders", "leave it out")
        row = add_hub_model(store, text, settings)
        return pd.DataFrame([row], columns=list(COLUMNS))
    row = add_one(store, path, id=arguments.name, replace=arguments.replace)
    return pd.DataFrame([row], columns=list(COLUMNS))


def _plain_rows(frame: pd.DataFrame) -> list[dict]:
    """Return rows whose missing values are None."""
    whole = frame.astype(object)
    return whole.where(whole.notna(), None).to_dict("records")


def _mb(size_bytes: int) -> str:
    return f"{size_bytes / 1e6:,.1f} MB"
