"""What shapes a model, without its weights: a configuration from the catalog, a file, a
library's name or the Hub. Builds nothing.
"""

import tomllib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from core.cache import Provenance, now_utc, read_provenance, safe_name, write_bytes
from core.cache import write_provenance as write_source
from core.errors import FetchError, NoWeights, PedigreeError, UsageError
from core.hub.checkpoint import describe
from core.hub.client import HubClient
from core.hub.names import is_repository_id
from core.hub.reader import HubSource
from core.settings import Settings, local_path
from core.transfer.folder_backbones import MAX_CONFIG_BYTES, read_config, read_json
from core.transfer.preprocess import of_transformers

CATALOG = Path(__file__).with_name("configurations.toml")
CONFIG, PREPROCESSOR = "config.json", "preprocessor_config.json"
Library = Literal["transformers", "timm", "torchvision"]
REMEDY = "name a model of the catalog, a config.json, owner/name on the Hub, or "
REMEDY += "torchvision/ARCHITECTURE"


@dataclass(frozen=True)
class Configuration:
    """A model as its configuration says it is.

    `config` is what `config.json` holds; of timm and torchvision its "architecture".
    `image_size` is (height, width) where a preprocessing or the catalog says so.
    `source` says where the configuration was read.
    """

    name: str
    library: Library
    config: Mapping[str, Any]
    source: str
    image_size: tuple[int, int] | None = None


def known_configurations() -> list[Configuration]:
    """Return the catalog's configurations; each goes by its name on the Hub."""
    entries = tomllib.loads(CATALOG.read_text("utf-8"))["configuration"]
    return [
        Configuration(
            entry["hub_id"], "transformers", entry["config"], entry["source"],
            (entry["image_size"],) * 2 if "image_size" in entry else None,
        )
        for entry in entries
    ]  # fmt: skip


def find_configuration(text: str, settings: Settings) -> Configuration:
    """Return the configuration that `text` names, asking the Hub only as a last resort.

    Raises UsageError for a name nobody knows, a HubError, and a CheckpointError for a
    file that is no configuration.
    """
    for known in known_configurations():
        if text in (known.name, known.name.partition("/")[2]):
            return known
    path = local_path(text)
    if path.exists():
        folder = path if path.is_dir() else path.parent
        return _of_files(text, path if path.is_file() else path / CONFIG, folder, "")
    library, _, name = text.partition("/")
    if library == "torchvision":
        return Configuration(
            text, library, {"architecture": name}, "torchvision", _preset_size(name)
        )
    if library == "timm" and _is_timm(name):
        return Configuration(text, library, {"architecture": name}, "timm")
    if "/" not in text or not is_repository_id(text):
        raise UsageError(f"Model {text[:100]!r}", "is unknown", REMEDY)
    return _on_hub(text, settings)


def _preset_size(builder: str) -> tuple[int, int] | None:
    """Return the size that torchvision's own preset crops to, if it crops."""
    from torchvision.models import get_model_weights

    with suppress(ValueError, AttributeError, TypeError):
        crop = get_model_weights(builder).DEFAULT.transforms().crop_size
        return crop[0], crop[-1]
    return None


def _is_timm(name: str) -> bool:
    import timm

    return timm.is_model(name)


def _on_hub(id: str, settings: Settings) -> Configuration:
    """Return the newest configuration, or without a network the one kept."""
    folder = settings.cache_root / "zero_shot" / "configurations" / safe_name(id)
    try:
        _fetch(id, folder, settings)
    except PedigreeError as error:
        if error.reason != "network" or not (folder / CONFIG).exists():
            raise
    kept = read_provenance(folder / CONFIG)
    said = f"{kept.source} at {kept.revision[:7]}, read {kept.fetched_at[:10]}"
    return _of_files(id, folder / CONFIG, folder, said)


def _fetch(id: str, folder: Path, settings: Settings) -> None:
    with HubClient(settings) as client:
        revision, files = describe(id, client)
        if CONFIG not in files:
            raise NoWeights(id, f"has no {CONFIG}", "choose another model")
        for name in (CONFIG, PREPROCESSOR):
            if name not in files:
                continue
            source = HubSource(client, id, revision, name)
            if source.size > MAX_CONFIG_BYTES:
                raise FetchError(source.name, f"is {source.size:,} bytes long")
            write_bytes(folder / name, source.read(0, source.size))
        told = Provenance(f"{settings.hub_endpoint}/{id}", revision, now_utc())
        write_source(folder / CONFIG, told)


def _of_files(name: str, path: Path, folder: Path, source: str) -> Configuration:
    config = read_config(path)
    is_timm = isinstance(config.get("architecture"), str)
    return Configuration(
        name, "timm" if is_timm else "transformers", config, source or str(path),
        _image_size(folder / PREPROCESSOR),
    )  # fmt: skip


def _image_size(path: Path) -> tuple[int, int] | None:
    """Return what a preprocessing makes of a photo of 4:3, where it says so."""
    if not path.is_file():
        return None
    told = read_json(path)
    size = told.get("size")
    with suppress(PedigreeError, TypeError, ValueError, KeyError):
        if isinstance(size, dict) and {"shortest_edge", "longest_edge"} <= size.keys():
            short, long = int(size["shortest_edge"]), int(size["longest_edge"])
            return short, min(long, round(short * 4 / 3))
        if isinstance(size, dict) and "longest_edge" in size:
            return (int(size["longest_edge"]),) * 2
        return of_transformers(told).crop
    return None
