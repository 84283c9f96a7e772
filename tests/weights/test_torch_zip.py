import os
import struct
import zipfile
from collections import OrderedDict
from io import BytesIO
from zlib import crc32

import numpy as np
import pytest

from core.errors import CorruptCheckpoint, NoWeights, UnsafePickle, UnsupportedFormat
from core.weights.checkpoint import open_checkpoint, read_entries

FLOATS = np.arange(6, dtype="f4").reshape(2, 3)


@pytest.fixture
def small(torch_bytes):
    import torch

    return torch_bytes({"w": torch.from_numpy(FLOATS), "n": torch.arange(3)})


def repacked(content, *, change=lambda name, body: body, method=zipfile.ZIP_STORED):
    """Write the same members with the standard library, which aligns nothing."""
    buffer = BytesIO()
    with zipfile.ZipFile(BytesIO(content)) as old, zipfile.ZipFile(buffer, "w") as new:
        for name in old.namelist():
            if (body := change(name, old.read(name))) is not None:
                new.writestr(name, body, method)
    return buffer.getvalue()


def raw(tensor):
    import torch

    return tensor.detach().contiguous().reshape(-1).view(torch.uint8).numpy()


def test_every_tensor_has_the_bytes_that_torch_wrote(
    pickled_tensors, torch_bytes, checkpoint_of, arrays_of
):
    checkpoint = checkpoint_of(torch_bytes(OrderedDict(pickled_tensors)))
    found = arrays_of(checkpoint)
    assert checkpoint.format == "torch-zip" and list(found) == list(pickled_tensors)
    for name, tensor in pickled_tensors.items():
        assert found[name].shape == tuple(tensor.shape), name
        if tensor.numel():
            assert np.array_equal(found[name].reshape(-1).view("u1"), raw(tensor)), name


def test_dtypes_torch_saves_without_a_storage_class(
    torch_bytes, checkpoint_of, arrays_of
):
    import torch

    written = {
        "f8": torch.tensor([0.5, -2.0]).to(torch.float8_e4m3fn),
        "u16": torch.tensor([1, 65535], dtype=torch.uint16),
    }
    checkpoint = checkpoint_of(torch_bytes(written))
    assert [entry.dtype for entry in checkpoint.entries] == ["F8_E4M3", "U16"]
    for name, array in arrays_of(checkpoint).items():
        assert np.array_equal(array.view("u1"), raw(written[name]))


def test_crc32_is_kept_only_for_whole_storages(
    pickled_tensors, torch_bytes, checkpoint_of
):
    checkpoint = checkpoint_of(torch_bytes(pickled_tensors))
    entries = {entry.name: entry for entry in checkpoint.entries}
    for name in ("plain", "tied", "bfloat16", "scalar"):
        assert entries[name].crc32 == crc32(raw(pickled_tensors[name])), name
    for name in ("transposed", "rows", "columns", "empty", "expanded"):
        assert entries[name].crc32 is None, name


def test_tied_tensors_share_a_storage(pickled_tensors, torch_bytes, checkpoint_of):
    checkpoint = checkpoint_of(torch_bytes(pickled_tensors))
    storage = {entry.name: entry.storage for entry in checkpoint.entries}
    assert storage["plain"] == storage["tied"] == storage["rows"]
    assert storage["plain"] != storage["half"]


def test_crc32_that_torch_left_out_is_none(small, torch_bytes, checkpoint_of):
    import torch

    torch.serialization.set_crc32_options(False)
    try:
        content = torch_bytes({"w": torch.from_numpy(FLOATS)})
    finally:
        torch.serialization.set_crc32_options(True)
    (entry,) = checkpoint_of(content).entries
    assert entry.crc32 is None


def test_an_ordinary_file_costs_two_reads(small, counting_source):
    source = counting_source(small)
    read_entries(source, "pytorch_model.bin")
    assert len(source.reads) == 2


@pytest.mark.parametrize(
    "wrap",
    [
        lambda tensors: {"state_dict": tensors, "epoch": 3, "lr": 0.1},
        lambda tensors: {"optimizer": {"state": {}}, "model": {"state_dict": tensors}},
        lambda tensors: {"module": OrderedDict(tensors)},
    ],
)
def test_wrapped_state_dicts_are_found(wrap, torch_bytes, checkpoint_of):
    import torch

    checkpoint = checkpoint_of(torch_bytes(wrap({"w": torch.ones(2)})))
    assert [entry.name for entry in checkpoint.entries] == ["w"]


def test_unknown_nesting_becomes_dotted_names(torch_bytes, checkpoint_of):
    import torch

    document = {"generator": {"w": torch.ones(2)}, "critic": {"w": torch.ones(3)}}
    checkpoint = checkpoint_of(torch_bytes(document))
    assert [entry.name for entry in checkpoint.entries] == ["generator.w", "critic.w"]


def test_a_module_state_dict_with_its_metadata(torch_bytes, checkpoint_of, arrays_of):
    import torch

    norm = torch.nn.BatchNorm1d(3)
    found = arrays_of(checkpoint_of(torch_bytes(norm.state_dict())))
    assert found["num_batches_tracked"].shape == () and len(found) == 5


def test_members_that_are_not_aligned_are_found(small, checkpoint_of, arrays_of):
    found = arrays_of(checkpoint_of(repacked(small)))
    np.testing.assert_array_equal(found["w"], FLOATS)


def test_offsets_beyond_four_gigabytes(tmp_path):
    import torch

    path = tmp_path / "sparse.bin"
    tensors = {"huge": torch.empty(1_100_000_000), "last": torch.ones(100)}
    with torch.serialization.skip_data():
        torch.save(tensors, path)
    if path.stat().st_blocks * 512 > 1_000_000:
        os.truncate(path, 0)
        pytest.skip("this file system writes holes out")
    with open_checkpoint(path) as checkpoint, zipfile.ZipFile(path) as archive:
        last = checkpoint.entries[1]
        header = archive.getinfo("sparse/data/1").header_offset
        local = checkpoint.source_of(last).read(header, header + 30)
    name_bytes, extra_bytes = struct.unpack("<2H", local[26:30])
    assert last.start == header + 30 + name_bytes + extra_bytes > 2**32


@pytest.mark.parametrize(
    ("change", "error", "happened"),
    [
        (lambda name, body: body + b"x" * name.endswith("data/0"),
         CorruptCheckpoint, "holds 25 bytes for a storage of 24"),
        (lambda name, body: None if name.endswith("data/1") else body,
         CorruptCheckpoint, "holds no bytes for a storage"),
        (lambda name, body: b"big" if name.endswith("order") else body,
         UnsupportedFormat, "'big' endian"),
        (lambda name, body: None if name.endswith(".pkl") else body,
         UnsupportedFormat, "not one of torch.save"),
        (lambda name, body: b"\x80\x02}." if name.endswith(".pkl") else body,
         NoWeights, "no tensors"),
    ],
)  # fmt: skip
def test_archives_that_contradict_themselves(
    change, error, happened, small, checkpoint_of
):
    with pytest.raises(error, match=happened):
        checkpoint_of(repacked(small, change=change))


def test_compressed_members_are_unsupported(small, checkpoint_of):
    with pytest.raises(UnsupportedFormat, match="compressed"):
        checkpoint_of(repacked(small, method=zipfile.ZIP_DEFLATED))


def test_a_damaged_pickle_fails_its_checksum(small, checkpoint_of):
    at = small.index(b"FloatStorage")
    with pytest.raises(CorruptCheckpoint, match="damaged pickle"):
        checkpoint_of(small[:at] + b"HalfStorage!" + small[at + 12 :])


@pytest.mark.parametrize("count", [1, 30, 200])
def test_a_truncated_archive_is_said_to_be_one(count, small, checkpoint_of):
    with pytest.raises(CorruptCheckpoint, match="zip that ends too early"):
        checkpoint_of(small[:-count])


def test_torchscript_is_named(checkpoint_of):
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in ("net/data.pkl", "net/constants.pkl", "net/code/net.py"):
            archive.writestr(name, b"x")
    with pytest.raises(UnsupportedFormat, match="TorchScript"):
        checkpoint_of(buffer.getvalue())


class Exploit:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (self.path, "w")


@pytest.mark.parametrize("new_format", [True, False])
def test_code_in_a_checkpoint_is_unsafe_and_never_runs(
    new_format, torch_bytes, tmp_path
):
    import torch

    canary, path = tmp_path / "canary", tmp_path / "pytorch_model.bin"
    document = {"w": torch.ones(2), "x": Exploit(str(canary))}
    path.write_bytes(torch_bytes(document, new_format=new_format))
    with pytest.raises(UnsafePickle, match=r"io\.open"):
        open_checkpoint(tmp_path)
    assert not canary.exists()


def test_a_whole_module_is_unsafe(torch_bytes, checkpoint_of):
    import torch

    with pytest.raises(UnsafePickle, match=r"torch\.nn\.modules\.linear\.Linear"):
        checkpoint_of(torch_bytes(torch.nn.Linear(2, 2)))


def test_an_expansion_beyond_the_file_is_refused(torch_bytes, checkpoint_of):
    import torch

    with pytest.raises(CorruptCheckpoint, match="expands tensor 'w' too far"):
        checkpoint_of(torch_bytes({"w": torch.ones(1).expand(2**40)}))


def test_quantized_tensors_are_listed(torch_bytes, checkpoint_of):
    import torch

    with pytest.warns(UserWarning, match="deprecated"):
        tensor = torch.quantize_per_tensor(torch.ones(4), 0.1, 0, torch.qint8)
    (entry,) = checkpoint_of(torch_bytes({"w": tensor})).entries
    assert (entry.quantized, entry.size_bytes) == ("QINT8", 4)
