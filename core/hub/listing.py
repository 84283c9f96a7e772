"""The models that were made from a base, as the Hub lists them: one row each, kept with
its date. Reads no weights.

A listing is what the authors declare: a model that names no base is in none, and one
made from a child is a grandchild.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from core.cache import Provenance, now_utc
from core.errors import HubError, HubUnreachable, UsageError
from core.hub.client import HubClient, Params
from core.hub.kept import Listing, keep_listing, listing_path
from core.hub.names import following, repository_id
from core.hub.rows import (
    EXPAND,
    RELATIONS,
    Relation,
    children_by_relation,
    listing_frame,
    lost_row,
    model_row,
)
from core.settings import Settings

PAGE_ROWS = 1000
MAX_PAGES = 10_000
MAX_HOPS = 10
LATER = "try again later"

Row = dict[str, object]
Report = Callable[[int], None]


def list_derived(
    base: str,
    client: HubClient,
    settings: Settings,
    *,
    relations: Sequence[Relation] = RELATIONS,
    hops: int = 1,
    ids: Sequence[str] | None = None,
    report: Report = lambda found: None,
) -> Listing:
    """List the models made from `base`, and keep the listing in the cache.

    With `hops` > 1 the children's children are listed too; with `ids` exactly those
    models are asked for, one by one, and one that cannot be had is a row with its
    reason. The base itself is never among them. `report` is called with the number of
    rows so far, and may raise to stop. Raises UsageError for a name that is none, and
    HubError when the Hub does not answer; the listing before is then still there.
    """
    base = repository_id(base)
    _check(relations, hops)
    if ids is None:
        rows = _walk(base, client, relations, hops, report)
    else:
        rows = _ask_each(base, ids, client, report)
    listed_at = now_utc()
    models = listing_frame([row | {"listed_at": listed_at} for row in rows])
    path = listing_path(base, settings, relations=relations, hops=hops, ids=ids)
    return keep_listing(path, base, models, Provenance(client.endpoint, "", listed_at))


def pages(
    client: HubClient, subject: str, params: Params
) -> Iterator[list[Mapping[str, object]]]:
    """Yield a listing of the API page by page, following its next links.

    A link that leaves the Hub is refused. Raises a HubError, naming `subject`.
    """
    url, asked = f"{client.endpoint}/api/models", params
    for _ in range(MAX_PAGES):
        document, response = client.get_json(subject, url, asked)
        if not isinstance(document, list):
            raise HubUnreachable(subject, "is listed as something else", LATER)
        yield [item for item in document if isinstance(item, Mapping)]
        linked = response.links.get("next", {}).get("url")
        if not linked:
            return
        url, asked = following(url, linked), ()
        if not client.is_hub(url):
            happened = "has a listing that continues on another host"
            raise HubUnreachable(subject, happened, "check HF_ENDPOINT")
    raise HubUnreachable(subject, f"has a listing of more than {MAX_PAGES:,} pages")


def _check(relations: Sequence[str], hops: int) -> None:
    for relation in relations:
        if relation not in RELATIONS:
            known = ", ".join(RELATIONS)
            raise UsageError(repr(relation), "is no relation", f"choose from {known}")
    if not relations or not 1 <= hops <= MAX_HOPS:
        raise UsageError("hops", f"must be 1 to {MAX_HOPS}")


def _walk(
    base: str,
    client: HubClient,
    relations: Sequence[Relation],
    hops: int,
    report: Report,
) -> list[Row]:
    """Walk from the base to its children, then to theirs; each model is met once."""
    rows: dict[str, Row] = {}
    parents: dict[str, Sequence[Relation]] = {base: relations}
    for hop in range(1, hops + 1):
        found: dict[str, Sequence[Relation]] = {}
        for parent, wanted in parents.items():
            for relation, item in _children(client, parent, wanted):
                row = model_row(item, has_token=client.has_token)
                id = str(row["id"])
                if id == base or id in rows:
                    continue
                place = {"parent": parent, "relation": relation, "hop": hop}
                rows[id] = row | place
                if row["reason"] != "not-found":
                    found[id] = _worth_asking(item, relations)
            report(len(rows))
        parents = {id: wanted for id, wanted in found.items() if wanted}
    return list(rows.values())


def _children(
    client: HubClient, parent: str, relations: Iterable[Relation]
) -> Iterator[tuple[Relation, Mapping[str, object]]]:
    for relation in relations:
        params = [("filter", f"base_model:{relation}:{parent}")]
        params += [("expand", name) for name in EXPAND]
        params += [("limit", str(PAGE_ROWS))]
        for page in pages(client, parent, params):
            for item in page:
                yield relation, item


def _worth_asking(
    item: Mapping[str, object], relations: Sequence[Relation]
) -> Sequence[Relation]:
    """Return the relations in which the Hub counts children; all if it counts none."""
    if not isinstance(item.get("childrenModelCount"), Mapping):
        return relations
    counts = children_by_relation(item)
    return [relation for relation in relations if counts[relation]]


def _ask_each(
    base: str, ids: Iterable[str], client: HubClient, report: Report
) -> list[Row]:
    rows: dict[str, Row] = {}
    for id in map(repository_id, ids):
        if id != base and id not in rows:
            rows[id] = _ask(id, client) | {"parent": base, "relation": "", "hop": 1}
            report(len(rows))
    return list(rows.values())


def _ask(id: str, client: HubClient) -> Row:
    """Ask for one model; one that refuses is a row, a Hub that is gone is an error."""
    url = f"{client.endpoint}/api/models/{id}"
    params = [("expand", name) for name in EXPAND]
    try:
        item, _ = client.get_json(id, url, params)
    except HubError as error:
        if error.reason == "network":
            raise
        return lost_row(id, error.reason, str(error))
    if not isinstance(item, Mapping):
        raise HubUnreachable(id, "is described as something else", LATER)
    return model_row({**item, "id": id}, has_token=client.has_token)
