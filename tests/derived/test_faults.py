"""What goes wrong on the way to a Hub: nothing is lost, and the row says why."""

import json
import os
import resource
import subprocess
import sys
from pathlib import Path
from threading import Lock

import pytest

from core.derived.crawl import Gate
from core.derived.hub_base import evict, fetch_base, weights_folder
from core.derived.hub_family import Options, Question, compare_hub_family
from core.errors import HubUnreachable
from core.hub.client import HubClient
from core.settings import load_settings
from tests.standin import Standin, generated_safetensors, renew, tune, vit
from tests.standin.families import BASE, WEIGHTS, publish, tuned_vit

ROOT = Path(__file__).parents[2]
SHAPE = {"width": 192, "depth": 4}
TINY = {"width": 32, "depth": 2, "image": 32}
FILE = "*/kid/faulty/*"


class QuickGate(Gate):
    """A gate on a clock that only moves when somebody waits."""

    def __init__(self):
        super().__init__(clock=lambda: self.now)
        self.now, self._lock = 1000.0, Lock()

    def sleep(self, seconds):
        with self._lock:
            self.now += seconds
        self.check()


def compared(hub, folder, *, tell=None, watch=None, **options):
    settings = load_settings(
        {"HF_ENDPOINT": hub.endpoint, "PEDIGREE_CACHE": str(folder / "cache")}
    )
    found = compare_hub_family(
        BASE, settings, Question(("finetune",)), Options(workers=2, **options),
        gate=QuickGate(), tell=tell or (lambda *_: None),
        watch=watch or (lambda *_: None),
    )  # fmt: skip
    return {result.id: result for result in found.results}


def told(results):
    return {
        id: result.reason or result.summary["kind"] for id, result in results.items()
    }


@pytest.fixture
def hub():
    """A base of 7 MB with a child that will be hurt and two that will not."""
    with Standin() as standin:
        publish(standin, BASE, vit(**SHAPE))
        for name in ("before", "faulty", "sound"):
            tuned = tune(tuned_vit(**SHAPE), "*", by=name)
            publish(standin, f"kid/{name}", tuned, base_model=BASE)
        yield standin


PASSING = {
    "429 that says when": ("status", {"status": 429, "retry_after": "7", "times": 2}),
    "429 that does not": ("status", {"status": 429, "times": 2}),
    "500": ("status", {"status": 500, "times": 3}),
    "503": ("status", {"status": 503, "times": 2}),
    "dropped in mid-body": ("drop", {"times": 3}),
    "closed without an answer": ("reset", {"times": 3}),
    "range ignored once": ("whole", {"times": 1}),
    "slow": ("slow", {"seconds": 0.2, "times": 2}),
    "several ranges not answered": ("single", {"times": None}),
    "wrong range": ("shifted", {"times": 2}),
}


@pytest.mark.parametrize("fault", list(PASSING))
def test_what_passes_leaves_no_trace(hub, tmp_path, fault):
    kind, fields = PASSING[fault]
    hub.fault(kind, FILE, where="cdn", **fields)
    assert set(told(compared(hub, tmp_path)).values()) == {"full"}


LASTING = {
    "429": ("status", "network", {"status": 429}),
    "500": ("status", "network", {"status": 500}),
    "refused": ("status", "network", {"status": 403}),
    "closed without an answer": ("reset", "network", {}),
    "wrong range": ("shifted", "network", {}),
    "truncated": ("short", "corrupt", {}),
}


NO_BODY = ("429", "500", "closed without an answer")


@pytest.mark.parametrize(
    "where, fault",
    [("cdn", fault) for fault in LASTING] + [("resolve", fault) for fault in NO_BODY],
)
def test_what_lasts_fails_one_row_until_it_is_retried(hub, tmp_path, fault, where):
    kind, reason, fields = LASTING[fault]
    hub.fault(kind, FILE, where=where, times=None, **fields)
    others = {"kid/before": "full", "kid/sound": "full"}
    assert told(compared(hub, tmp_path)) == others | {"kid/faulty": reason}
    hub.faults.clear()
    assert told(compared(hub, tmp_path)) == others | {"kid/faulty": reason}
    assert told(compared(hub, tmp_path, retry=reason)) == others | {
        "kid/faulty": "full"
    }


def test_a_certificate_that_fails_takes_nothing_away(tmp_path):
    wide = {"width": 264, "depth": 4}
    with Standin() as hub:
        publish(hub, BASE, vit(**wide))
        head = renew(tuned_vit(**wide), "classifier*", by="h")
        publish(hub, "kid/faulty", head, base_model=BASE)
        before = compared(hub, tmp_path)["kid/faulty"]
        fault = hub.fault("status", FILE, where="cdn", times=None)
        during = compared(hub, tmp_path, certify="probable")["kid/faulty"]
        assert during.summary == before.summary and fault.hits
        hub.faults.clear()
        after = compared(hub, tmp_path, certify="probable")["kid/faulty"]
    assert before.summary["certify"] == "none"
    assert (after.summary["certify"], after.reason) == ("probable", None)


def test_ignored_ranges_cost_one_buffer_of_a_large_file(tmp_path):
    with Standin() as hub:
        publish(hub, BASE, vit(**TINY))
        publish(hub, "kid/faulty", tune(tuned_vit(), "*", by="f"), base_model=BASE)
        hub.fault("whole", FILE, where="cdn", times=None)
        assert told(compared(hub, tmp_path)) == {"kid/faulty": "network"}
        size = hub.repositories["kid/faulty"].files[WEIGHTS].size
        assert hub.bytes_sent("cdn", FILE) < 0.05 * size


def test_ignored_ranges_are_read_whole_within_the_budget(hub, tmp_path):
    hub.fault("whole", FILE, where="cdn", times=None)
    results = compared(hub, tmp_path, budget_bytes=64 * 2**20)
    assert told(results)["kid/faulty"] == "full"
    other = compared(hub, tmp_path / "other", budget_bytes=2**20)
    assert told(other)["kid/faulty"] == "network"


def test_addresses_that_expire_are_renewed(hub, tmp_path):
    def expire(tally):
        if tally.done == 1:
            hub.expire()

    results = compared(hub, tmp_path, watch=expire)
    assert set(told(results).values()) == {"full"}


def at_listing(act):
    """Return what to tell: acts once, as soon as anything is listed."""
    done = []

    def tell(fraction, message):
        if message.startswith("Listed") and not done:
            done.append(act())

    return tell


def test_what_is_deleted_after_the_listing_is_not_found(hub, tmp_path):
    results = compared(hub, tmp_path, tell=at_listing(lambda: hub.delete("kid/faulty")))
    assert told(results)["kid/faulty"] == "not-found"
    assert results["kid/faulty"].stage == "open"


@pytest.mark.parametrize("forget, kind", [(False, "full"), (True, "not-found")])
def test_what_changes_after_the_listing_is_read_as_listed(hub, tmp_path, forget, kind):
    head = generated_safetensors(renew(tuned_vit(**SHAPE), "classifier*", by="h"))

    def change():
        hub.commit("kid/faulty", {WEIGHTS: head}, forget=forget)

    results = compared(hub, tmp_path, tell=at_listing(change))
    assert told(results)["kid/faulty"] == kind
    assert told(compared(hub, tmp_path))["kid/faulty"] == "head-only"


@pytest.mark.parametrize("listed, reason", [(True, "not-found"), (False, "corrupt")])
def test_a_missing_shard_is_named(hub, tmp_path, listed, reason):
    names = list(vit(**TINY))
    map_ = {n: f"{'ab'[i % 2]}.safetensors" for i, n in enumerate(names)}
    index = json.dumps({"metadata": {}, "weight_map": map_}).encode()
    half = {n: tensor for n, tensor in vit(**TINY).items() if map_[n][0] == "a"}
    files = {"model.safetensors.index.json": index}
    files["a.safetensors"] = generated_safetensors(half)
    if listed:
        files["b.safetensors"] = b"gone"
    hub.repository(
        "kid/faulty", files=files, base_model=BASE, missing=frozenset({"b.safetensors"})
    )
    results = compared(hub, tmp_path)
    assert told(results)["kid/faulty"] == reason
    assert "b.safetensors" in results["kid/faulty"].message


def test_a_header_bomb_costs_one_small_read(hub, tmp_path):
    bomb = (2**40).to_bytes(8, "little") + b"{" + bytes(8 * 2**20)
    hub.repository("kid/faulty", files={WEIGHTS: bomb}, base_model=BASE)
    assert told(compared(hub, tmp_path))["kid/faulty"] == "corrupt"
    assert hub.bytes_sent("cdn", FILE) < 100_000


def test_a_base_that_cannot_be_had_is_a_named_error(hub, tmp_path):
    hub.fault("status", f"/{BASE}/*", times=None, status=500)
    with pytest.raises(HubUnreachable, match="google/vit"):
        compared(hub, tmp_path)


def test_a_host_that_no_name_leads_to_is_a_named_error(tmp_path):
    class Nowhere:
        endpoint = "http://hub.invalid"

    with pytest.raises(HubUnreachable, match="could not be reached"):
        compared(Nowhere, tmp_path)


def limited(hub, folder, file_bytes):
    """Run `derived` in a process whose files may not grow beyond `file_bytes`."""
    # A process that may not write cannot write down its coverage either.
    own = {k: v for k, v in os.environ.items() if not k.startswith("COVERAGE_")}
    environment = {
        **own, "HF_ENDPOINT": hub.endpoint, "PEDIGREE_CACHE": str(folder / "cache"),
    }  # fmt: skip
    limit = (file_bytes, file_bytes)
    return subprocess.run(
        [sys.executable, "-m", "core", "derived", BASE, "--json"],
        cwd=ROOT, env=environment, text=True, capture_output=True, timeout=100,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, limit),
    )  # fmt: skip


def test_a_full_disk_loses_nothing(hub, tmp_path):
    compared(hub, tmp_path, limit=1)
    names = [f"kid/more-{number}" for number in range(3)]
    for name in names:
        publish(hub, name, tune(tuned_vit(**SHAPE), "*", by=name), base_model=BASE)
    full = limited(hub, tmp_path, 4096)
    assert full.returncode == 1 and full.stderr.count("\n") < 40
    assert "cannot be written" in full.stderr and "Traceback" not in full.stderr
    left = [path.name for path in (tmp_path / "cache").rglob(".*") if path.is_file()]
    assert left == []
    assert set(told(compared(hub, tmp_path)).values()) == {"full"}


def test_a_base_that_does_not_fit_the_disk_is_read_from_the_hub(hub, tmp_path):
    done = limited(hub, tmp_path, 2**20)
    assert done.returncode == 0, done.stderr
    kinds = [row["kind"] for row in json.loads(done.stdout)["models"]]
    assert kinds == ["full"] * 3 and "is not kept" in done.stderr


def test_a_result_that_cannot_be_written_is_a_row(hub, tmp_path):
    """A folder lies where the result of one child belongs."""
    compared(hub, tmp_path, limit=1)
    (folder,) = (tmp_path / "cache" / "derived").glob("google*/")
    (written,) = folder.glob("kid-before*.parquet")
    stem = written.name
    written.unlink()
    (folder / stem / "in the way").mkdir(parents=True)
    results = compared(hub, tmp_path)
    assert told(results) == {
        "kid/before": "cache", "kid/faulty": "full", "kid/sound": "full",
    }  # fmt: skip
    assert results["kid/before"].stage == "store"


def test_a_base_too_large_to_keep_stays_on_the_hub(hub, tmp_path):
    settings = load_settings(
        {"HF_ENDPOINT": hub.endpoint, "PEDIGREE_CACHE": str(tmp_path)}
    )
    with HubClient(settings) as client:
        large = fetch_base(BASE, client, settings, tmp_path / "a", kept_bytes=1000)
        assert large.folder is None and not weights_folder(settings).exists()
        small = fetch_base(BASE, client, settings, tmp_path / "b")
        assert small.folder.is_dir()
        assert small.record.identity == large.record.identity


def test_eviction_deletes_the_oldest_base_and_never_a_result(hub, tmp_path):
    compared(hub, tmp_path)
    settings = load_settings({"PEDIGREE_CACHE": str(tmp_path / "cache")})
    root = weights_folder(settings)
    (kept,) = (path for path in root.iterdir() if path.is_dir())
    for name, moment in (("old", 1), ("older", 0)):
        (root / name).mkdir()
        (root / name / WEIGHTS).write_bytes(bytes(1000))
        os.utime(root / name, (moment, moment))
    held = sum(path.stat().st_size for path in kept.iterdir())
    evict(root, held + 1000, but=kept)
    assert sorted(p.name for p in root.iterdir() if p.is_dir()) == sorted(
        [kept.name, "old"]
    )
    evict(root, 0, but=kept)
    assert [p.name for p in root.iterdir() if p.is_dir()] == [kept.name]
    assert set(told(compared(hub, tmp_path)).values()) == {"full"}
