"""Requests to the Hub and its CDN: connections kept and limited per host, retries, rate
limits, and a token that only the Hub's own origin ever sees. Knows no files.

huggingface_hub's own client is not used for the requests: in 2.4 its listing has no
timeout, waits where no job can be stopped, slows down only after a 429, and follows a
next link to any host with the token. What its answers mean is taken from it.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from http.cookiejar import CookieJar, DefaultCookiePolicy
from threading import BoundedSemaphore, Lock
from typing import TypeVar
from urllib.parse import urlsplit

import httpx2

from core.errors import HubError, HubUnreachable
from core.fetch import retry_after
from core.hub.budget import ByteBudget, Traffic
from core.hub.limits import RateLimiter
from core.hub.names import following, origin
from core.hub.refusals import refusal
from core.settings import Settings

Result = TypeVar("Result")
Params = Sequence[tuple[str, str]]

USER_AGENT = "pedigree/0.1 (derived models of a base)"
RETRIED_STATUSES = frozenset({408, 425, 429, 500, 502, 503, 504})
REDIRECTS = frozenset({301, 302, 303, 307, 308})
MAX_HOPS = 5
MAX_JSON_BYTES = 64 * 2**20
MAX_WAIT_SECONDS = 600.0
MAX_BACKOFF_SECONDS = 30.0
CONNECT_TRIES = 3
SLOWEST_BYTES_PER_SECOND = 16 * 2**10
LATER = "try again later"


class Again(Exception):
    """A failure worth another try, after `wait_seconds` where the server asks for it.

    `tries` lowers how many there are in all; `wait_seconds` 0 is at once.
    """

    def __init__(
        self, happened: str, *, wait_seconds: float | None = None, tries: int = 1000
    ) -> None:
        super().__init__(happened)
        self.happened = happened
        self.wait_seconds = wait_seconds
        self.tries = tries


class HubClient:
    """A connection pool for one Hub, to share between threads; close it after use.

    At most `connections` requests are under way per host. `limiter` is what keeps below
    the Hub's limits, `budget` what bounds whole files where ranges fail. `clock` and
    `sleep` are those of the limiter.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        connections: int = 16,
        attempts: int = 5,
        timeout_seconds: float = 30.0,
        limiter: RateLimiter | None = None,
        budget: ByteBudget | None = None,
    ) -> None:
        self.endpoint = settings.hub_endpoint
        self.limiter = limiter or RateLimiter()
        self.budget = budget
        self.traffic = Traffic()
        self.timeout_seconds = timeout_seconds
        self._token = _checked_token(settings.hub_token)
        self._origin = origin(self.endpoint)
        self._attempts = attempts
        self._connections = connections
        self._slots: dict[str, BoundedSemaphore] = {}
        self._multi_range: dict[str, bool] = {}
        self._lock = Lock()
        self._http = httpx2.Client(
            headers={"User-Agent": USER_AGENT, "Accept-Encoding": "identity"},
            timeout=httpx2.Timeout(timeout_seconds, pool=None),
            limits=httpx2.Limits(
                max_connections=None, max_keepalive_connections=4 * connections
            ),
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
            follow_redirects=False,
        )

    def __repr__(self) -> str:
        return f"HubClient({self.endpoint!r})"

    def __enter__(self) -> "HubClient":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close all connections."""
        self._http.close()

    @property
    def has_token(self) -> bool:
        """Whether requests to the Hub carry a token."""
        return self._token is not None

    def is_hub(self, url: str) -> bool:
        """Whether an address is of the Hub's own origin, which may see the token."""
        return origin(url) == self._origin

    def multi_range(self, url: str) -> bool | None:
        """Whether the host of `url` answers several ranges; None while unknown."""
        return self._multi_range.get(urlsplit(url).netloc)

    def learn_multi_range(self, url: str, *, works: bool) -> None:
        """Remember whether the host of `url` answers several ranges."""
        self._multi_range[urlsplit(url).netloc] = works

    def retry(self, subject: str, once: Callable[[], Result]) -> Result:
        """Call `once` until it raises no Again.

        Waits what the server asks for, else 1, 2, 4 ... seconds. Raises HubUnreachable,
        naming `subject`, when the tries are used up or the wait is too long.
        """
        tries = 0
        while True:
            tries += 1
            try:
                return once()
            except Again as failure:
                wait = min(2.0 ** (tries - 1), MAX_BACKOFF_SECONDS)
                if failure.wait_seconds is not None:
                    wait = failure.wait_seconds
                if tries >= min(self._attempts, failure.tries):
                    happened = f"{failure.happened}, {tries} times in a row"
                    happened = failure.happened if tries == 1 else happened
                    raise HubUnreachable(subject, happened, LATER) from failure
                if wait > MAX_WAIT_SECONDS:
                    happened = f"{failure.happened} and asks to wait {wait:,.0f} s"
                    raise HubUnreachable(subject, happened, LATER) from failure
            if wait:
                self.limiter.sleep(wait)

    @contextmanager
    def open(
        self,
        subject: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        params: Params = (),
    ) -> Iterator[httpx2.Response]:
        """Send one GET and yield the response with its body unread.

        Raises Again for what is worth another try. Statuses that are not are the
        caller's to judge.
        """
        bucket = self._bucket(url)
        self.limiter.wait(bucket)
        sent = self.limiter.clock()
        with self._slot(url), self._sent(subject, url, headers, params) as response:
            limit = self.limiter.learn(bucket, response.headers, sent=sent)
            if response.status_code in RETRIED_STATUSES:
                wait = retry_after(response.headers.get("Retry-After"))
                if wait is None and limit and response.status_code == 429:
                    wait = limit.reset_in_seconds + 1.0 if not limit.remaining else None
                if wait is not None and wait <= MAX_WAIT_SECONDS:
                    self.limiter.pause(bucket, wait)
                raise Again(f"answered {response.status_code}", wait_seconds=wait)
            yield response

    def chunks(self, response: httpx2.Response, expected: int) -> Iterator[bytes]:
        """Yield the raw body, counted; one that comes too slowly raises Again."""
        slowest = expected / SLOWEST_BYTES_PER_SECOND
        deadline = self.limiter.clock() + 2 * self.timeout_seconds + slowest
        for chunk in response.iter_raw():
            self.traffic.received(len(chunk))
            yield chunk
            if self.limiter.clock() > deadline:
                raise Again("sends too slowly")

    def get_json(
        self, subject: str, url: str, params: Params = ()
    ) -> tuple[object, httpx2.Response]:
        """GET a JSON document of the Hub's API; return it with its response.

        Redirects (a renamed repository) are followed within the Hub's origin. Raises a
        HubError.
        """
        for _ in range(MAX_HOPS):
            document, response = self.retry(
                subject, lambda url=url, params=params: self._json(subject, url, params)
            )
            if response.status_code not in REDIRECTS:
                return document, response
            url, params = following(url, response.headers.get("Location", "")), ()
            if not self.is_hub(url):
                break
        raise HubUnreachable(subject, "is redirected elsewhere", "check HF_ENDPOINT")

    def _json(
        self, subject: str, url: str, params: Params
    ) -> tuple[object, httpx2.Response]:
        with self.open(subject, url, params=params) as response:
            if response.status_code in REDIRECTS:
                return None, response
            if response.status_code >= 300:
                raise refusal(subject, response)
            body = bytearray()
            for chunk in self.chunks(response, MAX_JSON_BYTES):
                body += chunk
                if len(body) > MAX_JSON_BYTES:
                    raise HubUnreachable(subject, "answers with too long a document")
        try:
            return json.loads(body), response
        except (ValueError, RecursionError) as error:
            raise Again("answered with something that is no JSON") from error

    @contextmanager
    def _sent(
        self,
        subject: str,
        url: str,
        headers: Mapping[str, str] | None,
        params: Params,
    ) -> Iterator[httpx2.Response]:
        sent = dict(headers or {})
        if self._token and self.is_hub(url):
            sent["Authorization"] = f"Bearer {self._token}"
        self.traffic.sent()
        try:
            with self._http.stream(
                "GET", url, headers=sent, params=list(params) or None
            ) as response:
                yield response
        except httpx2.TimeoutException as error:
            raise Again("did not answer in time") from error
        except httpx2.ConnectError as error:
            raise Again("could not be reached", tries=CONNECT_TRIES) from error
        except (httpx2.NetworkError, httpx2.RemoteProtocolError) as error:
            raise Again("dropped the connection") from error
        except (httpx2.HTTPError, httpx2.InvalidURL, UnicodeError) as error:
            happened = f"cannot be asked for ({type(error).__name__})"
            raise HubUnreachable(subject, happened, "check HF_ENDPOINT") from error

    def _slot(self, url: str) -> BoundedSemaphore:
        host = urlsplit(url).netloc
        with self._lock:
            if host not in self._slots:
                self._slots[host] = BoundedSemaphore(self._connections)
            return self._slots[host]

    def _bucket(self, url: str) -> str:
        """Name the window a request counts in: the Hub has one each for API and files.

        The API serves small files too, as `resolve-cache`, which counts as a file.
        """
        parts = urlsplit(url)
        if not self.is_hub(url):
            return parts.netloc
        is_api = "/api/" in parts.path and "/api/resolve-cache/" not in parts.path
        return "api" if is_api else "resolvers"


def _checked_token(token: str | None) -> str | None:
    """Return the token without space around it; the error never shows it."""
    plain = (token or "").strip()
    if not all("!" <= character <= "~" for character in plain):
        happened = "holds characters that no token has"
        raise HubError("HF_TOKEN", happened, "copy it again or unset it")
    return plain or None
