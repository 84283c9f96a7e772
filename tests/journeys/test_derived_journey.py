"""Someone makes the demo family, reads its freeze map, and shares the link."""

import shutil
import subprocess
from urllib.parse import urlencode

import pytest

HEATMAP = ".js-plotly-plot .hm image"

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.skipif(not shutil.which("pdfimages"), reason="poppler-utils is absent"),
]


def test_from_an_empty_cache_to_a_freeze_map(page, address, tmp_path):
    page.goto(f"{address}/derived")
    page.get_by_role("button", name="Make the demo family").click()
    page.goto(f"{address}/models")
    page.locator(".js-plotly-plot .scatterlayer .point").first.wait_for(
        state="attached"
    )
    page.goto(f"{address}/derived?base=digits-vit")
    page.locator(HEATMAP).first.wait_for(timeout=300_000)
    page.get_by_text("11 of 11 models").wait_for()
    with page.expect_download(timeout=60_000) as waiting:
        page.get_by_role("button", name="PDF", exact=True).first.click()
    pdf = tmp_path / waiting.value.suggested_filename
    waiting.value.save_as(pdf)
    listed = subprocess.run(["pdfimages", "-list", pdf], capture_output=True, text=True)
    assert len(listed.stdout.splitlines()) == 2


def test_a_profile_opens_from_a_pasted_address(page, address):
    page.goto(f"{address}/derived?base=digits-vit&model=digits-vit-loops")
    dialog = page.get_by_role("dialog")
    dialog.get_by_text("frozen-prefix").first.wait_for()
    dialog.locator(".js-plotly-plot .point").first.wait_for(state="attached")
    page.keyboard.press("Escape")
    page.wait_for_url(lambda url: "model=" not in url)


def test_two_checkpoints_are_compared_by_a_link(page, address, cache_root):
    root = cache_root / "demo" / "digits"
    query = urlencode(
        {
            "section": "Compare two checkpoints",
            "first": root / "digits-vit",
            "second": root / "digits-vit-parity",
        }
    )
    page.goto(f"{address}/derived?{query}")
    page.get_by_role("heading", name="head-only").wait_for(timeout=60_000)
