"""What a server may answer to do harm, and what an endpoint may not be."""

from datetime import UTC, datetime

import pytest

from core.errors import FetchError, HubError, UsageError
from core.fetch import fetch, retry_after
from core.hub.checkpoint import open_hub_checkpoint
from core.hub.client import HubClient
from core.hub.limits import LONGEST_WINDOW_SECONDS, RateLimiter
from core.settings import Settings, load_settings
from tests.standin import Standin

NOW = datetime(2026, 11, 21, tzinfo=UTC)


@pytest.mark.parametrize("header", [
    "Mon, 01 Jan 2020 00:00:00 +99999999999999", "Fri, 31 Dec 9999 23:59:59 -2359",
    "Mon, 01 Jan 0001 00:00:00 +2359", "Mon, 99 Jan 2020 00:00:00 GMT", "\x00", "-1",
    "1e9", "nan", "inf", "Mon, 01 Jan 99999 00:00:00 GMT", "," * 60_000, "²",
])  # fmt: skip
def test_a_retry_after_that_is_none_waits_for_no_moment(header):
    wait = retry_after(header, NOW)
    assert wait is None or 0 <= wait < float("inf")


def test_a_retry_after_of_ages_is_not_waited(web, tmp_path):
    web.answer(web.Answer(429, headers={"Retry-After": "9" * 400}))
    with pytest.raises(FetchError, match="answered 429 after 1 try"):
        fetch("https://h/x", Settings(tmp_path, sources_url=web.url), sleep=pytest.fail)


@pytest.mark.parametrize("left", ["0", "1", "9" * 150])
@pytest.mark.parametrize("seconds", ["60", "9" * 12, "9" * 150])
def test_a_rate_limit_of_ages_holds_an_hour_at_most(left, seconds):
    waited, clock = [], iter(range(10**6))
    limiter = RateLimiter(clock=lambda: next(clock), sleep=waited.append)
    header = f'"api";r={left};t={seconds}'
    limiter.learn("api", {"RateLimit": header, "RateLimit-Policy": 'q="x";w=1'})
    for _ in range(3):
        limiter.pause("api", 0)
    limiter._admit("api")
    assert all(wait <= LONGEST_WINDOW_SECONDS + 2 for wait in waited)


def test_a_rate_limit_header_of_endless_digits_is_no_limit():
    limiter = RateLimiter(sleep=pytest.fail)
    for header in ('"api";r=0;t=' + "9" * 5000, "q=1" * 30_000):
        names = {"RateLimit": header, "RateLimit-Policy": header}
        assert limiter.learn("api", names) is None


@pytest.mark.parametrize("name", ["HF_ENDPOINT", "PEDIGREE_SOURCES"])
@pytest.mark.parametrize("address", [
    "file:///etc/passwd", "ftp://h/", "javascript:alert(1)", "//h", "h:80", "https://",
    "https://h:99999", "https://h:x", "http://[::1", "https://h/?a=b", "https://h/#x",
    "https://h/\nX: y", "https://h h/", "http://ü/", "\x00",
])  # fmt: skip
def test_an_address_that_is_none_is_named(name, address):
    with pytest.raises(UsageError, match=f"{name} is not the address of a server"):
        load_settings({name: address})


@pytest.mark.parametrize("name", ["HF_ENDPOINT", "PEDIGREE_SOURCES"])
@pytest.mark.parametrize("who", ["me:s3cret", "s3cret", "me:s3cret@other"])
def test_an_address_with_a_password_is_refused_without_showing_it(name, who):
    with pytest.raises(UsageError, match="holds a user name or password") as caught:
        load_settings({name: f"https://{who}@hub.example"})
    assert "s3cret" not in str(caught.value)


def test_an_ordinary_address_is_taken():
    for address in (
        "http://127.0.0.1:8000",
        "https://hub.example/mirror",
        "http://[::1]",
    ):
        assert load_settings({"HF_ENDPOINT": f"{address}/"}).hub_endpoint == address


@pytest.mark.parametrize("location", [
    "file:///etc/passwd", "ftp://127.0.0.1/x", "javascript:alert(1)", "http://", "//",
    "http://\x00", "http://[", "https://" + "a" * 5000,
])  # fmt: skip
def test_a_redirect_to_no_web_address_is_refused(web, settings_at, location):
    body = b'{"sha": "0123abcd", "siblings": [{"rfilename": "model.safetensors"}]}'
    moved = web.Answer(302, headers={"Location": location, "X-Linked-Size": "10"})
    web.answer(web.Answer(body=body), moved)
    settings, refused = settings_at(web.url), pytest.raises(HubError)
    with HubClient(settings, attempts=1) as client, refused:
        open_hub_checkpoint("a/b", client)


def test_cookies_of_a_hub_are_not_kept(web, settings_at):
    body = b'{"sha": "0123abcd", "siblings": []}'
    web.answer(web.Answer(body=body, headers={"Set-Cookie": "me=tracked; Path=/"}))
    with HubClient(settings_at(web.url)) as client:
        for _ in range(2):
            client.get_json("a/b", f"{web.url}/api/models/a/b")
    assert all("Cookie" not in headers for _, headers in web.requests)


def test_the_requests_of_sources_carry_no_token(web, tmp_path, monkeypatch):
    secret = "hf_0123456789secret"
    monkeypatch.setenv("HF_TOKEN", secret)
    web.answer(web.Answer(body=b"x"))
    fetch("https://h/x", Settings(tmp_path, "http://hub", secret, web.url))
    assert all(secret not in str(headers) for _, headers in web.requests)


@pytest.mark.parametrize("location", [
    "file:///etc/passwd", "http://[", "https://" + "a" * 5000, "http://\x00", "",
])  # fmt: skip
def test_a_redirect_of_a_source_to_no_web_address_is_refused(web, tmp_path, location):
    web.answer(web.Answer(302, headers={"Location": location}))
    with pytest.raises(FetchError, match=r"cannot be fetched|answered 302"):
        fetch("https://h/x", Settings(tmp_path, sources_url=web.url))


def test_a_stand_in_is_an_ordinary_hub(settings_at):
    with Standin() as hub:
        assert settings_at(hub.endpoint).hub_endpoint == hub.endpoint
