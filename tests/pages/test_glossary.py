"""The glossary: every word with its meaning, found by search and by address."""

import pytest

PAGE = "pages/glossary.py"


def told(page) -> str:
    return "\n".join(text.value for text in page.markdown).replace("\\", "")


def test_every_part_has_its_table(open_page):
    page = open_page(PAGE)
    assert not page.exception and not page.error
    assert len(page.subheader) > 20
    assert "[n_leep](?word=n_leep) (N-LEEP)" in told(page)
    assert "You and others, ICML 2021" in told(page)


def test_search_leaves_what_it_finds(open_page):
    page = open_page(PAGE, search="noise of nothing at all")
    assert page.info and not page.subheader[1:]
    page = open_page(PAGE, search="LogME")
    assert [part.value for part in page.subheader if part.value != "Pedigree"] == [
        "Transferability scores"
    ]


@pytest.mark.parametrize("asked", ["frozen_blocks", "Frozen blocks", "FROZEN_BLOCKS"])
def test_an_address_opens_a_word(open_page, asked):
    page = open_page(PAGE, word=asked)
    first = next(text.value for text in page.markdown if "frozen" in text.value)
    assert "frozen-prefix" in first.replace("\\", "") and "| " not in first
    assert "All words" in [button.label for button in page.button]


def test_a_word_of_several_parts_is_told_by_each(open_page):
    captions = [c.value for c in open_page(PAGE, word="kind").caption]
    assert "Columns of derived models" in captions
    assert "Columns of transfer" in captions


@pytest.mark.parametrize("asked", ["nothing", "<b>x</b>", "![](http://x)"])
def test_an_unknown_word_is_one_sentence(open_page, asked):
    page = open_page(PAGE, word=asked)
    assert "is not in the glossary" in page.warning[0].value
    assert not page.exception
