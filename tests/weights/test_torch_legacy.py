import io
import pickle
import tarfile

import numpy as np
import pytest

from core.errors import CorruptCheckpoint, UnsupportedFormat
from core.weights.checkpoint import read_entries
from core.weights.torch_legacy import MAGIC_NUMBER


@pytest.fixture
def legacy(pickled_tensors, torch_bytes):
    return torch_bytes(pickled_tensors, new_format=False)


def test_every_tensor_has_the_bytes_that_torch_wrote(
    legacy, pickled_tensors, checkpoint_of, arrays_of
):
    import torch

    checkpoint = checkpoint_of(legacy)
    found = arrays_of(checkpoint)
    assert checkpoint.format == "torch-legacy" and list(found) == list(pickled_tensors)
    for name, tensor in pickled_tensors.items():
        flat = tensor.detach().contiguous().reshape(-1)
        assert found[name].shape == tuple(tensor.shape), name
        if flat.numel():
            wanted = flat.view(torch.uint8).numpy()
            assert np.array_equal(found[name].reshape(-1).view("u1"), wanted), name


def test_no_entry_has_a_checksum(legacy, checkpoint_of):
    assert all(entry.crc32 is None for entry in checkpoint_of(legacy).entries)


def test_a_large_file_costs_its_suffix_and_its_front(torch_bytes, counting_source):
    import torch

    tensors = {f"layer.{i}.weight": torch.zeros(20_000) for i in range(20)}
    source = counting_source(torch_bytes(tensors, new_format=False))
    read_entries(source, "pytorch_model.bin")
    assert sum(stop - start for start, stop in source.reads) < 400_000
    assert len(source.reads) == 3


def test_storages_outside_the_state_dict_are_stepped_over(
    torch_bytes, checkpoint_of, arrays_of
):
    import torch

    document = {"optimizer": {0: torch.zeros(100)}, "model": {"w": torch.arange(9)}}
    found = arrays_of(checkpoint_of(torch_bytes(document, new_format=False)))
    np.testing.assert_array_equal(found["w"], np.arange(9))


@pytest.mark.parametrize("change", [lambda b: b[:-1], lambda b: b + b"x"])
def test_another_length_is_corrupt(change, legacy, checkpoint_of):
    with pytest.raises(CorruptCheckpoint, match="where its storages need"):
        checkpoint_of(change(legacy))


def test_a_front_that_ends_early_is_corrupt(legacy, checkpoint_of):
    with pytest.raises(CorruptCheckpoint, match="broken pickle"):
        checkpoint_of(legacy[:500])


@pytest.mark.parametrize(
    ("values", "happened"),
    [
        ([1, 2, 3], "not one of torch.save"),
        ([MAGIC_NUMBER, 7, {}], "unknown torch.save protocol"),
        ([MAGIC_NUMBER, 1001, {"little_endian": False}], "big-endian"),
    ],
)
def test_other_pickles_are_unsupported(values, happened, checkpoint_of):
    content = b"".join(pickle.dumps(value, 2) for value in values)
    with pytest.raises(UnsupportedFormat, match=happened):
        checkpoint_of(content)


def test_tar_archives_are_unsupported(checkpoint_of):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("storages"))
    with pytest.raises(UnsupportedFormat, match="tar archive"):
        checkpoint_of(buffer.getvalue())
