"""Someone chooses a base, sees how people fine-tune it, and copies the code that
freezes the same layers; the code then runs on that base.
"""

import re

import pytest

from core.demo.networks import load_network

MAP = ".st-key-map .hm image"
ASIDE = 1270, 450
TO_THE_END = "node => node.scrollIntoView({block: 'end'})"
TO_THE_START = "node => node.scrollIntoView({block: 'start'})"

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def frozen_by(code, folder):
    """Run the copied code on the base and return the names of what it froze."""
    model = load_network(folder, "vit")
    exec(code, {"model": model})
    return {name for name, one in model.named_parameters() if not one.requires_grad}


def test_the_freezing_code_is_copied_and_runs(errand, address, demo):
    with errand.step(
        "Open *Derived models* and choose the base `digits-vit`. Every model that "
        "names it is compared with it, tensor by tensor; the counts add up."
    ) as page:
        page.goto(f"{address}/derived?base=digits-vit")
        page.locator(MAP).wait_for()
        listed = len(list(demo.glob("digits-vit-*")))
        page.get_by_text(f"{listed} of {listed} models").wait_for()
    with errand.step(
        "Read the freeze map: a row a model, a column a block. Blue is exactly the "
        "base's, orange was trained, light orange in part; pink is a head for other "
        "labels.",
        picture="derived",
    ) as page:
        assert page.locator(MAP).bounding_box()["width"] > 400
        page.get_by_role("heading", name="Models", exact=True).evaluate(TO_THE_END)
        page.mouse.move(*ASIDE)
    with errand.step(
        "Switch to *Summary*: how many models froze what, in words that can be "
        "copied, each share with its interval."
    ) as page:
        page.get_by_role("radio", name="Summary").click()
        page.get_by_role("button", name="Copy as text").wait_for()
    with errand.step(
        "Switch to *Freeze advice* and choose what to freeze: the stem and the first "
        "three blocks. It says how many models did exactly this, and which."
    ) as page:
        page.get_by_role("radio", name="Freeze advice").click()
        errand.choose("Freeze", re.compile(r"stem – block 2$"))
        page.get_by_text("digits-vit-loops").first.wait_for()
    with errand.step(
        "Copy the code with the button in its corner and paste it after the model is "
        "loaded: it freezes exactly these parameters, or says that the model has not "
        "got them.",
        picture="freeze-code",
    ) as page:
        code = errand.copy()
        frozen = frozen_by(code, demo / "digits-vit")
        assert "vit.encoder.layer.2." in code and "vit.encoder.layer.3." not in code
        blocks = {
            found[1] for name in frozen if (found := re.search(r"\.(\d)\.", name))
        }
        assert blocks == {"0", "1", "2"}
        assert any("embeddings" in name for name in frozen)
        page.get_by_text("Does it fit my machine?").evaluate(TO_THE_START)
