"""An errand walked step by step: the README tells the same steps, with the pictures
taken on the way.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page

PICTURES = "PEDIGREE_PICTURES"
SETTLED_MILLISECONDS = 2500


class Errand:
    """What a person does in one tab; pictures go to the folder `PEDIGREE_PICTURES`."""

    def __init__(self, page: Page) -> None:
        self.page = page

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
