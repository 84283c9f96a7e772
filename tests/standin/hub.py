"""The stand-in itself: a Hub and its CDN on two ports of this machine."""

import hmac
import json
import math
import re
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from fnmatch import fnmatch
from hashlib import sha256
from pathlib import Path
from threading import Lock, Thread
from urllib.parse import parse_qs, quote, urlencode

import yaml

from tests.standin.connection import Answer, Listener, Request
from tests.standin.content import Content, Literal, content_of
from tests.standin.faults import Fault, Kind, Where
from tests.standin.repository import IN_EVERY_ROW, Repository, git_oid, is_large

File = bytes | str | Path | Content
WINDOW_SECONDS = 300
RELATIONS = ("adapter", "merge", "quantized", "finetune")
NAME = r"(?P<id>[^/]+(?:/[^/]+)?)"
RESOLVE = re.compile(rf"^/{NAME}/(?:resolve|raw)/(?P<revision>[^/]+)/(?P<file>.+)$")
PLAIN = re.compile(
    rf"^/api/resolve-cache/models/{NAME}/(?P<revision>\w+)/(?P<file>.+)$"
)
PATHS = re.compile(rf"^/api/models/{NAME}/paths-info/(?P<revision>[^/]+)$")
TREE = re.compile(rf"^/api/models/{NAME}/tree/(?P<revision>[^/]+)/?$")
MODEL = re.compile(rf"^/api/models/{NAME}(?:/revision/(?P<revision>[^/]+))?$")


class Standin:
    """A Hugging Face Hub on loopback; a context manager that stops its two servers.

    `token` is the only one it accepts. `rate_limits` are requests per 300 s for "api"
    and "resolvers", counted by `clock` (seconds). `url_seconds` is how long a signed
    CDN address is good. `multi_range` says whether the CDN answers several ranges at
    once, `page_size` how many rows a page of a listing has at most. `elsewhere`, once
    set, is the origin to which links and redirects lead instead of to itself.
    """

    def __init__(
        self,
        *,
        token: str = "hf_standin_token",
        page_size: int = 1000,
        multi_range: bool = True,
        latency_seconds: float = 0.0,
        rate_limits: Mapping[str, int] | None = None,
        url_seconds: float = 3600.0,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.token = token
        self.page_size = page_size
        self.rate_limits = dict(rate_limits or {"api": 10**6, "resolvers": 10**6})
        self.url_seconds = url_seconds
        self.elsewhere = ""
        self.repositories: dict[str, Repository] = {}
        self.renamed: dict[str, str] = {}
        self._deleted: dict[str, Repository] = {}
        self.requests: list[Request] = []
        self.faults: list[Fault] = []
        self._clock = clock
        self._oldest_signature = 0.0
        self._windows: dict[str, tuple[float, int]] = {}
        self._lock = Lock()
        self._hub = Listener("hub", self._answer_hub, self.requests.append)
        self._cdn = Listener("cdn", self._answer_cdn, self.requests.append)
        self._cdn.multi_range = multi_range
        self._hub.latency_seconds = self._cdn.latency_seconds = latency_seconds

    def __enter__(self) -> "Standin":
        for listener in (self._hub, self._cdn):
            serve = Thread(target=listener.serve_forever, args=(0.05,), daemon=True)
            serve.start()
        return self

    def __exit__(self, *_: object) -> None:
        for listener in (self._hub, self._cdn):
            listener.shutdown()
            listener.hang_up()
            listener.server_close()

    @property
    def endpoint(self) -> str:
        """The address of the Hub, for HF_ENDPOINT."""
        return self._hub.origin

    @property
    def cdn(self) -> str:
        """The address of the CDN."""
        return self._cdn.origin

    def repository(
        self,
        id: str,
        *,
        files: Mapping[str, File] | None = None,
        card: str | Mapping[str, object] | None = None,
        base_model: str | Iterable[str] = (),
        relation: str = "finetune",
        **fields: object,
    ) -> Repository:
        """Add a repository; `card` is a README.md, or what its front matter says.

        `fields` are those of Repository: gated, granted, private, disabled, downloads,
        likes, library, pipeline_tag, tags, missing.
        """
        contents = {name: content_of(file) for name, file in (files or {}).items()}
        bases = (base_model,) if isinstance(base_model, str) else tuple(base_model)
        front: Mapping[str, object] = {"base_model": list(bases)} if bases else {}
        if isinstance(card, str):
            front = yaml.safe_load(card.split("---")[1]) if "---" in card else {}
            contents["README.md"] = Literal(card.encode())
        elif card is not None:
            front = {**front, **card}
            text = f"---\n{yaml.safe_dump(dict(front))}---\n"
            contents["README.md"] = Literal(text.encode())
        added = Repository(
            id,
            len(self.repositories),
            card=front,
            base_models=bases,
            relation=relation,
            **fields,
        )
        added.commit(contents)
        self.repositories[id] = added
        return added

    def commit(
        self, id: str, files: Mapping[str, File], *, forget: bool = False
    ) -> str:
        """Replace a repository's files by a new commit; `forget` drops the old ones."""
        repository = self.repositories[id]
        if forget:
            repository.commits.clear()
        contents = {name: content_of(file) for name, file in files.items()}
        return repository.commit(contents)

    def delete(self, id: str) -> None:
        """Delete a repository; addresses already signed keep working."""
        self._deleted[id] = self.repositories.pop(id)

    def rename(self, old: str, new: str) -> None:
        """Give a repository another id; the old one redirects."""
        repository = self.repositories.pop(old)
        repository.id = new
        self.repositories[new] = repository
        self.renamed[old] = new

    def fault(
        self,
        kind: Kind,
        path: str = "*",
        *,
        where: Where | None = None,
        **fields: object,
    ) -> Fault:
        """Switch a fault on; returns it, with the number of its `hits`.

        `path` is a pattern for the request's path: on the CDN
        /OWNER/NAME/COMMIT/FILE. `fields` are those of Fault.
        """
        added = Fault(kind, where, path, **fields)
        self.faults.append(added)
        return added

    def expire(self) -> None:
        """Make every address that was signed so far worthless."""
        self._oldest_signature = self._clock()

    def requests_to(self, server: str, path: str = "*") -> list[Request]:
        """Return the requests to "hub" or "cdn" whose path fits the pattern."""
        found = [request for request in self.requests if request.server == server]
        return [request for request in found if fnmatch(request.path, path)]

    def bytes_sent(self, server: str = "cdn", path: str = "*") -> int:
        """Return the bytes of the bodies that one server sent."""
        return sum(request.bytes_sent for request in self.requests_to(server, path))

    def _struck(self, where: Where, path: str) -> Fault | None:
        return next((f for f in self.faults if f.strikes(where, path)), None)

    def _answer_hub(self, request: Request) -> tuple[Answer, Fault | None]:
        is_api = request.path.startswith("/api/") and not PLAIN.match(request.path)
        limits, exceeded = self._count("api" if is_api else "resolvers")
        answer = self._too_many(limits) if exceeded else self._route(request)
        answer.headers |= limits
        return answer, self._struck("api" if is_api else "resolve", request.path)

    def _count(self, kind: str) -> tuple[dict[str, str], bool]:
        """Count a request in its window; return the headers that say so."""
        now, limit = self._clock(), self.rate_limits[kind]
        with self._lock:
            start, used = self._windows.get(kind, (now, 0))
            if now >= start + WINDOW_SECONDS:
                start, used = now, 0
            self._windows[kind] = start, used + 1
        left = max(0, limit - used - 1)
        reset = math.ceil(start + WINDOW_SECONDS - now)
        policy = f'"fixed window";"{kind}";q={limit};w={WINDOW_SECONDS}'
        headers = {
            "RateLimit": f'"{kind}";r={left};t={reset}',
            "RateLimit-Policy": policy,
        }
        return headers, used >= limit

    def _too_many(self, limits: dict[str, str]) -> Answer:
        return _refused(429, None, "rate limited")

    def _route(self, request: Request) -> Answer:
        path = request.path
        if path == "/api/models":
            return self._list(request)
        if path == "/api/whoami-v2":
            return self._whoami(request)
        for pattern, respond in (
            (PLAIN, self._plain),
            (PATHS, self._paths),
            (TREE, self._tree),
            (MODEL, self._model),
            (RESOLVE, self._resolve),
        ):
            if match := pattern.match(path):
                return self._with_repository(request, match, respond)
        return _refused(404, None, "no such page")

    def _with_repository(
        self, request: Request, match: re.Match[str], respond: Callable[..., Answer]
    ) -> Answer:
        """Find the repository and revision of a path, or refuse as the Hub does."""
        fields = match.groupdict()
        if moved := self.renamed.get(fields["id"]):
            location = quote(request.path.replace(fields["id"], moved, 1))
            return Answer(307, {"Location": f"{self.elsewhere}{location}"})
        repository = self.repositories.get(fields["id"])
        if repository is None or (repository.private and not self._knows(request)):
            status = 404 if repository is None and self._knows(request) else 401
            return _refused(status, "RepoNotFound", "Repository not found")
        if repository.disabled:
            return _refused(403, None, "Access to this resource is disabled.")
        sha = repository.revision(fields.get("revision") or "main")
        if sha is None:
            return _refused(404, "RevisionNotFound", "Invalid rev id")
        return respond(request, repository, sha, fields.get("file"))

    def _knows(self, request: Request) -> bool:
        sent = request.headers.get("authorization", "")
        return hmac.compare_digest(sent, f"Bearer {self.token}")

    def _whoami(self, request: Request) -> Answer:
        if not self._knows(request):
            return _refused(401, None, "Invalid credentials in Authorization header")
        return _json(
            {"type": "user", "name": "tester", "auth": {"type": "access_token"}}
        )

    def _list(self, request: Request) -> Answer:
        sent = request.headers.get("authorization")
        if sent and not self._knows(request):
            return _refused(401, None, "Invalid credentials in Authorization header")
        query = request.query
        wanted = set(query.get("filter", []))
        found = [
            repository
            for repository in list(self.repositories.values())
            if wanted <= set(repository.all_tags())
            and (not repository.private or self._knows(request))
        ]
        start = int(query.get("cursor", ["0"])[0])
        size = min(int(query.get("limit", [str(self.page_size)])[0]), self.page_size)
        rows = [
            self._row(repository, query) for repository in found[start : start + size]
        ]
        answer = _json(rows)
        if start + size < len(found):
            following = urlencode({**query, "cursor": [start + size]}, doseq=True)
            page = f"{self.elsewhere or self.endpoint}/api/models?{following}"
            answer.headers["Link"] = f'<{page}>; rel="next"'
        return answer

    def _row(self, repository: Repository, query: Mapping[str, list[str]]) -> dict:
        blobs = "true" in [text.lower() for text in query.get("blobs", [])]
        described = repository.describe(self._children(repository.id), blobs=blobs)
        names = ["_id", "id", *query.get("expand", [])]
        if "expand" not in query:
            names += IN_EVERY_ROW
            full = {"full", "cardData"} & set(query) or "filter" in query
            names += [*described] if full else []
        return {name: described[name] for name in names if name in described}

    def _children(self, id: str) -> Counter[str]:
        counts = Counter(dict.fromkeys(RELATIONS, 0))
        for child in list(self.repositories.values()):
            counts[child.relation] += id in child.base_models
        return counts

    def _model(self, request: Request, repository: Repository, *_: object) -> Answer:
        query = dict(request.query)
        if "expand" not in query:
            query["full"] = ["True"]
        return _json(self._row(repository, query))

    def _tree(self, _: Request, repository: Repository, sha: str, __: None) -> Answer:
        return _json([_entry(n, c) for n, c in repository.commits[sha].items()])

    def _paths(
        self, request: Request, repository: Repository, sha: str, _: None
    ) -> Answer:
        names = parse_qs(request.body.decode()).get("paths", [])
        files = repository.commits[sha]
        return _json([_entry(name, files[name]) for name in names if name in files])

    def _resolve(
        self, request: Request, repository: Repository, sha: str, file: str
    ) -> Answer:
        if repository.gated and not (repository.granted and self._knows(request)):
            status = 403 if self._knows(request) else 401
            return _refused(status, "GatedRepo", "Access to model is restricted")
        content = repository.commits[sha].get(file)
        if content is None or file in repository.missing:
            return _refused(404, "EntryNotFound", "Entry not found")
        headers = {"X-Repo-Commit": sha}
        if not is_large(file, content):
            location = f"/api/resolve-cache/models/{repository.id}/{sha}/{quote(file)}"
            return Answer(307, {**headers, "Location": location})
        headers |= {
            "X-Linked-Etag": f'"{content.oid}"',
            "X-Linked-Size": str(content.size),
            "ETag": f'"{content.oid}"',
            "X-Xet-Hash": content.oid[::-1],
            "Location": self._signed(f"/{repository.id}/{sha}/{file}"),
        }
        return Answer(302, headers)

    def _plain(
        self, request: Request, repository: Repository, sha: str, file: str
    ) -> Answer:
        content = repository.commits[sha][file]
        etag = f'"{git_oid(content)}"'
        headers = {"X-Repo-Commit": sha, "ETag": etag, "Accept-Ranges": "bytes"}
        return Answer(200, headers, content, takes_ranges=True)

    def _signed(self, path: str) -> str:
        issued = self._clock()
        query = {"issued": repr(issued), "signature": self._signature(path, issued)}
        return f"{self.cdn}{quote(path)}?{urlencode(query)}"

    def _signature(self, path: str, issued: float) -> str:
        return sha256(f"{path}{issued!r}".encode()).hexdigest()[:16]

    def _answer_cdn(self, request: Request) -> tuple[Answer, Fault | None]:
        fault = self._struck("cdn", request.path)
        _, owner, *rest = request.path.split("/")
        id = f"{owner}/{rest[0]}" if len(rest) > 2 else owner
        sha, *parts = rest[1:] if len(rest) > 2 else rest
        if not self._is_signed(request):
            return _refused(403, None, "Request has expired"), fault
        id = self.renamed.get(id, id)
        repository = self.repositories.get(id) or self._deleted.get(id)
        files = repository.commits.get(sha, {}) if repository else {}
        content = files.get("/".join(parts))
        if content is None:
            return _refused(404, None, "no such object"), fault
        etag = f'"{content.oid}"'
        return Answer(200, {"ETag": etag}, content, takes_ranges=True), fault

    def _is_signed(self, request: Request) -> bool:
        issued = float(request.query.get("issued", ["0"])[0])
        is_fresh = self._clock() < issued + self.url_seconds
        signature = self._signature(request.path, issued)
        return (
            is_fresh
            and issued > self._oldest_signature
            and request.query.get("signature") == [signature]
        )


def _entry(name: str, content: Content) -> dict[str, object]:
    row = {
        "type": "file",
        "path": name,
        "size": content.size,
        "oid": git_oid(content),
    }
    if not is_large(name, content):
        return row
    lfs = {"oid": content.oid, "size": content.size, "pointerSize": 134}
    return row | {"lfs": lfs, "xetHash": content.oid[::-1]}


def _json(document: object) -> Answer:
    headers = {"Content-Type": "application/json"}
    return Answer(200, headers, Literal(json.dumps(document).encode()))


def _refused(status: int, code: str | None, message: str) -> Answer:
    headers = {"X-Error-Message": message, "Content-Type": "application/json"}
    if code:
        headers["X-Error-Code"] = code
    return Answer(status, headers, Literal(json.dumps({"error": message}).encode()))
