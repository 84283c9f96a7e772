"""What this installation is: versions, settings, device, cache and the end of the log,
as one document and one text that can be sent to anybody. No secret is in either.
"""

import importlib.metadata
import os
import platform
import shutil
import subprocess
import tomllib
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from core.cache import now_utc
from core.charts.renderer import find_browser
from core.device import Device
from core.numerals import compact
from core.settings import HUB_ENDPOINT, PROJECT_ROOT, Settings
from core.upkeep.kept import usage
from core.upkeep.log import LAST_LINES, last_lines, redact

PACKAGES = (
    "streamlit", "plotly", "kaleido", "pandas", "pyarrow", "numpy", "huggingface_hub",
    "numba", "duckdb", "dask", "torch", "torchvision", "transformers", "timm",
    "safetensors", "scikit-learn", "scipy",
)  # fmt: skip
OPTIONAL_SETTINGS = ("PORT", "BROWSER_PATH", "CUDA_VISIBLE_DEVICES")
ABSENT = "not installed"


def about(
    settings: Settings,
    device: Device,
    environment: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Return what a report of a problem needs to say; every text is redacted.

    `environment` is the process's own by default.
    """
    values = os.environ if environment is None else environment
    found = {
        "read_at": now_utc(),
        "versions": {"pedigree": _pedigree(), **_packages()},
        "settings": _settings(settings, values),
        "machine": _machine(settings, device),
        "cache": {
            use.kind.name: {"files": use.files, "bytes": use.size_bytes}
            for use in usage(settings.cache_root)
            if use.files
        },
        "log": last_lines(settings.cache_root),
    }
    return _harmless(found, values)


def about_text(found: Mapping[str, Any]) -> str:
    """Write what `about` returned, a line a fact.

    >>> print(about_text({"read_at": "2026-01-01T00:00:00Z", "versions": {"a": "1"},
    ...                   "settings": {}, "machine": {}, "cache": {}, "log": []}))
    Read 2026-01-01T00:00:00Z
    <BLANKLINE>
    Versions
      a  1
    <BLANKLINE>
    Log: nothing was logged
    """
    cache = {
        name: f"{compact(use['bytes'], 'B')} (files: {use['files']:,})"
        for name, use in found["cache"].items()
    }
    sections = [
        f"Read {found['read_at']}",
        _section("Versions", found["versions"]),
        _section("Settings", found["settings"]),
        _section("Machine", found["machine"]),
        _section("Cache", cache),
        "\n".join([f"Log, its last {LAST_LINES} lines at most", *found["log"]])
        if found["log"]
        else "Log: nothing was logged",
    ]
    return "\n\n".join(section for section in sections if section)


def _section(title: str, facts: Mapping[str, str]) -> str:
    width = max(map(len, facts), default=0)
    lines = [f"  {name:{width}}  {value}" for name, value in facts.items()]
    return "\n".join([title, *lines]) if lines else ""


def _pedigree() -> str:
    document = tomllib.loads((PROJECT_ROOT / "pyproject.toml").read_text("utf-8"))
    version, commit = document["project"]["version"], ""
    with suppress(OSError, subprocess.SubprocessError):
        commit = subprocess.run(
            ["git", "rev-parse", "--short", "HEAD"], cwd=PROJECT_ROOT, text=True,
            capture_output=True, timeout=5, check=True,
        ).stdout.strip()  # fmt: skip
    return f"{version}, commit {commit}" if commit else version


def _packages() -> dict[str, str]:
    found = {"python": f"{platform.python_version()} on {platform.platform()}"}
    for name in PACKAGES:
        found[name] = ABSENT
        with suppress(importlib.metadata.PackageNotFoundError):
            found[name] = importlib.metadata.version(name)
    return found


def _settings(settings: Settings, values: Mapping[str, str]) -> dict[str, str]:
    is_default = settings.hub_endpoint == HUB_ENDPOINT
    found = {
        "PEDIGREE_CACHE": str(settings.cache_root),
        "HF_ENDPOINT": settings.hub_endpoint + (" (default)" if is_default else ""),
        "HF_TOKEN": "set" if settings.hub_token else "not set",
        "PEDIGREE_SOURCES": settings.sources_url or "not set",
        "PEDIGREE_SCHEDULER": settings.scheduler or "not set",
    }
    return found | {name: values.get(name) or "not set" for name in OPTIONAL_SETTINGS}


def _machine(settings: Settings, device: Device) -> dict[str, str]:
    browser = find_browser()
    return {
        "device": f"{device.address}, {device.name}",
        "memory": _free(device.free_bytes, device.memory_bytes),
        "processors": str(os.cpu_count()),
        "disk": _disk(settings.cache_root),
        "browser for figures": str(browser or "none: no PDF, SVG or PNG"),
    }


def _disk(root: Path) -> str:
    place = next(path for path in (root, *root.parents) if path.exists())
    total, _, free = shutil.disk_usage(place)
    return f"{_free(free, total)}, at the cache"


def _free(free: int, total: int) -> str:
    return f"{compact(free, 'B')} of {compact(total, 'B')} free"


def _harmless(value: Any, environment: Mapping[str, str]) -> Any:
    """Take secrets and the home folder's name out of every text."""
    if isinstance(value, dict):
        return {name: _harmless(one, environment) for name, one in value.items()}
    if isinstance(value, list):
        return [_harmless(one, environment) for one in value]
    if not isinstance(value, str):
        return value
    home = str(Path.home())
    text = redact(value, environment)
    return text.replace(home, "~") if len(home) > 1 else text
