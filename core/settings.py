"""Cache root, endpoints and limits, read once from the environment. Reads no files."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

PROJECT_ROOT = Path(__file__).resolve().parent.parent
HUB_ENDPOINT = "https://huggingface.co"


@dataclass(frozen=True)
class Settings:
    """What a person can set; the token never shows in a repr.

    `sources_url` (PEDIGREE_SOURCES) turns https://HOST/PATH into URL/HOST/PATH,
    `scheduler` (PEDIGREE_SCHEDULER) is the address of a Dask scheduler.
    """

    cache_root: Path
    hub_endpoint: str = HUB_ENDPOINT
    hub_token: str | None = field(default=None, repr=False)
    sources_url: str | None = None
    scheduler: str | None = None


def load_settings(environment: Mapping[str, str] | None = None) -> Settings:
    """Read the settings from `environment` (the process's own by default).

    >>> load_settings({"PEDIGREE_CACHE": "/tmp/p"}).cache_root
    PosixPath('/tmp/p')
    """
    values = os.environ if environment is None else environment
    root = values.get("PEDIGREE_CACHE") or str(PROJECT_ROOT / "cache")
    return Settings(
        cache_root=Path(root).expanduser().absolute(),
        hub_endpoint=(values.get("HF_ENDPOINT") or HUB_ENDPOINT).rstrip("/"),
        hub_token=values.get("HF_TOKEN") or None,
        sources_url=(values.get("PEDIGREE_SOURCES") or "").rstrip("/") or None,
        scheduler=values.get("PEDIGREE_SCHEDULER") or None,
    )
