"""The documents and refusals of the Hub's API, from what a repository is."""

import json
from collections.abc import Iterable, Mapping
from urllib.parse import quote

from tests.standin.connection import Answer, Request
from tests.standin.content import Content, Literal
from tests.standin.repository import IN_EVERY_ROW, Repository, git_oid, is_large

RELATIONS = ("adapter", "merge", "quantized", "finetune")


def row(
    repository: Repository,
    query: Mapping[str, list[str]],
    children: Mapping[str, int],
    *,
    is_full: bool = False,
) -> dict[str, object]:
    """Return a model as the API shows it, with the fields that the query asks for."""
    blobs = "true" in [text.lower() for text in query.get("blobs", [])]
    counts = {relation: children.get(relation, 0) for relation in RELATIONS}
    described = repository.describe(counts, blobs=blobs)
    if "expand" in query:
        names: Iterable[str] = ["_id", "id", *query["expand"]]
    elif is_full or {"full", "cardData", "filter"} & set(query):
        names = described
    else:
        names = ["_id", "id", *IN_EVERY_ROW]
    return {name: described[name] for name in names if name in described}


def entry(name: str, content: Content) -> dict[str, object]:
    """Return a file as the tree and paths-info show it."""
    size, oid = content.size, content.oid
    fields = {"type": "file", "path": name, "size": size, "oid": git_oid(content)}
    if not is_large(name, content):
        return fields
    lfs = {"oid": oid, "size": size, "pointerSize": 134}
    return fields | {"lfs": lfs, "xetHash": oid[::-1]}


def resolved(
    repository: Repository, sha: str, file: str, *, cdn: str, query: str
) -> Answer:
    """Return the redirect to a large file on the CDN, or to a small one on the Hub."""
    content = repository.commits[sha].get(file)
    if content is None or file in repository.missing:
        return refused(404, "EntryNotFound", "Entry not found")
    headers = {"X-Repo-Commit": sha}
    if not is_large(file, content):
        location = f"/api/resolve-cache/models/{repository.id}/{sha}/{quote(file)}"
        return Answer(307, {**headers, "Location": location})
    etag = f'"{content.oid}"'
    return Answer(
        302,
        {
            **headers,
            "X-Linked-Etag": etag,
            "X-Linked-Size": str(content.size),
            "ETag": etag,
            "X-Xet-Hash": content.oid[::-1],
            "Location": f"{cdn}/{repository.id}/{sha}/{quote(file)}?{query}",
        },
    )


def small_file(content: Content, sha: str) -> Answer:
    """Return a small file itself."""
    headers = {"X-Repo-Commit": sha, "ETag": f'"{git_oid(content)}"'}
    return Answer(200, headers, content, takes_ranges=True)


def stored_file(content: Content) -> Answer:
    """Return a large file from the CDN."""
    return Answer(200, {"ETag": f'"{content.oid}"'}, content, takes_ranges=True)


def json_answer(document: object) -> Answer:
    """Return a JSON document."""
    headers = {"Content-Type": "application/json"}
    return Answer(200, headers, Literal(json.dumps(document).encode()))


def refused(status: int, code: str | None, message: str) -> Answer:
    """Return a refusal with the headers that tell its kind."""
    headers = {"X-Error-Message": message, "Content-Type": "application/json"}
    if code:
        headers["X-Error-Code"] = code
    return Answer(status, headers, Literal(json.dumps({"error": message}).encode()))


def bad_token() -> Answer:
    """Return the refusal of a token that nobody has."""
    return refused(401, None, "Invalid credentials in Authorization header")


def bearer(request: Request) -> str | None:
    """Return the token that a request carries."""
    return request.headers.get("authorization", "").removeprefix("Bearer ") or None
