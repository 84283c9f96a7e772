"""Someone follows the address of draws; what is made and searched is an errand."""

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_the_draws_of_an_address_are_drawn(page, address):
    page.goto(f"{address}/snapshots?section=Retrain+index&points=17&draws=50")
    page.locator(".st-key-indices .barlayer .point").first.wait_for()
    page.get_by_text("Draws").first.wait_for()
    assert page.get_by_role("spinbutton", name="Split points").input_value() == "17"
