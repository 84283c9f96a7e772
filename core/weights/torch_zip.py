"""A checkpoint of torch.save since 1.6: a zip of `data.pkl` and one member a storage.
Reads the directory and the pickle, never the weights.
"""

from io import BytesIO
from zlib import crc32

from core.errors import CorruptCheckpoint, UnsupportedFormat
from core.weights.entry import ByteSource, TensorEntry
from core.weights.state_dict import StorageRange, state_dict, tensor_entries
from core.weights.torch_pickle import MAX_PICKLE_BYTES, Storage, read_torch_pickle
from core.weights.zip_directory import Member, data_range, read_members

MAX_GAP = 64 * 1024


def read_torch_zip(
    source: ByteSource, file: str
) -> tuple[list[TensorEntry], dict[str, str]] | None:
    """Read the entries of a zip checkpoint, in the order of its state dict; None when
    the source is no zip.

    Costs two reads for an ordinary file: its last 64 KiB, and its pickle. An entry that
    covers a whole storage carries the CRC32 of the directory, unless torch was told to
    leave it out and wrote 0. Raises a CheckpointError.
    """
    members = read_members(source)
    if members is None:
        return None
    root = _root(source, members)
    document = read_torch_pickle(BytesIO(_pickle(source, members, root)), source.name)
    tensors = state_dict(document, source.name)

    def locate(storage: Storage) -> StorageRange:
        member = members.get(f"{root}data/{storage.key}")
        if member is None or member.size != storage.size_bytes:
            found = "no" if member is None else f"{member.size:,}"
            happened = f"holds {found} bytes for a storage of {storage.size_bytes:,}"
            raise CorruptCheckpoint(source.name, happened, "download it again")
        return StorageRange(*data_range(source, member), member.crc32 or None)

    return tensor_entries(source, file, tensors, locate), {}


def _root(source: ByteSource, members: dict[str, Member]) -> str:
    """Return the folder, with its slash, that holds data.pkl."""
    roots = [name[:-8] for name in members if name.endswith("/data.pkl")]
    roots = [root for root in roots if root.count("/") == 1]
    if len(roots) != 1:
        raise UnsupportedFormat(source.name, "is a zip, but not one of torch.save")
    if f"{roots[0]}constants.pkl" in members:
        raise UnsupportedFormat(source.name, "is a TorchScript program, not weights")
    return roots[0]


def _pickle(source: ByteSource, members: dict[str, Member], root: str) -> bytes:
    """Return data.pkl, checked against its CRC32, having checked the byte order."""
    pickle, order = members[f"{root}data.pkl"], members.get(f"{root}byteorder")
    if pickle.size > MAX_PICKLE_BYTES or (order and order.size > 16):
        raise CorruptCheckpoint(
            source.name, f"claims a pickle of {pickle.size:,} bytes"
        )
    wanted = [data_range(source, member) for member in (pickle, order) if member]
    first, *rest = _read_together(source, wanted)
    if rest and rest[0] != b"little":
        raise UnsupportedFormat(source.name, f"stores numbers {rest[0]!a} endian")
    if pickle.crc32 and crc32(first) != pickle.crc32:
        raise CorruptCheckpoint(
            source.name, "has a damaged pickle", "download it again"
        )
    return first


def _read_together(source: ByteSource, ranges: list[tuple[int, int]]) -> list[bytes]:
    """Read ranges at once when they lie close together."""
    begin, end = min(ranges)[0], max(ranges)[1]
    if end - begin > sum(stop - start for start, stop in ranges) + MAX_GAP:
        return [source.read(start, stop) for start, stop in ranges]
    content = source.read(begin, end)
    return [content[start - begin : stop - begin] for start, stop in ranges]
