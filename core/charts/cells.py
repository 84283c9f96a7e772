"""What the codes of a freeze map mean and their colors, on screen and in print. Knows
codes, not figures.
"""

from dataclasses import dataclass

NOTHING = -1
"""The code of a cell where neither the base nor the model has anything."""

SCREEN_ABSENT = "rgba(128,128,128,0.22)"
PRINT_ABSENT = "#E0E0E0"
GREY = "#9A9A9A"


@dataclass(frozen=True)
class Cell:
    """One code of a matrix: its word and its color in print.

    `screen` is another color for the screen, where the page may be dark.
    """

    word: str
    color: str
    screen: str | None = None

    @property
    def on_screen(self) -> str:
        """The color on a light or dark page."""
        return self.screen or self.color


def _coded(*cells: Cell) -> dict[int, Cell]:
    return dict(enumerate(cells))


VERDICTS = _coded(
    Cell("equal", "#0072B2"),
    Cell("changed", "#E69F00"),
    Cell("partly changed", "#F7D894"),
    Cell("reshaped", "#CC79A7"),
    Cell("added", "#009E73"),
    Cell("absent", PRINT_ABSENT, SCREEN_ABSENT),
    Cell("unknown", GREY),
)
"""By the codes of `core.derived.matrix.VERDICT_CODES`; colors: Okabe and Ito (2008)."""

EVIDENCE = _coded(
    Cell("sha256", "#0072B2"),
    Cell("bytes", "#56B4E9"),
    Cell("header", "#009E73"),
    Cell("crc32", "#CC79A7"),
    Cell("probe", "#E69F00"),
    Cell("unknown", GREY),
)
"""From the strongest to the weakest."""

DISTANCES = _coded(
    Cell("equal", "#0072B2"),
    Cell("under 0.1 %", "#FDE9C0"),
    Cell("0.1–0.3 %", "#FBCF7F"),
    Cell("0.3–1 %", "#F4AE3D"),
    Cell("1–3 %", "#E08A00"),
    Cell("3–10 %", "#BC6600"),
    Cell("10–30 %", "#8F4300"),
    Cell("over 30 %", "#5E2500"),
    Cell("not measured", PRINT_ABSENT, SCREEN_ABSENT),
)
"""Of ‖child − base‖ / ‖base‖: the darker, the farther."""

Palette = dict[int, Cell]
PALETTES: dict[str, Palette] = {
    "verdict": VERDICTS,
    "evidence": EVIDENCE,
    "distance": DISTANCES,
}


def spelled_codes(shown: str) -> str:
    """Say in a line what the codes of a palette mean, for a file that holds them.

    >>> spelled_codes("evidence")
    '0 sha256, 1 bytes, 2 header, 3 crc32, 4 probe, 5 unknown'
    """
    return ", ".join(f"{code} {cell.word}" for code, cell in PALETTES[shown].items())
