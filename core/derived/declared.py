"""Whom cards name as parents, as the ids of a family. Reads no files."""

from collections.abc import Iterable
from pathlib import Path

from core.derived.frames import SEPARATOR
from core.derived.local import names_base


def declared_parents(
    base: str, ids: Iterable[str], parents: Iterable[object]
) -> dict[str, list[str]]:
    """Return every model's declared parents, as ids where they are in the family.

    `parents` are texts as in the model rows. On this machine a card may name a folder
    in more ways than one (`names_base`).

    >>> declared_parents("org/vit", ["kid/a", "kid/b"], ["Org/ViT", "kid/a, x/y"])
    {'kid/a': ['org/vit'], 'kid/b': ['kid/a', 'x/y']}
    """
    ids = list(ids)
    known = {id.casefold(): id for id in [base, *ids]}
    place = Path(base) if Path(base).is_absolute() else None

    def resolved(text: str, child: str) -> str:
        if place and names_base(text, place.parent / child, place):
            return base
        name = text.rpartition("/")[2] if place else text
        return known.get(name.casefold(), text)

    return {
        id: list(dict.fromkeys(resolved(text, id) for text in _texts(told)))
        for id, told in zip(ids, parents, strict=True)
    }


def _texts(parents: object) -> list[str]:
    told = parents.split(SEPARATOR) if isinstance(parents, str) else []
    return [text.strip().rstrip("/") for text in told if text.strip()]
