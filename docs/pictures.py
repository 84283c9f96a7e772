"""Take the README's pictures from the running app: `python -m docs.pictures`."""

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from bench.server import pedigree_server
from core.charts.renderer import find_browser
from core.commands.answer import progress_line
from core.demo import build_demo, demo_bases
from core.derived.family import family
from core.settings import Settings

FOLDER = Path(__file__).parent
POINT = ".js-plotly-plot .scatterlayer .point"
HEATMAP = ".js-plotly-plot .hm image"
SETTLED_MILLISECONDS = 2500


def picture(page: Page, address: str, name: str, selector: str, height: int) -> None:
    """Open a page, wait for its chart, and save it as a picture."""
    page.set_viewport_size({"width": 1280, "height": height})
    page.goto(address)
    page.locator(selector).first.wait_for(state="attached", timeout=60_000)
    page.wait_for_timeout(SETTLED_MILLISECONDS)
    page.screenshot(path=FOLDER / f"{name}.png")


def main() -> int:
    """Make the demo in a cache of its own and picture every page."""
    with tempfile.TemporaryDirectory() as cache:
        settings = Settings(cache_root=Path(cache))
        build_demo(settings, progress=progress_line)
        for base in demo_bases(settings):
            family(base, settings)
        with (
            pedigree_server({"PEDIGREE_CACHE": cache}) as address,
            sync_playwright() as playwright,
        ):
            browser = playwright.chromium.launch(executable_path=find_browser())
            page = browser.new_page(device_scale_factor=1)
            picture(page, f"{address}/models", "models", POINT, 960)
            picture(
                page, f"{address}/derived?base=digits-vit", "derived", HEATMAP, 1180
            )
            profile = f"{address}/derived?base=digits-vit&model=digits-vit-loops"
            picture(page, profile, "profile", f"[role=dialog] {POINT}", 1000)
            patterns = f"{address}/derived?base=digits-vit&rows=patterns&by=stage"
            picture(page, patterns, "patterns", HEATMAP, 1180)
    return 0


if __name__ == "__main__":
    sys.exit(main())
