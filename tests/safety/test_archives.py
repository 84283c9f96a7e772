"""Archives and arrays that are out for harm: links, devices, ways out, bombs."""

import io
import os
import stat
import tarfile
import zipfile

import numpy as np
import pytest
from scipy.io import savemat

from core.errors import UsageError
from core.snapshots.datasets import folders, load_dataset
from core.snapshots.datasets.folders import unpacked
from core.transfer.scores.stored import open_arrays


def entry(name: str, kind: bytes = tarfile.REGTYPE, **fields) -> tarfile.TarInfo:
    """Return a member of an archive, without content."""
    member = tarfile.TarInfo(name)
    member.type = kind
    for field, value in fields.items():
        setattr(member, field, value)
    return member


@pytest.fixture
def unpack(tmp_path):
    """Return a function that writes an archive of members and unpacks it."""

    def made(*members: tarfile.TarInfo):
        root = tmp_path / "root"
        root.mkdir()
        with tarfile.open(root / "a.tar", "w") as tar:
            for member in (entry("top", tarfile.DIRTYPE, mode=0o755), *members):
                tar.addfile(member, io.BytesIO(bytes(max(member.size, 0))))
        return unpacked(root, "top", "a.tar")

    return made


@pytest.mark.parametrize("member", [
    entry("top/link", tarfile.SYMTYPE, linkname="/etc/passwd"),
    entry("top/link", tarfile.SYMTYPE, linkname="../../.."),
    entry("top/link", tarfile.SYMTYPE, linkname="other"),
    entry("top/link", tarfile.LNKTYPE, linkname="/etc/passwd"),
    entry("top/link", tarfile.LNKTYPE, linkname="not/there"),
    entry("top/pipe", tarfile.FIFOTYPE),
    entry("top/disk", tarfile.BLKTYPE, devmajor=8, devminor=0),
    entry("top/null", tarfile.CHRTYPE, devmajor=1, devminor=3),
], ids=lambda member: f"{member.name} {member.linkname}")  # fmt: skip
def test_links_and_devices_of_an_archive_are_left_out(unpack, member):
    there = unpack(member, entry("top/file"))
    assert [path.name for path in there.iterdir()] == ["file"]


def test_a_link_that_later_members_would_write_through_leads_nowhere(unpack, tmp_path):
    link = entry("top/way", tarfile.SYMTYPE, linkname=str(tmp_path))
    there = unpack(link, entry("top/way/out.txt", size=4))
    assert (there / "way/out.txt").read_bytes() == bytes(4)
    assert not (there / "way").is_symlink() and not (tmp_path / "out.txt").exists()


@pytest.mark.parametrize("name", ["../out.txt", "top/../../out.txt", "/tmp/../out.txt"])
def test_a_member_that_leaves_its_folder_is_refused(unpack, name, tmp_path):
    with pytest.raises(UsageError, match=r"a\.tar cannot be unpacked"):
        unpack(entry(name))
    assert not (tmp_path / "out.txt").exists() and not (tmp_path / "root/top").exists()


def test_an_unpacked_file_runs_nothing_and_belongs_to_nobody_else(unpack):
    there = unpack(entry("top/file", mode=0o6777, uid=12345, gid=12345))
    status = (there / "file").stat()
    assert not status.st_mode & (stat.S_ISUID | stat.S_ISGID | stat.S_IWOTH)
    assert status.st_uid == os.getuid()


def test_an_archive_that_claims_too_much_is_refused_before_it_is_written(
    unpack, monkeypatch, tmp_path
):
    monkeypatch.setattr(folders, "MAX_UNPACKED_BYTES", 1000)
    with pytest.raises(UsageError, match="claims more than 64 GiB"):
        unpack(entry("top/a", size=600), entry("top/b", size=600))
    assert sorted(os.listdir(tmp_path / "root")) == ["a.tar"]


def test_a_negative_size_is_refused(tmp_path):
    header = bytearray(entry("top/a").tobuf(tarfile.GNU_FORMAT))
    header[124:136] = b"\xff" * 12  # -1 in base 256
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    (tmp_path / "a.tar").write_bytes(bytes(header) + bytes(10240))
    with pytest.raises(UsageError, match=r"cannot be unpacked|holds no top"):
        unpacked(tmp_path, "top", "a.tar")


def test_a_label_beyond_all_files_makes_no_list_of_classes(tmp_path):
    (tmp_path / "Images").mkdir()
    files = np.array(["n1/a.jpg", "n1/b.jpg"], object)
    for part in ("train", "test"):
        labels = np.array([1, 10**12])
        savemat(tmp_path / f"{part}_list.mat", {"file_list": files, "labels": labels})
    with pytest.raises(UsageError, match="has a label beyond its files"):
        load_dataset("stanford-dogs", tmp_path)


def test_an_npz_of_countless_arrays_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        for number in range(101):
            archive.writestr(f"{number}.npy", b"")
    with (
        pytest.raises(UsageError, match="holds 101 arrays"),
        open_arrays(tmp_path / "a.npz"),
    ):
        pass


def test_an_npz_of_objects_is_never_unpickled(tmp_path):
    class Poison:
        def __reduce__(self):
            return exec, ("raise SystemExit('a pickle was opened')",)

    np.savez(tmp_path / "a.npz", features=np.array([Poison()], object))
    with (
        pytest.raises(UsageError, match="holds Python objects"),
        open_arrays(tmp_path / "a.npz"),
    ):
        pass


def test_a_member_of_an_npz_that_is_a_path_writes_nothing_there(tmp_path):
    buffer = io.BytesIO()
    np.save(buffer, np.ones(3))
    with zipfile.ZipFile(tmp_path / "a.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("../../out.npy", buffer.getvalue())
    with open_arrays(tmp_path / "a.npz") as arrays:
        assert [array[:].tolist() for array in arrays.values()] == [[1, 1, 1]]
    assert not list(tmp_path.parent.glob("**/out.npy"))
