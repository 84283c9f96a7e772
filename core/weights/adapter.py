"""Adapters: what `adapter_config.json` declares. Reads no weights.

Source: PEFT's checkpoint format
(https://huggingface.co/docs/peft/developer_guides/checkpoint).
"""

from dataclasses import dataclass

from core.errors import CorruptCheckpoint
from core.weights.bounds import parse_json_object
from core.weights.entry import ByteSource

MAX_CONFIG_BYTES = 4 * 1024 * 1024
CONFIG_NAME = "adapter_config.json"


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


def _of_type(value: object, kind: object) -> object:
    return value if isinstance(value, kind) and not isinstance(value, bool) else None


def _words(value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,)
    if not isinstance(value, list):
        return ()
    return tuple(word for word in value if isinstance(word, str))
