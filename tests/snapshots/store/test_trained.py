"""Six really trained ResNet-18 and their base in a store: bytes, exactness, damage."""

from hashlib import sha256

import pytest
import safetensors.torch
import torch
from torchvision.models import resnet18

from core.snapshots.store.add import add_model
from core.snapshots.store.check import verify
from core.snapshots.store.compress import compress
from core.snapshots.store.model_store import ModelStore
from core.snapshots.store.stored_source import export
from core.snapshots.store.usage import usage

LAST = ["fc", "layer4.1.conv2", "layer4.1.bn2"]
TRAINED = (["fc"], ["fc"], ["fc"], LAST, LAST, ["fc", "layer4.1"])


@pytest.fixture(scope="module")
def snapshots(tmp_path_factory):
    """Write the base and what a step of training made of its last blocks."""
    root = tmp_path_factory.mktemp("trained")
    torch.manual_seed(0)
    base = resnet18(num_classes=10).eval()
    start = {name: tensor.clone() for name, tensor in base.state_dict().items()}
    safetensors.torch.save_file(start, root / "base.safetensors")
    for number, parts in enumerate(TRAINED):
        base.load_state_dict(start)
        _train(base, parts)
        path = root / f"snapshot-{number}.safetensors"
        safetensors.torch.save_file(base.state_dict(), path)
    return sorted(root.iterdir())


def _train(network: torch.nn.Module, parts: list[str]) -> None:
    chosen = [p for n, p in network.named_parameters() if n.startswith(tuple(parts))]
    for parameter in network.parameters():
        parameter.requires_grad = False
    for parameter in chosen:
        parameter.requires_grad = True
    optimizer = torch.optim.Adam(chosen, 1e-3)
    images, labels = torch.randn(4, 3, 64, 64), torch.arange(4)
    torch.nn.functional.cross_entropy(network(images), labels).backward()
    optimizer.step()


@pytest.fixture(scope="module")
def store(snapshots, tmp_path_factory):
    store = ModelStore(tmp_path_factory.mktemp("store"), create=True)
    for path in snapshots:
        lineage = {} if path.stem == "base" else {"base": "base", "parent": "base"}
        add_model(store, path.stem, path, lineage=lineage)
    return store


def test_they_take_their_unique_bytes_and_two_percent(store, snapshots):
    unique = {}
    for path in snapshots:
        for tensor in safetensors.torch.load_file(path).values():
            array = tensor.numpy()
            key = array.dtype, array.shape, sha256(array.tobytes()).digest()
            unique[key] = array.nbytes
    assert usage(store).disk_bytes <= 1.02 * sum(unique.values())
    assert usage(store).published_bytes == sum(p.stat().st_size for p in snapshots)


def test_the_deepest_comes_out_bit_by_bit_also_once_coded(store, snapshots, tmp_path):
    path, before = snapshots[-1], usage(store).disk_bytes
    expected = sha256(path.read_bytes()).hexdigest()
    export(store, path.stem, tmp_path)
    assert sha256((tmp_path / path.name).read_bytes()).hexdigest() == expected
    done = compress(store)
    assert done.after_bytes <= 0.9 * done.before_bytes
    assert usage(store).disk_bytes <= before
    export(store, path.stem, tmp_path)
    assert sha256((tmp_path / path.name).read_bytes()).hexdigest() == expected


def test_one_flipped_bit_in_all_of_it_is_found(store):
    piece = store.model("base").tensors["layer1.0.conv1.weight"]
    place = store.place(piece.digest)
    with (store.packs / place.pack).open("rb+") as file:
        file.seek(place.start + 777)
        byte = file.read(1)[0]
        file.seek(place.start + 777)
        file.write(bytes([byte ^ 4]))
    (row,) = verify(store).itertuples()
    assert piece.digest[:12] in row.subject and len(row.models) == len(TRAINED) + 1
