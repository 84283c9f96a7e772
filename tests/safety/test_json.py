"""JSON that no reader may trust: nesting, numbers and text that break what follows."""

import json

import pytest

from core.cache import Provenance, read_json, read_provenance, write_provenance
from core.derived.legacy_report import read_report
from core.derived.local import list_children
from core.errors import CacheError, CorruptCheckpoint, PedigreeError
from core.settings import Settings
from core.snapshots.lineage import list_snapshots, read_snapshot
from core.strict_json import MAX_DEPTH, strict_json
from core.tables.github import read_listing
from core.tables.history import history
from core.tables.hub import read_models
from core.transfer.folder_backbones import read_config
from core.weights.bounds import parse_json_object

BROKEN = {
    "lists in lists": b"[" * 100_000,
    "objects in objects": b'{"a":' * 100_000,
    "closed nesting": b"[" * 5000 + b"]" * 5000,
    "an endless number": b'{"a": ' + b"9" * 100_000 + b"}",
    "no UTF-8": b'{"a": "\xff"}',
    "half of it": b'{"a": [1, 2',
    "nothing": b"",
}
ODD = BROKEN | {
    "NaN": b'{"a": NaN}',
    "minus infinity": b'{"a": -Infinity}',
    "half a character": rb'{"a": "\ud800"}',
    "half a character as a key": rb'{"\udfff": 1}',
}
READERS = {
    "cache": read_json,
    "config.json": read_config,
    "snapshot.json": lambda path: read_snapshot(path.parent),
    "weight header or index": lambda path: parse_json_object("x", path.read_bytes()),
    "the study's report": read_report,
    "a listing of files": lambda path: read_listing(path.read_bytes(), "u"),
    "a listing of models": lambda path: read_models(path.read_bytes(), "u"),
}


@pytest.mark.parametrize("content", ODD.values(), ids=ODD)
def test_strict_json_takes_nothing_but_json(content):
    with pytest.raises(ValueError, match=r"\w"):
        strict_json(content)


def test_strict_json_is_json_where_it_is_json():
    deepest = "[" * MAX_DEPTH + "]" * MAX_DEPTH
    for text in ('{"a": ["\\ud83d\\ude00", 1e300, null]}', deepest, '"\\\\ud800"'):
        assert strict_json(text.encode()) == json.loads(text)
    with pytest.raises(ValueError, match="nested too deeply"):
        strict_json(f"[{deepest}]".encode())


@pytest.mark.parametrize("content", BROKEN.values(), ids=BROKEN)
@pytest.mark.parametrize("reader", READERS)
def test_every_reader_names_what_is_broken(reader, content, tmp_path):
    path = tmp_path / "snapshot.json"
    path.write_bytes(content)
    with pytest.raises(PedigreeError) as caught:
        READERS[reader](path)
    assert len(str(caught.value)) < 600 and str(caught.value).isprintable()


@pytest.mark.parametrize("content", [*BROKEN.values(), b"[1]", b'{"source": 1}'])
def test_a_damaged_provenance_is_named(content, tmp_path):
    path = tmp_path / "table"
    write_provenance(path, Provenance("s", "r", "2026"))
    assert read_provenance(path).source == "s"
    path.with_name("table.provenance.json").write_bytes(content)
    with pytest.raises(CacheError, match="delete it"):
        read_provenance(path)


@pytest.mark.parametrize("content", BROKEN.values(), ids=BROKEN)
def test_a_folder_of_models_is_listed_past_a_broken_one(content, tmp_path):
    for name in ("base", "child", "snapshot"):
        (tmp_path / name).mkdir()
    (tmp_path / "child" / "config.json").write_bytes(content)
    (tmp_path / "snapshot" / "snapshot.json").write_bytes(content)
    (tmp_path / "snapshot" / "model.safetensors").touch()
    assert list_children(tmp_path / "base") == [] == list_snapshots(tmp_path)


def test_a_line_of_the_history_that_is_a_bomb_is_left_out(tmp_path):
    path = tmp_path / "tables" / "history.jsonl"
    path.parent.mkdir()
    good = json.dumps(["2026", "hub", "new", "t", "id", "", None, 1])
    path.write_bytes(b"[" * 100_000 + b"\n" + good.encode() + b"\n")
    assert history(Settings(tmp_path))["id"].tolist() == ["id"]


def test_a_configuration_of_countless_layers_is_refused(tmp_path):
    path = tmp_path / "config.json"
    path.write_text('{"a": {"num_hidden_layers": 100000}}')
    with pytest.raises(CorruptCheckpoint, match="claims 100,000 num_hidden_layers"):
        read_config(path)
