"""What a model card claims: the YAML front matter of a README.md, as the Hub defines it
(https://huggingface.co/docs/hub/model-cards). The text is a stranger's: it is read with
a size cap, without YAML tags or aliases.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import yaml

from core.errors import CorruptCheckpoint

CARD_CAP_BYTES = 1 << 20
FRONT_CAP_CHARACTERS = 1 << 17
TEXT_CAP = 200
DEPTH_CAP = 64


@dataclass(frozen=True)
class Card:
    """The claims of one card; what it does not say is None or empty.

    `metric_value` is the number as the card writes it: a fraction or a percentage.
    `downloads`, `likes` and the two dates are the Hub's, where it lists the model.
    """

    base_models: tuple[str, ...] = ()
    relation: str | None = None
    task: str | None = None
    license: str | None = None
    datasets: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    metric: str | None = None
    metric_value: float | None = None
    downloads: int | None = None
    likes: int | None = None
    created_at: datetime | None = None
    last_modified: datetime | None = None


class _PlainLoader(yaml.SafeLoader):
    """A safe loader that refuses aliases, with which few bytes can claim gigabytes, and
    deep nesting, on which it would spend a second.
    """

    depth = 0

    def compose_node(self, parent: object, index: object) -> object:
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("an alias is not allowed here")
        if self.depth == DEPTH_CAP:
            raise yaml.YAMLError("it is nested too deeply")
        self.depth += 1
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node


def read_card_text(folder: Path) -> str:
    """Return the start of a folder's README.md, or "" where there is none."""
    path = folder / "README.md"
    if not path.is_file():
        return ""
    with path.open("rb") as file:
        return file.read(CARD_CAP_BYTES).decode("utf-8-sig", "replace")


def parse_card(text: str, name: str = "README.md") -> Card:
    """Read the claims of a card; a card without front matter claims nothing.

    Raises CorruptCheckpoint, naming `name`, where the front matter is no YAML.

    >>> parse_card("---\\nbase_model: google/vit\\nlicense: mit\\n---\\nHello").license
    'mit'
    """
    front = front_matter(text)
    if front is None:
        return Card()
    try:
        claims = yaml.load(front, _PlainLoader)  # a SafeLoader: plain values only
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        problem = getattr(error, "problem", None) or error.args[0]
        happened = f"says nothing that YAML can read ({problem})"
        raise CorruptCheckpoint(name, happened, "mend its first lines") from error
    return _card(claims) if isinstance(claims, dict) else Card()


def front_matter(text: str) -> str | None:
    """Return what stands between the two `---` lines at the start of a card.

    >>> front_matter("---\\na: 1\\n---\\nText")
    'a: 1'
    >>> front_matter("# Title") is None
    True
    """
    lines = text[:FRONT_CAP_CHARACTERS].splitlines()
    if not lines or lines[0].rstrip() != "---":
        return None
    body = [line.rstrip() for line in lines[1:]]
    stop = body.index("---") if "---" in body else len(body)
    return "\n".join(body[:stop])


def _card(claims: dict) -> Card:
    metric, value = next(_metrics(claims), (None, None))
    named = _texts(claims.get("metrics"))
    return Card(
        base_models=_texts(claims.get("base_model")),
        relation=_text(claims.get("base_model_relation")),
        task=_text(claims.get("pipeline_tag")),
        license=", ".join(_texts(claims.get("license"))) or None,
        datasets=_texts(claims.get("datasets")),
        tags=_texts(claims.get("tags")),
        metric=metric or (named[0] if named else None),
        metric_value=value,
    )


def _metrics(claims: dict) -> Iterator[tuple[str | None, float]]:
    """Walk model-index > results > metrics, whatever a stranger put there."""
    for model in _mappings(claims.get("model-index")):
        for result in _mappings(model.get("results")):
            for metric in _mappings(result.get("metrics")):
                value = metric.get("value")
                if _is_number(value):
                    yield _text(metric.get("type")), float(value)


def _mappings(value: object) -> Iterator[dict]:
    for entry in value if isinstance(value, list) else []:
        if isinstance(entry, dict):
            yield entry


def _texts(value: object) -> tuple[str, ...]:
    entries = value if isinstance(value, list) else [value]
    return tuple(text for text in map(_text, entries) if text)


def _text(value: object) -> str | None:
    if not isinstance(value, str) and not _is_number(value):
        return None
    text = str(value)[: 2 * TEXT_CAP].encode("utf-8", "replace").decode()
    return text.strip()[:TEXT_CAP] or None


def _is_number(value: object) -> bool:
    """Whether a value is a number; YAML also writes some that no column can hold."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return isinstance(value, float) or abs(value) < 2**63
