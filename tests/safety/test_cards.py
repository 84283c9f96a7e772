"""Cards that are bombs: what YAML makes large, deep or slow."""

from dataclasses import astuple
from time import process_time

import pytest

from core.derived.card import TEXT_CAP, Card, parse_card
from core.errors import CorruptCheckpoint

LAUGHS = "a0: &a0 [x, x]\n" + "".join(
    f"a{n + 1}: &a{n + 1} [*a{n}, *a{n}]\n" for n in range(20)
)
BOMBS = {
    "aliases that double": LAUGHS,
    "an alias of itself": "license: &a [*a]",
    "a merge": "a: &a {b: 1}\nlicense:\n  <<: *a",
    "lists in lists": "license: " + "[" * 5_000,
    "closed nesting": "license: " + "[" * 1_000 + "]" * 1_000,
    "objects in objects": "{a: " * 5_000,
    "Python's own objects": "license: !!python/object/apply:os.system [exit 1]",
    "a name of Python": "license: !!python/name:os.system",
    "a number of many digits": "license: " + "9" * 100_000,
    "a hexadecimal number": "license: 0x" + "f" * 100_000,
    "a value of the same": "model-index:\n- results:\n  - metrics:\n"
    "    - {type: a, value: 0x" + "f" * 5_000 + "}",
    "a number of base 60": "license: 1" + ":59" * 5_000,
    "half a character": 'license: "\\ud800"',
    "a control character": 'license: "a\\x1b[2J\\0"',
    "a date that is none": "license: 2020-13-45",
    "a key that is a list": "? [license]\n: mit",
    "an endless anchor": "license: &" + "a" * 100_000 + " x",
    "many documents": "--- a\n" * 2_000,
    "many keys": "".join(f"k{n}: 1\n" for n in range(1_000)),
}


@pytest.mark.parametrize("front", BOMBS.values(), ids=BOMBS)
def test_a_bomb_in_a_card_is_a_sentence_or_nothing(front):
    started = process_time()
    try:
        card = parse_card(f"---\n{front}\n---\n")
    except CorruptCheckpoint as error:
        assert str(error).isprintable() and len(str(error)) < 400
        card = Card()
    for claim in astuple(card):
        str(claim).encode()  # what no file can hold would fail
        assert len(str(claim)) <= TEXT_CAP + 20
    assert process_time() - started < 5


def test_ordinary_numbers_of_a_card_are_kept():
    text = "---\nlicense: 2.0\ndatasets: [7]\nmodel-index:\n- results:\n"
    text += "  - metrics: [{type: top1, value: 81}]\n---\n"
    card = parse_card(text)
    assert (card.license, card.datasets, card.metric_value) == ("2.0", ("7",), 81.0)
