"""Overview, Jobs and Glossary open on an empty cache."""

import pytest


@pytest.mark.parametrize("script", ["pages/jobs.py", "pages/glossary.py"])
def test_the_page_opens_on_an_empty_cache(open_page, script):
    page = open_page(script)
    assert not page.exception and not page.error
    assert page.title[0].value


def test_the_overview_names_every_question(open_page):
    page = open_page("app.py")
    assert not page.exception and not page.error
