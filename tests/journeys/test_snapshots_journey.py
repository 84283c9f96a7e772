"""Someone makes snapshots, follows their training, puts them into the store and asks
which of them is the best start; every stop has its address.
"""

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_from_nothing_to_a_ranking(page, address):
    page.goto(f"{address}/snapshots?count=2&epochs=2")
    page.get_by_text("No snapshots yet.").wait_for()
    page.locator(".st-key-make button").click()
    page.get_by_text("3 snapshots").wait_for(timeout=180_000)
    page.locator(".st-key-curves .scatterlayer .point").first.wait_for()
    page.get_by_role("radio", name="Store").click()
    page.wait_for_url(lambda url: "section=Store" in url)
    page.get_by_role("button", name="Put the 3 snapshots").click()
    page.locator(".st-key-lineage").get_by_text("tiny-resnet-digits-s42-001").wait_for()
    page.get_by_role("radio", name="Search").click()
    page.get_by_role("button", name="Rank the snapshots").click()
    page.get_by_text("Best for digits by LogME").wait_for(timeout=120_000)
    page.goto(page.url)
    page.locator(".st-key-ranking .scatterlayer .point").first.wait_for()


def test_the_draws_of_an_address_are_drawn(page, address):
    page.goto(f"{address}/snapshots?section=Retrain+index&points=17&draws=50")
    page.locator(".st-key-indices .barlayer .point").first.wait_for()
    page.get_by_text("Draws").first.wait_for()
    assert page.get_by_role("spinbutton", name="Split points").input_value() == "17"
