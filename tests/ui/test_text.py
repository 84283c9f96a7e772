"""Foreign text on the screen, and numbers for people."""

from hypothesis import given
from hypothesis import strategies as st

from core.ui.text import MARKDOWN, compact, duration, literal, percent, size


@given(st.text())
def test_every_character_with_a_meaning_is_escaped(text):
    unescaped = literal(text).replace("\\\\", "")
    for position, character in enumerate(unescaped):
        if MARKDOWN.match(character) and character != "\\":
            assert unescaped[position - 1] == "\\"


def test_numbers_that_are_missing_are_dashes():
    missing = float("nan")
    assert {compact(missing), percent(missing), size(missing), size(None)} == {"–"}


def test_units_change_at_their_thousand():
    assert [compact(n) for n in (0, 999, 1000, 2.5e9)] == ["0", "999", "1 k", "2.5 G"]
    assert duration(59.4) == "59 s" and duration(60) == "1 min 0 s"
