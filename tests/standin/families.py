"""Families on the stand-in whose truth is known: what each child was made by."""

from collections.abc import Iterator, Mapping

from tests.standin.content import generated_safetensors
from tests.standin.hub import Standin
from tests.standin.vit import Tensors, cast, renew, tune, vit

WEIGHTS = "model.safetensors"
BASE = "google/vit"
BLOCKS = 12


def vit_family(hub: Standin, base: str = BASE) -> dict[str, tuple[str, int | None]]:
    """Add ViT-base and 40 children of its size; return kind and frozen blocks by id."""
    publish(hub, base, vit())
    truth = {}
    for name, (kind, blocks, tensors) in _children():
        publish(hub, name, tensors, base_model=base)
        truth[name] = kind, blocks
    return truth


def publish(hub: Standin, id: str, tensors: Mapping, **fields: object) -> None:
    """Add a repository with these tensors and a config."""
    files = {WEIGHTS: generated_safetensors(tensors), "config.json": b"{}"}
    hub.repository(id, files=files, **fields)


def tuned_vit(**shape: int) -> Tensors:
    """Return the tensors of a classifier made from a ViT, before any training."""
    return vit(prefix="vit.", labels=10, pooler=False, **shape)


def from_block(first: int, blocks: int = BLOCKS) -> tuple[str, ...]:
    """Return patterns for all blocks from `first` on, and what follows them."""
    later = [f"*layer.{number}.*" for number in range(first, blocks)]
    return (*later, "vit.layernorm.*", "classifier*")


def _children() -> Iterator[tuple[str, tuple[str, int | None, Tensors]]]:
    made = tuned_vit()
    for number in range(8):
        head = renew(made, "classifier*", by=f"head {number // 2}")
        yield f"ann/head-{number}", ("head-only", None, head)
    for number, delta in enumerate((1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 1e-3, 1e-3, 1e-3)):
        full = tune(made, "*", by=f"full {number}", delta=delta)
        yield f"ben/full-{number}", ("full", None, full)
    for blocks in (0, 1, 3, 6, 9, 11):
        tuned = tune(made, *from_block(blocks), by=f"from {blocks}")
        yield f"cat/first-{blocks}", ("frozen-prefix", blocks, tuned)
    for blocks in (2, 6):
        early = [f"*layer.{number}.*" for number in range(BLOCKS - blocks)]
        tuned = tune(made, "*embeddings*", *early, by=f"last {blocks}")
        yield f"dan/last-{blocks}", ("frozen-suffix", blocks, tuned)
    for rank in (4, 16, 64):
        names = "*attention.query.weight", "*attention.value.weight"
        merged = tune(made, *names, by=f"lora {rank}", rank=rank)
        yield f"eve/lora-{rank}", ("low-rank", None, merged)
    yield "eve/dense", ("partial", None, tune(made, "*dense.weight", by="dense"))
    for dtype in ("F16", "BF16"):
        yield f"fay/cast-{dtype}", ("cast", None, cast(vit(), dtype))
        small = tune(made, "*", by=f"small {dtype}", delta=1e-4)
        yield f"fay/full-{dtype}", ("full", None, cast(small, dtype))
    yield "fay/head-F16", ("head-only", None, cast(renew(made, "cl*", by="h"), "F16"))
    yield "gil/copy", ("identical", None, vit())
    yield "gil/renamed", ("identical", None, vit(prefix="vit."))
    yield "gil/norms", ("norm-only", None, tune(made, "*layernorm*", by="norms"))
    biases = tune(made, "*layernorm*", "*bias", by="biases")
    yield "gil/biases", ("bias-and-norm", None, biases)
    yield "hal/again", ("reinitialized", None, renew(made, "*", by="again"))
    middle = tune(made, "*layer.4.*", "*layer.7.*", by="middle")
    yield "hal/middle", ("partial", None, middle)
    yield "hal/narrow", ("other-architecture", None, tuned_vit(width=384))
