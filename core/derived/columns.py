"""The columns of a freeze map at each level: the component, stage, block or tensor that
each row of a tensor frame belongs to. Knows names, not verdicts.
"""

import re
from collections.abc import Mapping
from typing import Literal, get_args

import numpy as np
import pandas as pd

from core.weights.blocks import positions

By = Literal["component", "stage", "block", "tensor"]
LEVELS: tuple[By, ...] = get_args(By)

PARTS = 4
"""Into so many stages the blocks of a network are dealt that has no stages itself."""

NUMBERED = re.compile(r"(?P<tower>(?:.* )?)block (?P<number>\d+)")
INSIDE = re.compile(r"stage \d+\.(\d+)$")


def column_labels(tensors: pd.DataFrame, by: By) -> pd.Series:
    """Name the column of every row.

    `tensors` has name, base_name and block, and for the coarser levels component. A
    tensor is named as the base does, or as the child where the base has none. A block
    inside a stage is named "stage 2.0"; numbered blocks without stages are dealt into
    four: "blocks 0–2".

    >>> rows = pd.DataFrame({"name": ["layer2.0.conv1.weight", "fc.weight"],
    ...     "base_name": ["layer2.0.conv1.weight", "fc.weight"],
    ...     "block": ["stage 2", "head"]})
    >>> column_labels(rows, "block").tolist(), column_labels(rows, "stage").tolist()
    (['stage 2.0', 'head'], ['stage 2', 'head'])
    """
    if by == "tensor":
        return _text(tensors["base_name"]).fillna(_text(tensors["name"]))
    if by == "component":
        return _text(tensors["component"])
    block = _text(tensors["block"])
    if by == "stage":
        dealt = _dealt(block)
        return block.map(lambda name: dealt.get(name, name))
    layer = _layers(tensors["base_name"])
    names = zip(block, _text(tensors["base_name"]), strict=True)
    labels = [f"{at}.{layer[name]}" if name in layer else at for at, name in names]
    return pd.Series(labels, tensors.index, dtype=object)


def in_forward_order(label: pd.Series, tensors: pd.DataFrame) -> list[str]:
    """Sort columns as a forward pass meets them.

    What only a child has comes after the base's own of the same block.
    """
    first = pd.DataFrame(
        {
            "label": label,
            "added": tensors["base_name"].isna(),
            "order": tensors["order"],
            "layer": [_layer(name) for name in label],
        }
    )
    first = first.sort_values("added", kind="stable").drop_duplicates("label")
    by = ["order", "layer", "added"]
    return list(first.sort_values(by, kind="stable")["label"])


def _layer(label: object) -> int:
    """Return the place inside a stage that a label names.

    >>> _layer("encoder stage 2.10"), _layer("stage 2")
    (10, -1)
    """
    found = INSIDE.search(str(label))
    return int(found[1]) if found else -1


def _text(values: pd.Series) -> pd.Series:
    return values.astype(object)


def _layers(names: pd.Series) -> Mapping[str, str]:
    """Return the place inside its stage of each base tensor that has one."""
    known = [str(name) for name in names.dropna().unique()]
    return {
        name: str(position.layer)
        for name, position in positions(known).items()
        if position.layer is not None and "stage" in position.block
    }


def _dealt(block: pd.Series) -> Mapping[str, str]:
    """Deal numbered blocks into stages, those of each tower apart.

    >>> names = pd.Series([f"block {number}" for number in range(12)])
    >>> list(dict.fromkeys(_dealt(names).values()))
    ['blocks 0–2', 'blocks 3–5', 'blocks 6–8', 'blocks 9–11']
    """
    towers: dict[str, list[int]] = {}
    for name in block.unique():
        if found := NUMBERED.fullmatch(str(name)):
            towers.setdefault(found["tower"], []).append(int(found["number"]))
    dealt = {}
    for tower, numbers in towers.items():
        for part in np.array_split(sorted(numbers), PARTS):
            if len(part):
                names = [f"{tower}block {number}" for number in part]
                dealt |= dict.fromkeys(names, f"{tower}{_span(part)}")
    return dealt


def _span(numbers: np.ndarray) -> str:
    first, last = numbers[0], numbers[-1]
    return f"block {first}" if first == last else f"blocks {first}–{last}"
