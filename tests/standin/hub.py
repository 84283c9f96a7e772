"""The stand-in itself: a Hub and its CDN on two ports of this machine."""

import re
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from fnmatch import fnmatch
from pathlib import Path
from threading import Thread
from urllib.parse import parse_qs, quote, urlencode

import yaml

from tests.standin.answers import (
    bad_token,
    bearer,
    entry,
    json_answer,
    refused,
    resolved,
    row,
    small_file,
    stored_file,
)
from tests.standin.connection import Answer, Listener, Request
from tests.standin.content import Content, Literal, content_of
from tests.standin.faults import Fault, Kind, Where
from tests.standin.gates import RateLimits, Signatures
from tests.standin.repository import Repository

File = bytes | str | Path | Content
Respond = Callable[[Request, Repository, str, str], Answer]

NAME = r"(?P<id>[^/]+(?:/[^/]+)?)"
RESOLVE = re.compile(rf"^/{NAME}/(?:resolve|raw)/(?P<revision>[^/]+)/(?P<file>.+)$")
PLAIN = re.compile(
    rf"^/api/resolve-cache/models/{NAME}/(?P<revision>\w+)/(?P<file>.+)$"
)
PATHS = re.compile(rf"^/api/models/{NAME}/paths-info/(?P<revision>[^/]+)$")
TREE = re.compile(rf"^/api/models/{NAME}/tree/(?P<revision>[^/]+)/?$")
MODEL = re.compile(rf"^/api/models/{NAME}(?:/revision/(?P<revision>[^/]+))?$")
STORED = re.compile(rf"^/{NAME}/(?P<sha>[0-9a-f]{{40}})/(?P<file>.+)$")


class Standin:
    """A Hugging Face Hub on loopback; a context manager that stops its two servers.

    `token` is the only one it accepts. `rate_limits` are requests per 300 s for "api"
    and "resolvers", counted by `clock` (seconds). `url_seconds` is how long a signed
    CDN address is good. `multi_range` says whether the CDN answers several ranges at
    once, `page_size` how many rows a page of a listing has at most. `elsewhere`, once
    set, is the origin to which links and redirects lead instead of to itself.
    `tells_size` says whether a resolve carries the size of the file.
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
        self.elsewhere = ""
        self.tells_size = True
        self.repositories: dict[str, Repository] = {}
        self.renamed: dict[str, str] = {}
        self._deleted: dict[str, Repository] = {}
        self.requests: list[Request] = []
        self.faults: list[Fault] = []
        self._limits = RateLimits(self.rate_limits, clock)
        self._signatures = Signatures(url_seconds, clock)
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
        """Make every address that was signed until now worthless."""
        self._signatures.revoke()

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
        headers, is_too_many = self._limits.count("api" if is_api else "resolvers")
        answer = self._route(request)
        if is_too_many:
            answer = refused(429, None, "rate limited")
        answer.headers |= headers
        return answer, self._struck("api" if is_api else "resolve", request.path)

    def _answer_cdn(self, request: Request) -> tuple[Answer, Fault | None]:
        fault = self._struck("cdn", request.path)
        match = STORED.match(request.path)
        if not match or not self._signatures.opens(request):
            return refused(403, None, "Request has expired"), fault
        id = self.renamed.get(match["id"], match["id"])
        repository = self.repositories.get(id) or self._deleted.get(id)
        files = repository.commits.get(match["sha"], {}) if repository else {}
        if match["file"] not in files:
            return refused(404, None, "no such object"), fault
        return stored_file(files[match["file"]]), fault

    def _route(self, request: Request) -> Answer:
        token = bearer(request)
        if request.path == "/api/whoami-v2":
            account = {
                "type": "user",
                "name": "tester",
                "auth": {"type": "access_token"},
            }
            return json_answer(account) if token == self.token else bad_token()
        if request.path == "/api/models":
            return self._list(request) if token in (None, self.token) else bad_token()
        for pattern, respond in (
            (PLAIN, self._small_file),
            (PATHS, self._paths),
            (TREE, self._tree),
            (MODEL, self._model),
            (RESOLVE, self._resolve),
        ):
            if match := pattern.match(request.path):
                return self._with_repository(request, match.groupdict(), respond)
        return refused(404, None, "no such page")

    def _with_repository(
        self, request: Request, fields: Mapping[str, str], respond: Respond
    ) -> Answer:
        """Find the repository and revision of a path, or refuse as the Hub does."""
        id, is_known = fields["id"], bearer(request) == self.token
        if moved := self.renamed.get(id):
            location = quote(request.path.replace(id, moved, 1))
            return Answer(307, {"Location": f"{self.elsewhere}{location}"})
        repository = self.repositories.get(id)
        if repository is None or (repository.private and not is_known):
            status = 404 if is_known else 401
            return refused(status, "RepoNotFound", "Repository not found")
        if repository.disabled:
            return refused(403, None, "Access to this resource is disabled.")
        sha = repository.revision(fields.get("revision") or "main")
        if sha is None:
            return refused(404, "RevisionNotFound", "Invalid rev id")
        return respond(request, repository, sha, fields.get("file", ""))

    def _list(self, request: Request) -> Answer:
        query, is_known = request.query, bearer(request) == self.token
        wanted = set(query.get("filter", []))
        found = [
            repository
            for repository in list(self.repositories.values())
            if wanted <= set(repository.all_tags())
            and (is_known or not repository.private)
        ]
        start = int(query.get("cursor", ["0"])[0])
        asked = int(query.get("limit", [str(self.page_size)])[0])
        stop, counts = start + min(asked, self.page_size), self._children()
        rows = [row(each, query, counts[each.id]) for each in found[start:stop]]
        answer = json_answer(rows)
        if stop < len(found):
            following = urlencode({**query, "cursor": [stop]}, doseq=True)
            page = f"{self.elsewhere or self.endpoint}/api/models?{following}"
            answer.headers["Link"] = f'<{page}>; rel="next"'
        return answer

    def _children(self) -> dict[str, Counter[str]]:
        """Count the children of every base, by relation."""
        counts: dict[str, Counter[str]] = defaultdict(Counter)
        for child in list(self.repositories.values()):
            for base in child.base_models:
                counts[base][child.relation] += 1
        return counts

    def _model(self, request: Request, repository: Repository, *_: str) -> Answer:
        children = self._children()[repository.id]
        return json_answer(row(repository, request.query, children, is_full=True))

    def _tree(self, _: Request, repository: Repository, sha: str, __: str) -> Answer:
        files = repository.commits[sha]
        return json_answer([entry(name, file) for name, file in files.items()])

    def _paths(
        self, request: Request, repository: Repository, sha: str, _: str
    ) -> Answer:
        names = parse_qs(request.body.decode()).get("paths", [])
        files = repository.commits[sha]
        return json_answer(
            [entry(name, files[name]) for name in names if name in files]
        )

    def _small_file(
        self, _: Request, repository: Repository, sha: str, file: str
    ) -> Answer:
        return small_file(repository.commits[sha][file], sha)

    def _resolve(
        self, request: Request, repository: Repository, sha: str, file: str
    ) -> Answer:
        is_known = bearer(request) == self.token
        if repository.gated and not (repository.granted and is_known):
            status = 403 if is_known else 401
            return refused(status, "GatedRepo", "Access to model is restricted")
        query = self._signatures.sign(f"/{repository.id}/{sha}/{file}")
        answer = resolved(repository, sha, file, cdn=self.cdn, query=query)
        if not self.tells_size:
            answer.headers.pop("X-Linked-Size", None)
        return answer
