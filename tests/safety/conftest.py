"""What hostile input looks like: mutated bytes and JSON of hostile values."""

import json
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from core.settings import Settings, load_settings

VALUES = (
    None, True, -1, 0, 2**31, 2**70, 10**400, 1e308, -0.5, "", "../../etc/passwd",
    "=1+1", "x" * 5000, "\x00\x1b[2J", "\u202e", "![x](http://evil.example/x.png)",
    "\ud800", [], {}, [[[[1]]]], {"a": None}, ["a", 1, None],
)  # fmt: skip
"""What a field is exchanged for."""

Mutants = Callable[[bytes, int], Iterator[bytes]]


def truncated(content: bytes, random: np.random.Generator) -> bytes:
    return content[: random.integers(len(content))]


def flipped(content: bytes, random: np.random.Generator) -> bytes:
    changed = bytearray(content)
    for at in random.integers(len(content), size=random.integers(1, 6)):
        changed[at] ^= 1 << random.integers(8)
    return bytes(changed)


def overwritten(content: bytes, random: np.random.Generator) -> bytes:
    at = random.integers(len(content))
    piece = random.bytes(random.integers(1, 16))
    return content[:at] + piece + content[at + len(piece) :]


def spliced(content: bytes, random: np.random.Generator) -> bytes:
    first, second, at = sorted(random.integers(len(content), size=3))
    return content[:at] + content[first:second] + content[first:]


def grown(content: bytes, random: np.random.Generator) -> bytes:
    """Lengthen a number in text."""
    digits = [at for at, byte in enumerate(content) if 48 <= byte <= 57] or [0]
    at = random.choice(digits)
    return content[:at] + b"9" * random.integers(1, 400) + content[at:]


def repeated(content: bytes, random: np.random.Generator) -> bytes:
    """Repeat one character many times: brackets nest, quotes and commas pile up."""
    at = random.integers(len(content))
    return content[:at] + content[at : at + 1] * 3000 + content[at:]


MUTATIONS = (truncated, flipped, overwritten, spliced, grown, repeated)


@pytest.fixture
def mutants() -> Mutants:
    """Return a function that yields `cases` mutants of a file, always the same."""

    def made(content: bytes, cases: int) -> Iterator[bytes]:
        random = np.random.default_rng([len(content), cases])
        for _ in range(cases):
            mutant = content
            for _ in range(random.integers(1, 3)):
                mutant = random.choice(MUTATIONS)(mutant or b"0", random)
            yield mutant

    return made


@pytest.fixture
def json_mutants(mutants: Mutants) -> Mutants:
    """Return the same for JSON: half of the mutants exchange a value for a hostile one
    and stay JSON.
    """

    def made(content: bytes, cases: int) -> Iterator[bytes]:
        yield from mutants(content, cases // 2)
        random = np.random.default_rng(cases)
        for _ in range(cases - cases // 2):
            document = json.loads(content)
            holder, key = places(document)[random.integers(len(places(document)))]
            holder[key] = VALUES[random.integers(len(VALUES))]
            yield json.dumps(document).encode()

    return made


def places(document: object) -> list[tuple[dict | list, object]]:
    """List where values stand in a document, as (holder, key)."""
    if not isinstance(document, dict | list):
        return []
    keys = document if isinstance(document, dict) else range(len(document))
    found = [(document, key) for key in keys]
    return [*found, *(one for _, key in found for one in places(document[key]))]


@pytest.fixture
def settings_at(tmp_path) -> Callable[[str], Settings]:
    """Return a function that gives settings of a Hub at a URL, and an own cache."""
    return lambda url: load_settings(
        {"HF_ENDPOINT": url, "PEDIGREE_CACHE": str(tmp_path / "cache")}
    )
