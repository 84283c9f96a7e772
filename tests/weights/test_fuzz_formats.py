"""Mutated files of every format end in a checkpoint or a named error: no crash, no
hang, no memory beyond the budget, no file written, no code run.
"""

import json
import os
import sys
import tracemalloc
import zipfile
from collections import Counter
from io import BytesIO
from time import perf_counter

import numpy as np
import pytest
from safetensors.numpy import save

from core.errors import PedigreeError
from core.weights.array import read_tensor
from core.weights.checkpoint import open_weights
from core.weights.source import BytesSource

CASES = 250
SEED = 20_240_601
MEMORY_BUDGET_BYTES = 64 * 1024 * 1024
SECONDS_A_CASE = 5
FORMATS = (
    "safetensors", "torch-zip", "torch-pickle", "torch-legacy", "gguf", "index",
    "adapter",
)  # fmt: skip
RAN_CODE = ("os.", "subprocess.", "pickle.", "socket.", "shutil.", "ctypes.")

ARRAYS = {"layer.0.weight": np.arange(12, dtype="f4").reshape(3, 4), "b": np.ones(3)}


def truncated(content, random):
    return content[: random.integers(len(content))]


def flipped(content, random):
    changed = bytearray(content)
    for at in random.integers(len(content), size=random.integers(1, 6)):
        changed[at] ^= 1 << random.integers(8)
    return bytes(changed)


def overwritten(content, random):
    at = random.integers(len(content))
    piece = random.bytes(random.integers(1, 16))
    return content[:at] + piece + content[at + len(piece) :]


def spliced(content, random):
    first, second, at = sorted(random.integers(len(content), size=3))
    return content[:at] + content[first:second] + content[first:]


def blown_up(content, random):
    """Put a huge number where a length, a count or an offset may be."""
    front = random.integers(min(len(content), 64)) if random.random() < 0.5 else None
    at = random.integers(len(content)) if front is None else front
    width = random.choice([1, 2, 4, 8])
    number = random.choice([2**63, 2**40, 2**31, 2**16, 255]) - random.integers(2)
    piece = (int(number) % 2 ** (8 * int(width))).to_bytes(int(width), "little")
    return content[:at] + piece + content[at + len(piece) :]


def digits_grown(content, random):
    """Lengthen the numbers of a JSON header."""
    digits = [at for at, byte in enumerate(content[:2000]) if 48 <= byte <= 57] or [0]
    at = random.choice(digits)
    return content[:at] + b"9" * random.integers(1, 30) + content[at:]


MUTATIONS = (truncated, flipped, overwritten, spliced, blown_up, digits_grown)


@pytest.fixture(scope="module")
def audited():
    """The events since the last clear() that mean that code ran or a file was made."""
    seen = []

    def note(event, arguments):
        writes = event == "open" and set(str(arguments[1])) & set("wax+")
        if writes or event.startswith(RAN_CODE):
            seen.append((event, str(arguments)))

    sys.addaudithook(note)
    return seen


@pytest.fixture
def wholesome(torch_bytes, gguf_bytes, pickled_tensors):
    """File name and content of one sound file a format, the one to mutate first."""
    archive = torch_bytes(pickled_tensors)
    config = {"r": 8, "target_modules": ["q"], "base_model_name_or_path": "a/b"}
    index = {"weight_map": dict.fromkeys(ARRAYS, "m.safetensors"), "metadata": {}}
    gguf = gguf_bytes(
        [
            (b"w", (4, 3), 0, ARRAYS["layer.0.weight"].tobytes()),
            (b"q", (32,), 2, b"x" * 18),
        ],
        [(b"general.alignment", 4, 32), (b"tokens", 9, (8, [b"a", b"bc"]))],
    )
    return {
        "safetensors": {"model.safetensors": save(ARRAYS, {"format": "pt"})},
        "torch-zip": {"pytorch_model.bin": archive},
        "torch-pickle": {"pytorch_model.bin": archive},
        "torch-legacy": {
            "pytorch_model.bin": torch_bytes(pickled_tensors, new_format=False)
        },
        "gguf": {"m.gguf": gguf},
        "index": {
            "m.safetensors.index.json": json.dumps(index).encode(),
            "m.safetensors": save(ARRAYS),
        },
        "adapter": {
            "adapter_config.json": json.dumps(config).encode(),
            "adapter_model.safetensors": save({"a.q.lora_A.weight": np.ones(3)}),
        },
    }  # fmt: skip


def mutated(format_, files, random):
    """Mutate the first file, up to three times over."""
    (name, content), *rest = files.items()
    if format_ == "torch-pickle":
        return {name: with_mutated_pickle(content, random)}
    for _ in range(random.integers(1, 4)):
        content = random.choice(MUTATIONS)(content, random) or b"\0"
    return {name: content, **dict(rest)}


def with_mutated_pickle(content, random):
    """Mutate data.pkl and write its CRC32 anew, so that the reader goes on."""
    buffer = BytesIO()
    with zipfile.ZipFile(BytesIO(content)) as old, zipfile.ZipFile(buffer, "w") as new:
        for name in old.namelist():
            body = old.read(name)
            if name.endswith("data.pkl"):
                body = random.choice(MUTATIONS)(body, random)
            new.writestr(name, body)
    return buffer.getvalue()


def outcome(files):
    """Open the files and read every tensor; return what came of it in a word."""
    picked = next((f for f in files if not f.startswith("adapter_config")), "")
    try:
        opened = open_weights("m", picked, files, lambda f: BytesSource(files[f], f))
        with opened as checkpoint:
            for entry in checkpoint.entries:
                if entry.quantized is None:
                    read_tensor(checkpoint, entry)
    except PedigreeError as error:
        assert str(error).isprintable() and len(str(error)) < 400
        return error.reason
    return "checkpoint"


@pytest.mark.parametrize("format_", FORMATS)
def test_sound_files_are_read(format_, wholesome):
    assert outcome(wholesome[format_]) == "checkpoint"


@pytest.mark.filterwarnings("ignore:invalid escape sequence")
@pytest.mark.parametrize("format_", FORMATS)
def test_mutated_files_end_in_a_checkpoint_or_a_named_error(
    format_, wholesome, audited, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    random = np.random.default_rng([SEED, FORMATS.index(format_)])
    outcomes: Counter[str] = Counter()
    slowest = 0.0
    tracemalloc.start()
    try:
        for _ in range(CASES):
            files = mutated(format_, wholesome[format_], random)
            audited.clear()
            started = perf_counter()
            outcomes[outcome(files)] += 1
            slowest = max(slowest, perf_counter() - started)
            assert not audited
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert sum(outcomes.values()) == CASES and len(outcomes) > 1
    assert peak < MEMORY_BUDGET_BYTES and slowest < SECONDS_A_CASE
    assert os.listdir(tmp_path) == []
