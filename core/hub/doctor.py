"""Check what only the live Hub can confirm: each check asks one thing and says what it
saw. Stores nothing.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from core.errors import HubError, PedigreeError
from core.hub.checkpoint import describe
from core.hub.client import HubClient
from core.hub.limits import RateLimiter
from core.hub.listing import PAGE_ROWS, pages
from core.hub.names import repository_id
from core.hub.reader import HubSource
from core.hub.rows import EXPAND
from core.settings import Settings
from core.weights.checkpoint import read_entries

EXAMPLE = "google/vit-base-patch16-224-in21k"
WEIGHTS, OLD_WEIGHTS = "model.safetensors", "pytorch_model.bin"
TIMEOUT_SECONDS = 10.0
RANGE_BYTES = 1024
FAR_BYTES = 2**20

Status = Literal["ok", "failed", "skipped"]


@dataclass(frozen=True)
class Check:
    """One check: `evidence` is a sentence about what was seen."""

    name: str
    status: Status
    evidence: str


class _Skipped(Exception):
    """There is nothing to check; the message says why."""


def diagnose(
    settings: Settings, *, model: str = EXAMPLE, limiter: RateLimiter | None = None
) -> list[Check]:
    """Run every check against the Hub of the settings, with `model` as the example.

    Each request has one try and ten seconds, and once the endpoint does not answer the
    others are skipped. The token is never shown. Raises UsageError when `model` is no
    repository id.
    """
    model = repository_id(model)
    with HubClient(
        settings, attempts=1, timeout_seconds=TIMEOUT_SECONDS, limiter=limiter
    ) as client:
        return list(_checks(client, model))


def _checks(client: HubClient, model: str) -> Iterator[Check]:
    is_reached = True
    for name, check in CHECKS.items():
        if not is_reached:
            yield Check(name, "skipped", f"{client.endpoint} does not answer.")
            continue
        found = _perform(name, check, client, model)
        is_reached = name != "endpoint" or found.status == "ok"
        yield found


def _perform(name: str, check: "_Question", client: HubClient, model: str) -> Check:
    try:
        return Check(name, "ok", check(client, model))
    except _Skipped as reason:
        return Check(name, "skipped", str(reason))
    except PedigreeError as error:
        return Check(name, "failed", str(error))


def _endpoint(client: HubClient, model: str) -> str:
    client.get_json(client.endpoint, f"{client.endpoint}/api/models", [("limit", "1")])
    return f"{client.endpoint} answers."


def _token(client: HubClient, model: str) -> str:
    if not client.has_token:
        raise _Skipped("HF_TOKEN is not set; gated and private models stay closed.")
    client.get_json("The token", f"{client.endpoint}/api/whoami-v2")
    return "The Hub accepts the token in HF_TOKEN."


def _rate_limits(client: HubClient, model: str) -> str:
    client.get_json(client.endpoint, f"{client.endpoint}/api/models", [("limit", "1")])
    _open(client, model, "config.json")
    seen = [
        f"{bucket}: {limit.remaining:,} of {limit.limit or 0:,} requests left, "
        f"new ones in {limit.reset_in_seconds:,} s"
        for bucket in ("api", "resolvers")
        if (limit := client.limiter.last(bucket))
    ]
    if not seen:
        happened = "sends no RateLimit headers"
        raise HubError(client.endpoint, happened, "the crawl slows only after a 429")
    return "; ".join(seen) + "."


def _page_size(client: HubClient, model: str) -> str:
    params = [("filter", f"base_model:finetune:{model}"), ("limit", str(PAGE_ROWS))]
    first = next(pages(client, model, params + [("expand", name) for name in EXPAND]))
    with_files = sum(isinstance(item.get("siblings"), list) for item in first)
    return (
        f"A page asked for {PAGE_ROWS:,} fine-tunes of {model} has {len(first):,}, "
        f"{with_files:,} of them with file names."
    )


def _ranges(client: HubClient, model: str) -> str:
    source = _large(client, model)
    front = source.read(0, RANGE_BYTES)
    middle = source.size // 2
    source.read(middle, middle + RANGE_BYTES)
    kind = "a safetensors header" if front[8:9] == b"{" else "no safetensors header"
    digest = "with" if source.sha256 else "without"
    return (
        f"Two ranges of {source.name} came as asked for, {kind} first, from an address "
        f"that was resolved once, {digest} its SHA-256."
    )


def _multi_range(client: HubClient, model: str) -> str:
    source = _large(client, model)
    places = [source.size * part // 4 for part in (1, 2, 3)]
    source.read_many([(place, place + RANGE_BYTES) for place in places])
    if client.multi_range(source.address) is not True:
        happened = "does not answer several ranges in one request"
        raise HubError(source.host, happened, "each range is asked for by itself")
    return f"{source.host} answers several ranges in one request."


def _checksums(client: HubClient, model: str) -> str:
    _, files = describe(model, client)
    if OLD_WEIGHTS not in files:
        raise _Skipped(f"{model} holds no {OLD_WEIGHTS}; name another with --model.")
    source = _open(client, model, OLD_WEIGHTS)
    format_, entries, _ = read_entries(source, OLD_WEIGHTS)
    summed = sum(entry.crc32 is not None for entry in entries)
    if not summed:
        happened = f"carries no CRC32 ({format_})"
        raise HubError(source.name, happened, "such files are compared by ranges")
    return f"{source.name} carries the CRC32 of {summed:,} of {len(entries):,} tensors."


def _xet(client: HubClient, model: str) -> str:
    source = _large(client, model)
    if source.xet_hash is None:
        raise _Skipped(
            f"{source.name} is not in Xet storage; its terms would not help."
        )
    return f"{source.name} is in Xet storage; shared chunks could prove tensors equal."


def _open(client: HubClient, model: str, file: str) -> HubSource:
    return HubSource(client, model, "main", file)


def _large(client: HubClient, model: str) -> HubSource:
    source = _open(client, model, WEIGHTS)
    if source.size < FAR_BYTES:
        raise _Skipped(f"{source.name} is too small to ask for parts of it.")
    return source


_Question = Callable[[HubClient, str], str]

CHECKS: dict[str, _Question] = {
    "endpoint": _endpoint,
    "token": _token,
    "rate limits": _rate_limits,
    "page size": _page_size,
    "ranges": _ranges,
    "several ranges": _multi_range,
    "checksums": _checksums,
    "xet": _xet,
}
