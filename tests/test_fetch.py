"""Polite HTTP, against a real server on loopback."""

import gzip
import socket

import pytest

from core.errors import FetchError
from core.fetch import fetch
from core.settings import Settings

URL = "https://docs.example.org/models.html"


@pytest.fixture
def settings(web, tmp_path):
    return Settings(tmp_path, sources_url=web.url)


def test_gives_content_and_its_etag(web, settings):
    web.answer(web.Answer(body=b"page", headers={"ETag": '"v1"'}))
    fetched = fetch(URL, settings)
    assert (fetched.content, fetched.revision) == (b"page", '"v1"')
    assert web.requests[0][0] == "/docs.example.org/models.html"
    assert web.requests[0][1]["User-Agent"].startswith("pedigree")


@pytest.mark.parametrize(
    ("revision", "header"),
    [
        ('"v1"', "If-None-Match"),
        ('W/"v1"', "If-None-Match"),
        ("Wed, 21 Oct 2015 07:28:00 GMT", "If-Modified-Since"),
    ],
)
def test_asks_for_news_only(web, settings, revision, header):
    web.answer(web.Answer(304))
    fetched = fetch(URL, settings, revision=revision)
    assert fetched.is_unchanged and fetched.revision == revision
    assert web.requests[0][1][header] == revision


def test_last_modified_stands_in_for_a_missing_etag(web, settings):
    date = "Wed, 21 Oct 2015 07:28:00 GMT"
    web.answer(web.Answer(body=b"x", headers={"Last-Modified": date}))
    assert fetch(URL, settings).revision == date


def test_an_unasked_304_is_an_error(web, settings):
    web.answer(web.Answer(304))
    with pytest.raises(FetchError, match="answered 304"):
        fetch(URL, settings)


def test_tries_again_after_a_server_error(web, settings):
    waits = []
    web.answer(web.Answer(500), web.Answer(503), web.Answer(body=b"ok"))
    assert fetch(URL, settings, sleep=waits.append).content == b"ok"
    assert waits == [1.0, 2.0]


def test_waits_as_long_as_the_server_asks(web, settings):
    waits = []
    busy = web.Answer(429, headers={"Retry-After": "7"})
    web.answer(busy, web.Answer(body=b"ok"))
    assert fetch(URL, settings, sleep=waits.append).content == b"ok"
    assert waits == [7.0]


def test_gives_up_when_the_server_asks_for_an_hour(web, settings):
    waits = []
    web.answer(web.Answer(429, headers={"Retry-After": "3600"}))
    with pytest.raises(FetchError, match="answered 429 after 1 try; "):
        fetch(URL, settings, sleep=waits.append)
    assert waits == []


def test_gives_up_after_its_attempts(web, settings):
    web.answer(web.Answer(500))
    with pytest.raises(FetchError, match="answered 500 after 3 tries; "):
        fetch(URL, settings, attempts=3, sleep=lambda _: None)
    assert len(web.requests) == 3


def test_a_missing_page_is_not_asked_for_twice(web, settings):
    web.answer(web.Answer(404))
    with pytest.raises(FetchError, match=r"models\.html answered 404; "):
        fetch(URL, settings)
    assert len(web.requests) == 1


def test_a_truncated_body_is_tried_again(web, settings):
    web.answer(web.Answer(body=b"ha", promised=4), web.Answer(body=b"half"))
    assert fetch(URL, settings, sleep=lambda _: None).content == b"half"


def test_a_body_that_stays_truncated_is_an_error(web, settings):
    web.answer(web.Answer(body=b"ha", promised=4))
    with pytest.raises(FetchError, match="dropped the connection"):
        fetch(URL, settings, sleep=lambda _: None)


def test_too_large_a_body_is_an_error(web, settings):
    web.answer(web.Answer(body=bytes(2000)))
    with pytest.raises(FetchError, match="more than 1,000 bytes"):
        fetch(URL, settings, max_bytes=1000)


def test_the_cap_holds_after_decompression(web, settings):
    bomb = gzip.compress(bytes(10**6))
    web.answer(web.Answer(body=bomb, headers={"Content-Encoding": "gzip"}))
    with pytest.raises(FetchError, match="more than 100,000 bytes"):
        fetch(URL, settings, max_bytes=100_000)


def test_a_damaged_encoding_is_an_error(web, settings):
    web.answer(web.Answer(body=b"not gzip", headers={"Content-Encoding": "gzip"}))
    with pytest.raises(FetchError, match="cannot be fetched"):
        fetch(URL, settings, sleep=lambda _: None)


def test_a_refused_connection_is_an_error(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(FetchError, match="refused or dropped"):
            fetch(URL, Settings(tmp_path, sources_url=url), sleep=lambda _: None)


def test_a_silent_server_is_an_error(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(FetchError, match="did not answer in time"):
            fetch(
                URL,
                Settings(tmp_path, sources_url=url),
                attempts=1,
                timeout_seconds=0.1,
            )


@pytest.mark.parametrize("url", ["file:///etc/passwd", "models.html", "https://"])
def test_only_web_addresses_are_fetched(tmp_path, url):
    with pytest.raises(FetchError, match="is not a web address"):
        fetch(url, Settings(tmp_path))
