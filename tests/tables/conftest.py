"""A page like torchvision's, built from a few lines; the real ones where present."""

from collections.abc import Callable
from pathlib import Path

import pytest

from core.tables.torchvision.page import SECTIONS

REAL_PAGES = Path(__file__).parents[2] / "../shared/data/torchvision"
HEADERS = {
    "classification": ("Acc&#64;1", "Acc&#64;5", "Params", "GFLOPS"),
    "quantized": ("Acc&#64;1", "Acc&#64;5", "Params", "GIPS"),
    "segmentation": ("Mean IoU", "pixelwise Acc", "Params", "GFLOPS"),
    "detection": ("Box MAP", "Params", "GFLOPS"),
    "instance": ("Box MAP", "Mask MAP", "Params", "GFLOPS"),
    "keypoint": ("Box MAP", "Keypoint MAP", "Params", "GFLOPS"),
    "video": ("Acc&#64;1", "Acc&#64;5", "Params", "GFLOPS"),
}
ROWS = {"classification": 109, "quantized": 10, "segmentation": 4, "detection": 6}
ALEXNET = "AlexNet_Weights.IMAGENET1K_V1", ("56.522", "79.066", "61.1M", "0.71")


def row(weight: str, cells: tuple[str, ...]) -> str:
    """One row of a table, marked up as Sphinx does."""
    enum = weight.partition(".")[0]
    builder = enum.removesuffix("_Weights").lower()
    page = f"models/generated/torchvision.models.{builder}.html"
    link = f'<a href="{page}#torchvision.models.{enum}"><code>{weight}</code></a>'
    numbers = "".join(f"<td><p>{cell}</p></td>" for cell in cells)
    recipe = '<td><a href="https://example.org/recipe">link</a></td>'
    return f"<tr><td><p>{link}</p></td>{numbers}{recipe}</tr>"


def section(key: str) -> str:
    """One section with its table; classification opens with AlexNet."""
    headers = ("Weight", *HEADERS[key], "Recipe")
    heads = "".join(f"<th><p><strong>{text}</strong></p></th>" for text in headers)
    cells = ("37", "40.5", "3.4M", "1")[4 - len(HEADERS[key]) :]
    rows = [row(*ALEXNET)] if key == "classification" else []
    name = f"Net_{key.title()}"
    rows += [row(f"{name}{i}_Weights.V1", cells) for i in range(ROWS.get(key, 3))]
    body = "".join(rows)
    return (
        f'<section id="{SECTIONS[key]}"><h3>Title</h3><table><thead><tr>{heads}</tr>'
        f"</thead><tbody>{body}</tbody></table></section>"
    )


@pytest.fixture
def page() -> Callable[..., str]:
    """Build a page; `without` leaves sections out, `front` comes before all."""

    def build(*, without: tuple[str, ...] = (), front: str = "") -> str:
        sections = [section(key) for key in SECTIONS if key not in without]
        title = "<title>Models — Torchvision 9.1 documentation</title>"
        return f"<html>{title}<body>{front}{''.join(sections)}</body></html>"

    return build


@pytest.fixture
def html_row() -> Callable[[str, tuple[str, ...]], str]:
    return row


@pytest.fixture
def real_page() -> Callable[[str], Path]:
    """Find a rebuilt page of one torchvision version, or skip."""

    def find(version: str) -> Path:
        path = REAL_PAGES / f"fixture_{version}.html"
        if not path.exists():
            pytest.skip(f"the page of torchvision {version} is not beside the project")
        return path

    return find
