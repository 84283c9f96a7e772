"""Compare one child of the Hub with its base and keep what came of it: a listed row in,
a row out. Knows no listing and no other child, but for files that it shares with one.
"""

import json
import logging
import os
from collections.abc import Mapping
from contextlib import AbstractContextManager, ExitStack, nullcontext, suppress
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path

from filelock import FileLock

from core.cache import now_utc
from core.derived.base_weights import BaseWeights
from core.derived.cascade import LEVELS, Certify, compare_cheaply, identical_to
from core.derived.case import Known
from core.derived.comparisons import (
    RULES,
    Result,
    failed,
    failure,
    file_name,
    keep,
    kept_imprints,
    read_result,
    succeeded,
)
from core.derived.crawl import Outcome
from core.derived.hub_child import HubChild
from core.derived.opening import Opening
from core.errors import CacheError, JobCancelled, PedigreeError
from core.hub.client import HubClient

log = logging.getLogger("pedigree.derived")


@dataclass(frozen=True)
class HubWork:
    """Compares children with one base. `base_identity` is None while it is unknown, and
    `base` while nobody opened it.
    """

    folder: Path
    base_identity: str | None
    certify: Certify = "none"
    base: BaseWeights | None = None
    client: HubClient | None = None

    def stored(
        self,
        child: HubChild,
        kept: Mapping[str, Result | CacheError],
        retry: str | None,
    ) -> Result | None:
        """Return the kept result of `child`, unless it is outdated, not certified far
        enough, or to be retried.
        """
        result = self.kept(child, kept)
        if result is None or (result.status == "ok" and not self._is_certain(result)):
            return None
        again = result.status == "failed" and retry in ("all", result.reason)
        return None if again and result.signature else result

    def kept(
        self, child: HubChild, kept: Mapping[str, Result | CacheError]
    ) -> Result | None:
        """Return the kept result of `child`, unless it is outdated."""
        result = kept.get(file_name(child.id))
        if isinstance(result, CacheError):
            return failed(child.id, "store", result, "")
        is_of_this = result and result.signature == self.signature(child)
        return result if is_of_this else None

    def signature(self, child: HubChild) -> str:
        """Stand for all that a comparison depends on: rules, base, commit, listing."""
        facts = [RULES, self.base_identity, child.sha, child.reason]
        return sha256(json.dumps(facts).encode()).hexdigest()

    def compare(self, child: HubChild, retry: str | None = None) -> Outcome:
        """Compare one child and keep the result, a failure included.

        What another process finished meanwhile is taken over.
        """
        path, signature = self.folder / file_name(child.id), self.signature(child)
        before = _read(path)
        done = self.stored(child, {path.name: before} if before else {}, retry)
        if done:
            return Outcome(_light(done))
        naive = 0
        try:
            result = self._compared(child, signature, before)
            naive = (result.summary or {}).get("bytes_naive", 0)
        except Exception as error:
            result = failure(child.id, error, signature)
        if result.status == "failed":
            result = self._kept_failure(child, result, before)
        return Outcome(_light(result), bytes_naive=naive)

    def _kept_failure(
        self, child: HubChild, result: Result, before: Result | None
    ) -> Result:
        """Keep a failure, unless more is known from a shallower comparison."""
        if before and before.status == "ok" and before.signature == result.signature:
            log.warning("%s stays as it was: %s", child.id, result.message)
            return before
        return keep(self.folder, result) if result.stage != "store" else result

    def _compared(
        self, child: HubChild, signature: str, before: Result | None
    ) -> Result:
        if child.reason:
            return failed(child.id, "list", child.problem, signature)
        with ExitStack() as closing:
            try:
                opening = Opening(self.client, child)
                closing.callback(opening.close)
                closing.enter_context(self._reading(opening.weights))
                twin = self._twin(opening.weights)
                is_base = opening.weights == self.base_identity
                opened = None if twin or is_base else opening.checkpoint()
            except PedigreeError as error:
                if isinstance(error, JobCancelled):
                    raise
                return failed(child.id, "open", error, signature)
            if twin:
                mine = {"id": child.id, "signature": signature}
                result = replace(twin, **mine, compared_at=now_utc())
                return keep(self.folder, result)
            if opened is None:
                found, level = identical_to(self.base, child.id), "full"
            else:
                known = self._known(before, opening.weights)
                found, level = compare_cheaply(
                    self.base,
                    opened,
                    certify=self.certify,
                    budget=self.client.budget,
                    known=known,
                    kept=kept_imprints(before) if known else None,
                )
            size_bytes = opening.size_bytes
            result = succeeded(child.id, found, signature, size_bytes)
            facts = {
                "certify": level, "weights": opening.weights, "rules": RULES,
                "bytes_naive": size_bytes, "commit": child.sha,
                "base_weights": self.base_identity,
            }  # fmt: skip
            result = replace(result, summary={**result.summary, **facts})
            result = keep(self.folder, result)
            self._share(result)
            return result

    def _reading(self, weights: str | None) -> AbstractContextManager:
        """Let one worker at a time, in any process, read the same file."""
        if weights is None:
            return nullcontext()
        folder = self.folder / "files"
        folder.mkdir(parents=True, exist_ok=True)
        return FileLock(folder / f"{weights[:3]}.lock")

    def _known(self, before: Result | None, weights: str | None) -> Known | None:
        """Return what is kept of the same two files, to go on from there."""
        facts = (before and before.summary) or {}
        if weights is None or facts.get("weights") != weights:
            return None
        if not self._is_of_this_base(facts):
            return None
        rows = before.tensors.select(["name", "verdict", "evidence"]).to_pylist()
        return {row["name"]: (row["verdict"], row["evidence"]) for row in rows}

    def _is_of_this_base(self, facts: Mapping[str, object]) -> bool:
        same = facts.get("base_weights") == self.base_identity
        return same and facts.get("rules") == RULES

    def _twin(self, weights: str | None) -> Result | None:
        """Return the result of a child that has the same file."""
        if weights is None:
            return None
        result = _read(self.folder / "files" / f"{weights}.parquet")
        if result is None or result.summary is None:
            return None
        facts = result.summary
        if not self._is_of_this_base(facts) or not self._is_certain(result):
            return None
        return replace(result, summary={**facts, "bytes_read": 0})

    def _share(self, result: Result) -> None:
        """Leave a result where a child with the same file finds it."""
        weights = (result.summary or {}).get("weights")
        if not weights:
            return
        place = self.folder / "files" / f"{weights}.parquet"
        temporary = place.with_name(f".{place.name}-{os.getpid()}-{id(result)}")
        with suppress(OSError):  # a twin is then read again
            os.link(self.folder / file_name(result.id), temporary)
            temporary.replace(place)

    def _is_certain(self, result: Result) -> bool:
        level = (result.summary or {}).get("certify", "none")
        return LEVELS.index(level) >= LEVELS.index(self.certify)


def _read(path: Path) -> Result | None:
    try:
        return read_result(path)
    except CacheError:
        return None


def _light(result: Result) -> Result:
    """A result without its tensors, which are on disk."""
    return replace(result, tensors=None)
