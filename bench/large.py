"""The largest data of each page, in a cache of its own."""

from pathlib import Path

from bench.explorer import PUBLISHED, published_hosts
from core.demo.build_records import build_records
from core.settings import Settings
from core.snapshots.architecture import find_architecture
from core.snapshots.generate import generate_snapshots, make_base
from core.tables.refresh import refresh
from tests.standin.stored import BASE, keep_family

COMPARED = 1500
SNAPSHOTS = 60
ARCHITECTURE = "torchvision/mobilenet_v3_small"

PAGES: dict[str, tuple[str, dict[str, str]]] = {
    "Overview": ("", {}),
    "Models": ("models", {"table": "timm/imagenet", "cost": "GMACs"}),
    "Derived models": ("derived", {"base": BASE, "by": "tensor"}),
    "Zero-shot": ("zero_shot", {}),
    "Transfer": ("transfer", {}),
    "Snapshots": ("snapshots", {}),
    "Jobs": ("jobs", {}),
    "Glossary": ("glossary", {}),
}
"""{label: (path, query)}: each page as somebody with much data sees it."""


def fill(settings: Settings) -> None:
    """Put what each page shows at its largest into the cache: timm's 1,556 models where
    the published files lie beside the project, a family of 1,500 x 200, the demo's
    records, and 60 snapshots.
    """
    if PUBLISHED.is_dir():
        with published_hosts() as hosts:
            refresh(["timm"], Settings(settings.cache_root, sources_url=hosts))
    keep_family(settings, COMPARED)
    build_records(settings)
    root = Path(settings.cache_root) / "snapshots"
    make_base(root, "base", find_architecture(ARCHITECTURE))
    generate_snapshots(root, "base", count=SNAPSHOTS)
