"""Adapters: what `adapter_config.json` declares, and which modules of the base an
adapter touches by the names of its tensors. Reads no weights.

Source: PEFT's checkpoint format
(https://huggingface.co/docs/peft/developer_guides/checkpoint).
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from core.errors import CorruptCheckpoint
from core.weights.bounds import parse_json_object
from core.weights.entry import ByteSource, TensorEntry

MAX_CONFIG_BYTES = 4 * 1024 * 1024
CONFIG_NAME = "adapter_config.json"

_FACTOR = re.compile(
    r"\.(lora_[AB]|lora_embedding_[AB]|lora_magnitude_vector|lora_E"
    r"|hada_[wt][12](_[ab])?|lokr_[wt][12](_[ab])?|ia3_l|oft_[rR]|vera_lambda_[bd])\b"
)
_WRAPPER = re.compile(
    r"^(base_model\.model\.)+|\.base_layer\b|\.modules_to_save(\.default)?\b"
)


@dataclass(frozen=True, slots=True)
class AdapterConfig:
    """The declared shape of an adapter; None or () where the file does not say.

    `target_modules` holds one pattern where the file gives a string. `modules_to_save`
    are trained and stored whole.
    """

    kind: str | None = None
    rank: int | None = None
    alpha: float | None = None
    target_modules: tuple[str, ...] = ()
    modules_to_save: tuple[str, ...] = ()
    base: str | None = None

    def as_text(self) -> dict[str, str]:
        """Return what is known as the metadata of a checkpoint.

        >>> AdapterConfig(rank=8, target_modules=("query", "value")).as_text()
        {'rank': '8', 'target_modules': 'query, value'}
        """
        fields = {name: getattr(self, name) for name in self.__slots__}
        return {
            name: ", ".join(value) if isinstance(value, tuple) else str(value)
            for name, value in fields.items()
            if value not in (None, ())
        }


@dataclass(frozen=True, slots=True)
class TouchedModules:
    """The base's modules that an adapter changes: `adapted` by a delta, `replaced` by
    trained weights of their own (`modules_to_save`, embeddings).
    """

    adapted: tuple[str, ...]
    replaced: tuple[str, ...]


def read_adapter_config(source: ByteSource) -> AdapterConfig:
    """Read an `adapter_config.json`. Raises CorruptCheckpoint when it is damaged."""
    if source.size > MAX_CONFIG_BYTES:
        raise CorruptCheckpoint(source.name, f"has {source.size:,} bytes, too many")
    fields = parse_json_object(source.name, source.read(0, source.size))
    return AdapterConfig(
        kind=_of_type(fields.get("peft_type"), str),
        rank=_of_type(fields.get("r"), int),
        alpha=_of_type(fields.get("lora_alpha"), int | float),
        target_modules=_words(fields.get("target_modules")),
        modules_to_save=_words(fields.get("modules_to_save")),
        base=_of_type(fields.get("base_model_name_or_path"), str),
    )


def touched_modules(entries: Iterable[TensorEntry]) -> TouchedModules:
    """Find the touched modules of the base in the names of an adapter's tensors.

    >>> names = ["base_model.model.vit.layer.0.query.lora_A.weight",
    ...          "base_model.model.classifier.weight"]
    >>> touched_modules(TensorEntry(name, "F32", (1,), 0, 4) for name in names)
    TouchedModules(adapted=('vit.layer.0.query',), replaced=('classifier',))
    """
    adapted, replaced = {}, {}
    for entry in entries:
        factor = _FACTOR.search(entry.name)
        module = entry.name[: factor.start()] if factor else _owner(entry.name)
        module = _WRAPPER.sub("", module)
        (adapted if factor else replaced)[module] = None
    return TouchedModules(tuple(adapted), tuple(replaced))


def _owner(name: str) -> str:
    return name.rpartition(".")[0] or name


def _of_type(value: object, kind: object) -> object:
    return value if isinstance(value, kind) and not isinstance(value, bool) else None


def _words(value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,)
    if not isinstance(value, list):
        return ()
    return tuple(word for word in value if isinstance(word, str))
