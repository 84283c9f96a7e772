"""Someone compares two checkpoints of this machine and explains the difference to a
colleague, who opens the link.
"""

import json
import re
import subprocess
import sys

import pytest

ASIDE = 1270, 450
TO_THE_END = "node => node.scrollIntoView({block: 'end'})"

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def by_the_command_line(base, child):
    """Compare the same two files without a browser."""
    command = [sys.executable, "-m", "core", "compare", base, child, "--json"]
    return json.loads(subprocess.run(command, capture_output=True, text=True).stdout)


def test_a_difference_is_explained_by_a_link(errand, address, demo):
    base, child = str(demo / "digits-vit"), str(demo / "digits-vit-loops")
    with errand.step(
        "Open *Derived models*, then *Compare two checkpoints*, and type the paths of "
        "the two: files or model folders, of which nothing is ever run."
    ) as page:
        page.goto(f"{address}/derived")
        page.get_by_role("radio", name="Compare two checkpoints").click()
        for label, path in (("Base", base), ("Compared with", child)):
            box = page.get_by_role("textbox", name=label, exact=True)
            box.fill(path)
            box.press("Enter")
    with errand.step(
        "Read the answer: the freeze pattern, the same in a sentence and block by "
        "block, and how many tensors are equal, changed or reshaped."
    ) as page:
        page.get_by_role("heading", name="frozen-prefix").wait_for()
        page.get_by_text("the first 3 of 6 blocks equal the base").first.wait_for()
    with errand.step(
        "Choose a *Distance*, such as the cosine, and see which layers moved how far.",
        picture="compare",
    ) as page:
        errand.choose("Distance", "cosine")
        page.wait_for_url(lambda url: "cosine" in url)
        page.get_by_text("Cosine of base and child").first.wait_for()
        page.get_by_text("Column or page").evaluate(TO_THE_END)
        page.mouse.move(*ASIDE)
    with errand.step(
        "Press *Explain it to a colleague* and copy the words: what was compared, what "
        "differs, by what evidence, and the link."
    ) as page:
        page.get_by_role("button", name="Explain it to a colleague").click()
        told = errand.copy()
        link = re.search(r"^http\S+$", told, re.MULTILINE)[0]
        assert f"{child} against {base}: frozen-prefix." in told
    with errand.step(
        "The colleague opens the link: the same comparison with the same distance, "
        "made again where it is not in memory."
    ) as page:
        other = page.context.new_page()
        other.goto(link)
        other.get_by_role("heading", name="frozen-prefix").wait_for()
        other.get_by_text("Cosine of base and child").first.wait_for()
    with errand.step(
        "Without a browser: `.venv/bin/python -m core compare BASE CHILD --json` says "
        "the same, tensor by tensor."
    ):
        document = by_the_command_line(base, child)
        assert document["kind"] == "frozen-prefix" and document["sentence"] in told
        assert document["frozen_blocks"] == 3
