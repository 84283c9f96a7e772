"""A Hugging Face Hub on this machine, for tests and benchmarks: own code, standard
library and numpy only.

Two ports stand for the Hub (listings, models, resolve, cards) and for its CDN (signed
addresses, byte ranges). Files are bytes, files on disk, or weights made from keys, so
that a family of 345 MB models costs no storage. Faults are switched on for some paths,
and every request is logged with its headers and the bytes that were sent.

    with Standin() as hub:
        hub.repository("google/vit", files={"model.safetensors": generated_safetensors(
            vit())})
        hub.repository("ann/cats", base_model="google/vit", files={...})
        hub.fault("status", "*/cats/*", where="cdn", status=429, retry_after="7")
        settings = load_settings({"HF_ENDPOINT": hub.endpoint})
"""

from tests.standin.content import (
    Content,
    Generated,
    Literal,
    Stored,
    generated_safetensors,
)
from tests.standin.faults import Fault
from tests.standin.hub import Standin
from tests.standin.numbers import Numbers
from tests.standin.repository import Repository
from tests.standin.vit import cast, renew, tune, vit

__all__ = [
    "Content",
    "Fault",
    "Generated",
    "Literal",
    "Numbers",
    "Repository",
    "Standin",
    "Stored",
    "cast",
    "generated_safetensors",
    "renew",
    "tune",
    "vit",
]
