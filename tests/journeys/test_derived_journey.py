"""Someone builds the demo family, reads the freeze map, opens a model, shares the link."""

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_from_an_empty_cache_to_a_freeze_map(page, address, tmp_path):
    page.goto(f"{address}/derived")
    page.get_by_role("button", name="Make the demo family").click()
    page.goto(f"{address}/models")
    page.locator(".js-plotly-plot .scatterlayer .point").first.wait_for(
        state="attached"
    )
    page.goto(f"{address}/derived?base=digits-vit")
    page.locator(".js-plotly-plot .hm image").first.wait_for(timeout=180_000)
    page.get_by_text("head-only").first.wait_for()
    with page.expect_download(timeout=60_000) as waiting:
        page.get_by_role("button", name="PDF", exact=True).first.click()
    assert waiting.value.suggested_filename.endswith(".pdf")
