"""An errand walked step by step: the README tells the same steps, with the pictures
taken on the way.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from re import Pattern

from playwright.sync_api import Page, TimeoutError

PICTURES = "PEDIGREE_PICTURES"
SETTLED_MILLISECONDS = 2500
LIST_MILLISECONDS = 20_000


class Errand:
    """What a person does in one tab; pictures go to the folder `PEDIGREE_PICTURES`.

    `saved` is the folder of what the person downloads.
    """

    def __init__(self, page: Page, saved: Path) -> None:
        self.page, self.saved = page, saved

    @contextmanager
    def step(self, words: str, *, picture: str = "") -> Iterator[Page]:
        """Do what `words` say, the README's own; then take `docs/PICTURE.png`."""
        try:
            yield self.page
        except Exception as error:
            error.add_note(f"in the step: {words}")
            raise
        if picture and PICTURES in os.environ:
            self.page.wait_for_timeout(SETTLED_MILLISECONDS)
            self.page.screenshot(path=Path(os.environ[PICTURES]) / f"{picture}.png")

    def download(self, label: str, *, last: bool = False) -> Path:
        """Press the first or last button of that label; return the file it saves."""
        buttons = self.page.get_by_role("button", name=label, exact=True)
        with self.page.expect_download() as waiting:
            (buttons.last if last else buttons.first).click()
        path = self.saved / waiting.value.suggested_filename
        waiting.value.save_as(path)
        return path

    def choose(
        self, label: str, *options: str | Pattern, by_typing: bool = False
    ) -> None:
        """Pick options of the list of that label; a rerun may close it once.

        `by_typing` narrows a list that is too long to show all of them.
        """
        box = self.page.get_by_role("combobox", name=label, exact=True)
        for name in options:
            option = self.page.get_by_role("option", name=name, exact=True)
            ask = partial(box.fill, name) if by_typing else box.click
            ask()
            try:
                option.click(timeout=LIST_MILLISECONDS)
            except TimeoutError:
                ask()
                option.click()

    def copy(self) -> str:
        """Press the copy button of the code shown and return the clipboard."""
        self.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        code = self.page.get_by_test_id("stCode").first
        code.hover()
        code.get_by_role("button").click()
        return self.page.evaluate("navigator.clipboard.readText()")
