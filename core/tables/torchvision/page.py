"""torchvision's documentation page "Models and pre-trained weights", read by name.

Sections are found by anchor and columns by header, never by position. Knows no network.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urljoin

import pandas as pd

from core.cache import now_utc
from core.errors import SourceChanged, UsageError
from core.tables.schema import records
from core.tables.torchvision.kinds import (
    KINDS,
    check_sentinel,
    frames,
    identity,
)

if TYPE_CHECKING:
    from bs4 import Tag

PAGE_URL = "https://docs.pytorch.org/vision/stable/models.html"
MAX_PAGE_BYTES = 8 * 2**20
MAX_TAGS = 200_000
REMEDY = "the page's format changed: keep the last good copy"
SECTIONS = {
    "classification": "table-of-all-available-classification-weights",
    "quantized": "table-of-all-available-quantized-classification-weights",
    "segmentation": "table-of-all-available-semantic-segmentation-weights",
    "detection": "table-of-all-available-object-detection-weights",
    "instance": "table-of-all-available-instance-segmentation-weights",
    "keypoint": "table-of-all-available-keypoint-detection-weights",
    "video": "table-of-all-available-video-classification-weights",
}
# Headers as letters and digits only; the page calls its MACs "GFLOPS".
ALIASES = {
    "weight": ("weight", "weights"),
    "acc@1": ("acc1", "top1", "top1acc", "top1accuracy", "accuracy1"),
    "acc@5": ("acc5", "top5", "top5acc", "top5accuracy", "accuracy5"),
    "miou": ("meaniou", "miou"),
    "pixel_acc": ("pixelwiseacc", "pixelacc", "pixelaccuracy", "pixelwiseaccuracy"),
    "box_map": ("boxmap",),
    "mask_map": ("maskmap",),
    "keypoint_map": ("keypointmap", "kpmap"),
    "params": ("params", "parameters", "numparams"),
    "gmacs": ("gflops", "gmacs"),
    "gips": ("gips",),
    "recipe": ("recipe", "recipes"),
}
NUMBER = re.compile(r"(\d[\d,]{0,20}(?:\.\d{1,20})?)([KMB]?)", re.IGNORECASE)
SUFFIXES = {"": 1, "K": 10**3, "M": 10**6, "B": 10**9}


def parse_page(
    html: str | bytes, url: str, *, revision: str = "", fetched_at: str | None = None
) -> dict[str, pd.DataFrame]:
    """Read the page's tables into the schema, by the keys of SECTIONS.

    The page's title states its version; `revision` stands in where it does not. Raises
    SourceChanged, naming what is missing, when the page is not the one we know.
    """
    soup = _soup(html, url)
    origin = {
        "source": url,
        "revision": _version(soup) or revision,
        "fetched_at": fetched_at or now_utc(),
    }
    tables = frames(
        row | origin
        for key, anchor in SECTIONS.items()
        for row in _table_rows(soup, key, anchor, url)
    )
    _check_unique(tables, url)
    check_sentinel(tables, url)
    return tables


def parse_html_document(path: Path) -> dict[str, list[dict[str, object]]]:
    """Read a saved page into plain records: fractions, numbers, absolute links, None.

    Raises UsageError when the file cannot be read, SourceChanged as `parse_page` does.
    """
    try:
        with path.open("rb") as file:
            html = file.read(MAX_PAGE_BYTES + 1)
    except OSError as error:
        reason = error.strerror or str(error)
        remedy = "name a saved torchvision models page"
        raise UsageError(path, f"cannot be read ({reason})", remedy) from error
    if len(html) > MAX_PAGE_BYTES:
        raise UsageError(path, "is larger than 8 MiB", "save the page alone")
    pages = parse_page(html, PAGE_URL)
    return {key: _document_rows(key, frame) for key, frame in pages.items()}


def _document_rows(key: str, frame: pd.DataFrame) -> list[dict[str, object]]:
    kind = KINDS[key]
    columns = ["weight", "builder", *sorted(kind.metrics, key=list(ALIASES).index)]
    plain = frame[[*columns, "params", kind.cost, "recipe_url"]]
    return records(plain.rename(columns={"recipe_url": "recipe"}))


def _check_unique(tables: Mapping[str, pd.DataFrame], url: str) -> None:
    weights = pd.concat([frame["id"] for frame in tables.values()])
    if not weights.is_unique:
        twice = weights[weights.duplicated()].iloc[0]
        raise SourceChanged(url, f"lists {twice} twice", REMEDY)


def _soup(html: str | bytes, url: str) -> "Tag":
    from bs4 import BeautifulSoup

    text = html.decode("utf-8", "replace") if isinstance(html, bytes) else html
    if len(text) > MAX_PAGE_BYTES or text.count("<") > MAX_TAGS:
        raise SourceChanged(url, "is larger than such a page can be", REMEDY)
    if "<table" not in text.lower():
        raise SourceChanged(url, "has no tables", REMEDY)
    return BeautifulSoup(text, "html.parser")


def _version(soup: "Tag") -> str:
    title = soup.title.get_text() if soup.title else ""
    found = re.search(r"Torchvision (\d[\w.+]*)", title)
    return found[1] if found else ""


def _table_rows(
    soup: "Tag", key: str, anchor: str, url: str
) -> Iterator[dict[str, object]]:
    where = f"in #{anchor}"
    table, columns = _find_table(soup, key, anchor, url)
    if missing := sorted(_required(key) - columns.keys()):
        raise SourceChanged(url, f"has no column {', '.join(missing)} {where}", REMEDY)
    rows = [cells for cells in _body(table) if cells]
    least = KINDS[key].least_rows
    if len(rows) < least:
        happened = f"has {len(rows)} rows {where}, not {least} or more"
        raise SourceChanged(url, happened, REMEDY)
    for cells in rows:
        if len(cells) <= max(columns.values()):
            happened = f"has a short row {where} ({_text(cells[0])[:80]})"
            raise SourceChanged(url, happened, REMEDY)
        yield _row(key, {name: cells[at] for name, at in columns.items()}, url)


def _find_table(
    soup: "Tag", key: str, anchor: str, url: str
) -> tuple["Tag", dict[str, int]]:
    """Return the section's first table of weights, and where its columns are."""
    section = soup.find(id=anchor)
    if section is not None and section.name not in ("section", "div"):
        section = section.find_parent(["section", "div"])
    if section is None:
        raise SourceChanged(url, f"has no section #{anchor}", REMEDY)
    headed = [(table, _columns(table)) for table in section.find_all("table")]
    found = [pair for pair in headed if {"weight", "params"} & pair[1].keys()]
    if not found:
        raise SourceChanged(url, f"has no table of weights in #{anchor}", REMEDY)
    return found[0]


def _columns(table: "Tag") -> dict[str, int]:
    places = {}
    names = {alias: name for name, row in ALIASES.items() for alias in row}
    row = table.find("tr")
    heads = row.find_all("th", recursive=False) if row else []
    for place, head in enumerate(heads):
        plain = re.sub(r"[^a-z0-9]", "", _text(head).lower())
        places.setdefault(names.get(plain, plain), place)
    return places


def _required(key: str) -> set[str]:
    return {"weight", "params", "recipe", *KINDS[key].metrics}


def _body(table: "Tag") -> Iterator[list["Tag"]]:
    for row in table.find_all("tr"):
        yield row.find_all("td", recursive=False)


def _row(key: str, cells: Mapping[str, "Tag"], url: str) -> dict[str, object]:
    kind = KINDS[key]
    weight, link = _text(cells["weight"]), _link(cells["weight"], url)
    if not re.fullmatch(r"\w+\.\w+", weight):
        raise SourceChanged(url, f"names a weight {weight[:80]!r}", REMEDY)
    module, _, builder = _documented(link).rpartition(".")
    row = identity(key, weight, builder, module)
    numbers = {name: _percent for name in kind.metrics} | {"params": _count}
    numbers |= {kind.cost: float} if kind.cost in cells else {}
    for name, reading in numbers.items():
        row[name] = _number(_text(cells[name]), reading, f"{name} of {weight}", url)
    return row | {
        "accuracy": row[kind.metrics[0]],
        "recipe_url": _link(cells["recipe"], url),
        "doc_url": link.partition("#")[0],
    }


def _documented(link: str) -> str:
    """Return the dotted name that a documentation link is about.

    >>> _documented("https://x.org/generated/torchvision.models.alexnet.html#a.b")
    'torchvision.models.alexnet'
    """
    return link.partition("#")[0].rpartition("/")[2].removesuffix(".html")


def _number(
    text: str, reading: Callable[[Decimal], float], what: str, url: str
) -> float | None:
    """Read one cell; blanks, dashes and nan are missing, anything else is an error."""
    if text.lower() in ("", "-", "–", "—", "nan", "n/a"):
        return None
    number = NUMBER.fullmatch(text)
    if number is None:
        raise SourceChanged(url, f"gives {text[:40]!r} as {what}", REMEDY)
    value = Decimal(number[1].replace(",", "")) * SUFFIXES[number[2].upper()]
    return reading(value)


def _percent(value: Decimal) -> float:
    return float(value / 100)


def _count(value: Decimal) -> int:
    return int(value)


def _text(cell: "Tag") -> str:
    return cell.get_text().strip()


def _link(cell: "Tag", url: str) -> str:
    """Return the cell's absolute web link; anything but http(s) is no link."""
    anchor = cell.find("a", href=True)
    link = urljoin(url, str(anchor["href"])) if anchor else ""
    return link if link.startswith(("https://", "http://")) else ""
