"""The same job on a real Dask cluster of two workers: the same rows, and a lost worker
costs nothing.
"""

import os
import signal
import time
from collections import Counter
from threading import Thread

import pytest

from core.derived.family import family, results_folder
from core.errors import HubError
from core.settings import load_settings
from tests.standin import Standin, renew, tune, vit
from tests.standin.families import BASE, WEIGHTS, from_block, publish, tuned_vit

TINY = {"width": 32, "depth": 2, "image": 32}
MIDDLE = {"width": 192, "depth": 4}
CHILDREN = 40
SECRET = "hf_0123456789secret"


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    """A scheduler and two worker processes with one thread each."""
    distributed = pytest.importorskip("distributed")
    before = dict(os.environ)
    os.environ["HF_TOKEN"] = SECRET
    try:
        with distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None,
            local_directory=str(tmp_path_factory.mktemp("dask")),
        ) as running:  # fmt: skip
            yield running
    finally:
        os.environ.clear()
        os.environ.update(before)


@pytest.fixture
def hub():
    with Standin(token=SECRET) as standin:
        publish(standin, BASE, vit(**MIDDLE))
        for number in range(CHILDREN):
            tuned = tune(tuned_vit(**TINY), *from_block(number % 3, 2), by=f"{number}")
            publish(standin, f"kid/n{number}", tuned, base_model=BASE)
        for number, name in enumerate(("full", "head", "lora")):
            made = tuned_vit(**MIDDLE)
            tuned = (
                tune(made, "*", by="full"),
                renew(made, "classifier*", by="head"),
                tune(made, "*query.weight", by="lora", rank=4),
            )[number]
            publish(standin, f"mid/{name}", tuned, base_model=BASE)
        standin.repository(
            "bad/gated", gated="auto", base_model=BASE, files={WEIGHTS: b"x"}
        )
        standin.repository("bad/empty", base_model=BASE, files={"a.txt": b"x"})
        yield standin


def settings_of(hub, folder, scheduler=""):
    return load_settings(
        {"HF_ENDPOINT": hub.endpoint, "PEDIGREE_CACHE": str(folder),
         "PEDIGREE_SCHEDULER": scheduler, "HF_TOKEN": SECRET}
    )  # fmt: skip


def test_two_workers_tell_the_same_row_for_row(hub, cluster, tmp_path):
    scheduler = cluster.scheduler_address
    local = family(BASE, settings_of(hub, tmp_path / "local"))
    before = len(hub.requests)
    spread = family(BASE, settings_of(hub, tmp_path / "spread", scheduler))
    assert spread.document()["models"] == local.document()["models"]
    timeless = [column for column in local.models if column != "compared_at"]
    assert spread.models[timeless].equals(local.models[timeless])
    assert spread.tensors().astype(str).equals(local.tensors().astype(str))
    assert spread.requests == len(hub.requests) - before
    sent = sum(r.bytes_sent for r in hub.requests[before:] if r.status < 400)
    assert spread.bytes_fetched == sent
    held = len(hub.requests)
    family(BASE, settings_of(hub, tmp_path / "spread", scheduler))
    assert {request.path for request in hub.requests[held:]} == {"/api/models"}


def test_a_killed_worker_loses_nothing(hub, cluster, tmp_path):
    hub._cdn.latency_seconds = hub._hub.latency_seconds = 0.03
    settings = settings_of(hub, tmp_path, cluster.scheduler_address)
    found = []
    work = Thread(target=lambda: found.append(family(BASE, settings)))
    work.start()
    folder = results_folder(BASE, settings)
    while len(list(folder.glob("*.parquet"))) < 8:
        assert work.is_alive()
        time.sleep(0.01)
    victim = next(iter(cluster.workers.values()))
    os.kill(victim.pid, signal.SIGKILL)
    finished = {path.name.split("-")[1] for path in folder.glob("kid-*.parquet")}
    before = len(hub.requests)
    work.join(90)
    rows = {row["id"]: row for row in found[0].document()["models"]}
    assert len(rows) == CHILDREN + 5
    reasons = {id: row["reason"] for id, row in rows.items() if row["reason"]}
    assert reasons == {"bad/empty": "no-weights", "bad/gated": "gated"}
    asked = {r.path.split("/")[2] for r in hub.requests[before:] if "/kid/" in r.path}
    assert not asked & finished


def test_a_scheduler_that_is_not_there_is_a_named_error(hub, tmp_path):
    settings = settings_of(hub, tmp_path, "tcp://127.0.0.1:9")
    with pytest.raises(HubError, match="cannot be reached as a Dask scheduler"):
        family(BASE, settings)


def test_a_cancel_leaves_every_child_a_row_and_the_next_run_goes_on(
    hub, cluster, tmp_path
):
    settings = settings_of(hub, tmp_path, cluster.scheduler_address)
    seen = []
    first = family(
        BASE, settings, watch=seen.append, cancelled=lambda: bool(seen)
    ).document()["models"]
    counts = Counter(row["status"] for row in first)
    assert len(first) == CHILDREN + 5 and counts["skipped"] > 0
    assert {row["reason"] for row in first if row["status"] == "skipped"} == {
        "cancelled"
    }
    again = family(BASE, settings).document()["models"]
    assert len(again) == CHILDREN + 5
    assert all(row["status"] != "skipped" for row in again)
