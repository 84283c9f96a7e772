"""Arrays on disk: rows as numpy reads them, and files that lie."""

import io
import struct
import zipfile
from contextlib import suppress

import numpy as np
import pytest

from core.errors import UsageError
from core.transfer.scores import stored
from core.transfer.scores.stored import open_arrays

FEATURES = np.random.default_rng(0).standard_normal((50, 7)).astype("f4")
LABELS = np.array(["ant", "bee"] * 25)


def packed(array: np.ndarray, **changes: str) -> bytes:
    file = io.BytesIO()
    np.save(file, array)
    text = file.getvalue()
    for old, new in changes.values():
        text = text.replace(old.encode(), new.encode(), 1)
    return text


def read(path):
    with open_arrays(path) as arrays:
        return set(arrays)


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_rows_are_those_of_numpy(tmp_path, save):
    path = tmp_path / "a.npz"
    save(path, features=FEATURES, labels=LABELS, turned=np.asfortranarray(FEATURES))
    with open_arrays(path) as found:
        for array in (found["features"], found["turned"]):
            assert array.shape == (50, 7) and type(array[:2]) is np.ndarray
            assert (array[10:13] == FEATURES[10:13]).all()
            assert (array[np.array([40, 3])] == FEATURES[[40, 3]]).all()
        assert found["labels"][:].tolist() == LABELS.tolist()


def test_a_single_array_and_an_empty_one(tmp_path):
    np.save(tmp_path / "a.npy", FEATURES.astype(">f8"))
    np.savez(tmp_path / "b.npz", features=np.empty((0, 4)))
    with open_arrays(tmp_path / "a.npy") as found:
        assert (found["features"][:5] == FEATURES[:5]).all()
    with open_arrays(tmp_path / "b.npz") as found:
        assert found["features"][:].shape == (0, 4)


@pytest.mark.parametrize(
    ("member", "problem"),
    [
        (packed(np.array([{}, 1])), "holds Python objects"),
        (packed(np.zeros(2, dtype="i4,i4")), "holds records"),
        (packed(np.zeros((2, 2, 2))), r"has the shape \(2, 2, 2\)"),
        (packed(np.float64(1)), "has the shape"),
        (packed(FEATURES, size=("(50, 7)", "(51, 7)")), "other bytes than it claims"),
        (packed(FEATURES, size=("(50, 7), ", "(9**99,),")), "no readable header"),
        (packed(FEATURES, size=("(50, 7)", "(-5, 7)")), "has the shape"),
        (packed(FEATURES)[:40], "no readable header"),
        (b"nonsense", "no readable header"),
    ],
)
@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_member_that_lies_is_a_named_error(tmp_path, member, problem, method):
    path = tmp_path / "a.npz"
    with zipfile.ZipFile(path, "w", method) as archive:
        archive.writestr("features.npy", member)
    with pytest.raises(UsageError, match=problem):
        read(path)


def test_a_file_that_is_none_is_a_named_error(tmp_path):
    path = tmp_path / "a.npz"
    with pytest.raises(UsageError, match=r"a.npz cannot be read \(No such file"):
        read(path)
    path.write_bytes(b"PK\x03\x04 and nothing more")
    with pytest.raises(UsageError, match=r"is no readable .npz"):
        read(path)
    np.save(tmp_path / "a.npy", FEATURES)
    cut = tmp_path / "cut.npy"
    cut.write_bytes((tmp_path / "a.npy").read_bytes()[:-1])
    with pytest.raises(UsageError, match=r"cut.npy holds other bytes"):
        read(cut)


def test_a_stored_member_may_not_reach_beyond_its_file(tmp_path):
    path = tmp_path / "a.npz"
    member = packed(FEATURES, size=("(50, 7), }  ", "(5000, 7), }"))
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("features.npy", member)
    claimed = struct.pack("<L", len(member)), struct.pack("<L", 128 + 5000 * 28)
    path.write_bytes(path.read_bytes().replace(*claimed))
    with pytest.raises(UsageError, match="other bytes than it claims"):
        read(path)


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path, monkeypatch):
    path = tmp_path / "a.npz"
    np.savez_compressed(path, features=np.zeros((1000, 1000)))
    monkeypatch.setattr(stored, "MAX_UNPACKED_BYTES", 10**6)
    with pytest.raises(UsageError, match="unpacks to 8,000,128 bytes"):
        read(path)


def test_flipped_bytes_give_a_named_error_or_an_array(tmp_path):
    path, random = tmp_path / "a.npz", np.random.default_rng(0)
    np.savez_compressed(path, features=FEATURES)
    whole = bytearray(path.read_bytes())
    for _ in range(200):
        broken = bytearray(whole)
        broken[random.integers(len(whole))] ^= 1 << random.integers(8)
        path.write_bytes(broken)
        with suppress(UsageError), open_arrays(path) as found:
            assert np.prod(found.get("features", FEATURES).shape) == 350
