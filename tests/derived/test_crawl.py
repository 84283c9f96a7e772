"""Families of the Hub against the stand-in: every kind right, for few bytes and
requests; nothing lost by a kill, a cancel or a limit.
"""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from threading import Event, Thread

import pandas as pd
import pytest

from core.__main__ import run
from core.derived.estimate import estimate
from core.derived.family import family, results_folder
from core.errors import HubUnreachable, JobCancelled, UsageError
from core.hub.kept import last_listing
from core.settings import load_settings
from tests.standin import Standin, generated_safetensors, renew, tune, vit
from tests.standin.families import (
    BASE,
    WEIGHTS,
    from_block,
    publish,
    tuned_vit,
    vit_family,
)

ROOT = Path(__file__).parents[2]
TINY = {"width": 32, "depth": 2, "image": 32}
SECRET = "hf_0123456789secret"


def settings_of(hub, folder, **variables):
    place = {"HF_ENDPOINT": hub.endpoint, "PEDIGREE_CACHE": str(folder / "cache")}
    return load_settings(place | variables)


def rows_of(found):
    return {row["id"]: row for row in found.document()["models"]}


def cost(hub, id):
    asked = [request for request in hub.requests if f"/{id}/" in request.path]
    return len(asked), sum(request.bytes_sent for request in asked)


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    """Forty children of 345 MB, compared once."""
    with Standin() as hub:
        truth = vit_family(hub)
        settings = settings_of(hub, tmp_path_factory.mktemp("large"))
        found = family(BASE, settings)
        costs = {id: cost(hub, id) for id in truth}
        yield hub, settings, truth, found, costs


@pytest.fixture
def hub():
    with Standin() as standin:
        yield standin


@pytest.fixture
def census(hub):
    """A hundred listed children of tiny width; returns the failures that are right."""
    publish(hub, BASE, vit(**TINY))
    made, failures = tuned_vit(**TINY), {}
    for number in range(84):
        tuned = tune(made, *from_block(number % 3, 2), by=f"t{number}")
        publish(hub, f"kid/n{number}", tuned, base_model=BASE)
    for number in range(4):
        hub.repository(
            f"kid/lora{number}", base_model=BASE, relation="adapter",
            files={"adapter_config.json": b'{"r": 4, "peft_type": "LORA"}',
                   "adapter_model.safetensors": adapter(number)},
        )  # fmt: skip
    ugly = {
        "gated": {"gated": "auto", "files": {WEIGHTS: b"x"}},
        "disabled": {"disabled": True, "files": {WEIGHTS: b"x"}},
        "no-weights": {"files": {"config.json": b"{}"}},
        "unsupported-format": {"files": {"tf_model.h5": b"x"}},
        "corrupt": {"files": {WEIGHTS: (2**40).to_bytes(8, "little") + b"{" * 4096}},
        "unsafe": {"files": {"pytorch_model.bin": unsafe_pickle()}},
    }
    for reason, fields in ugly.items():
        for number in range(2):
            id = f"bad/{reason}-{number}"
            hub.repository(id, base_model=BASE, **fields)
            failures[id] = reason
    return failures


def adapter(number: int):
    tensors = tune(vit(width=8, depth=1, image=16), "*", by=f"lora {number}")
    wanted = [n for n in tensors if n.endswith("query.weight")]
    renamed = {
        f"base_model.model.vit.{n[:-7]}.lora_A.weight": tensors[n] for n in wanted
    }
    return generated_safetensors(renamed)


def unsafe_pickle() -> bytes:
    return b"\x80\x02cos\nsystem\nX\x04\x00\x00\x00trueq\x00\x85q\x01R."


def test_every_kind_of_the_large_family_is_right(large):
    _, _, truth, found, _ = large
    rows = rows_of(found)
    told = {id: (row["kind"], row["frozen_blocks"]) for id, row in rows.items()}
    assert told == truth and len(truth) == 40


def test_the_large_family_costs_a_hundredth_of_its_bytes(large):
    hub, _, truth, _, costs = large
    naive = sum(hub.repositories[id].files[WEIGHTS].size for id in truth)
    assert sum(fetched for _, fetched in costs.values()) <= 0.01 * naive
    read = [id for id in truth if not id.startswith("eve/lora")]
    assert sum(costs[id][0] for id in read) / len(read) <= 12


def test_equal_files_are_read_once_and_the_base_not_again(large):
    _, _, _, found, costs = large
    for number in range(0, 8, 2):
        twins = sorted(costs[f"ann/head-{n}"][0] for n in (number, number + 1))
        assert twins[0] == 1
    assert costs["gil/copy"] == (1, 0)
    evidence = found.tensors(model="gil/copy")["evidence"]
    assert set(evidence) == {"sha256"}


def test_what_is_only_probable_says_how_much_may_be_missed(large):
    rows = large[3].tensors(model="cat/first-6").set_index("base_name")
    probed = rows.loc["encoder.layer.0.output.dense.weight"]
    assert (probed["verdict"], probed["evidence"]) == ("equal", "probe")
    assert 0 < probed["missed"] < 0.01
    assert rows.loc["encoder.layer.0.output.dense.bias", "evidence"] == "bytes"
    changed = rows.loc["encoder.layer.7.output.dense.weight"]
    assert (changed["verdict"], changed["evidence"]) == ("changed", "bytes")


def test_the_second_run_only_lists(large):
    hub, settings, _, found, _ = large
    before = len(hub.requests)
    again = family(BASE, settings)
    assert {request.path for request in hub.requests[before:]} == {"/api/models"}
    assert again.document()["models"] == found.document()["models"]


def test_certifying_reads_what_was_probable_and_no_more(large):
    hub, settings, _, found, costs = large
    id = "cat/first-9"
    again = family(BASE, settings, ids=[id], certify="probable")
    rows = again.tensors(model=id)
    probed = found.tensors(model=id).query("evidence == 'probe'")
    assert set(rows["evidence"]) <= {"bytes", "header"}
    assert rows_of(again)[id]["counts"] == rows_of(found)[id]["counts"]
    read = cost(hub, id)[1] - costs[id][1]
    assert read <= 4 * probed["elements"].sum() + 64_000


def test_a_byte_budget_bounds_what_is_certified(large):
    hub, settings, _, _, _ = large
    id = "dan/last-2"
    before = cost(hub, id)[1]
    budget = 10 * 2**20
    again = family(BASE, settings, ids=[id], certify="probable", budget_bytes=budget)
    assert cost(hub, id)[1] - before <= budget + 64_000
    assert {"probe", "bytes"} <= set(again.tensors(model=id)["evidence"])


def test_single_ranges_cost_eighty_requests_at_most(tmp_path):
    with Standin(multi_range=False) as hub:
        publish(hub, BASE, vit())
        ids = [f"ann/m{number}" for number in range(3)]
        for id in ids:
            publish(hub, id, tune(tuned_vit(), "*", by=id), base_model=BASE)
        found = family(BASE, settings_of(hub, tmp_path))
        assert {row["kind"] for row in found.document()["models"]} == {"full"}
        assert sum(cost(hub, id)[0] for id in ids) / len(ids) <= 80


def test_a_census_reconciles_and_runs_once(hub, census, tmp_path):
    settings = settings_of(hub, tmp_path)
    found = family(BASE, settings)
    rows = rows_of(found)
    assert len(rows) == found.document()["listed"] == 100
    failed = {id: row["reason"] for id, row in rows.items() if row["status"] != "ok"}
    assert failed == census
    assert {rows[f"kid/lora{n}"]["kind"] for n in range(4)} == {"adapter"}
    before = len(hub.requests)
    family(BASE, settings)
    assert {request.path for request in hub.requests[before:]} == {"/api/models"}
    folded = results_folder(BASE, settings)
    assert folded.with_name(folded.name + ".folded.parquet").exists()


def test_what_is_stored_is_shown_without_asking_anybody(hub, census, tmp_path):
    settings = settings_of(hub, tmp_path)
    assert family(BASE, settings, limit=0).models.empty
    found = family(BASE, settings, relations=["finetune"])
    before = len(hub.requests)
    stored = family(BASE, settings, limit=0)
    assert len(hub.requests) == before
    assert stored.document()["models"] == found.document()["models"]
    assert stored.tensors().shape == found.tensors().shape


def test_a_retry_asks_for_one_reason_only(hub, census, tmp_path):
    settings = settings_of(hub, tmp_path)
    family(BASE, settings)
    before = len(hub.requests)
    family(BASE, settings, retry="corrupt")
    asked = {r.path.split("/")[2] for r in hub.requests[before:] if "/bad/" in r.path}
    assert asked == {"corrupt-0", "corrupt-1"}


def test_another_commit_is_compared_again_and_a_new_card_is_not_read(hub, tmp_path):
    settings = settings_of(hub, tmp_path)
    publish(hub, BASE, vit(**TINY))
    head = renew(tuned_vit(**TINY), "classifier*", by="h")
    publish(hub, "kid/a", head, base_model=BASE)
    assert rows_of(family(BASE, settings))["kid/a"]["kind"] == "head-only"
    hub.commit("kid/a", {WEIGHTS: generated_safetensors(head), "README.md": b"# A"})
    before = hub.bytes_sent("cdn", "/kid/a/*")
    assert rows_of(family(BASE, settings))["kid/a"]["kind"] == "head-only"
    assert hub.bytes_sent("cdn", "/kid/a/*") == before
    full = generated_safetensors(tune(head, "*", by="f"))
    hub.commit("kid/a", {WEIGHTS: full})
    assert rows_of(family(BASE, settings))["kid/a"]["kind"] == "full"


def test_a_cancel_keeps_what_is_finished_and_the_next_run_goes_on(
    hub, census, tmp_path
):
    settings = settings_of(hub, tmp_path)

    def stop(tally):
        if tally.done == 20:
            raise JobCancelled("The job", "was stopped")

    with pytest.raises(JobCancelled):
        family(BASE, settings, watch=stop)
    finished = len(list(results_folder(BASE, settings).glob("*.parquet")))
    assert 20 <= finished < 60
    assert (
        sum(r["status"] == "skipped" for r in rows_of(family(BASE, settings)).values())
        == 0
    )


def test_a_paused_job_sends_nothing_until_it_goes_on(hub, census, tmp_path):
    settings, paused, seen = settings_of(hub, tmp_path), Event(), []

    def watch(tally):
        seen.append(tally)
        if tally.done == 10:
            paused.set()

    work = Thread(
        target=family, args=(BASE, settings),
        kwargs={"watch": watch, "paused": paused.is_set},
    )  # fmt: skip
    work.start()
    assert paused.wait(30)
    time.sleep(0.3)
    held = len(hub.requests)
    time.sleep(0.3)
    assert len(hub.requests) == held
    paused.clear()
    work.join(60)
    assert seen[-1].done == seen[-1].total == 100
    assert seen[-1].failures["gated"] == 2 and seen[-1].bytes_naive > 0


def command(hub, folder, *arguments, **variables):
    environment = {
        **os.environ, "HF_ENDPOINT": hub.endpoint, "HF_TOKEN": SECRET,
        "PEDIGREE_CACHE": str(folder / "cache"), **variables,
    }  # fmt: skip
    return subprocess.Popen(
        [sys.executable, "-m", "core", "derived", BASE, "--json", *arguments],
        cwd=ROOT, env=environment, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


def test_a_killed_job_resumes_and_reads_no_finished_child_again(tmp_path):
    with Standin(latency_seconds=0.02, token=SECRET) as hub:
        publish(hub, BASE, vit(**TINY))
        for number in range(60):
            tuned = tune(tuned_vit(**TINY), "*", by=f"t{number}")
            publish(hub, f"kid/n{number}", tuned, base_model=BASE)
        folder = results_folder(BASE, settings_of(hub, tmp_path))
        running = command(hub, tmp_path, "--workers", "2")
        while len(list(folder.glob("*.parquet"))) < 10:
            assert running.poll() is None
            time.sleep(0.01)
        running.send_signal(signal.SIGKILL)
        running.communicate()
        finished = [path.name.split("-")[1] for path in folder.glob("*.parquet")]
        before = len(hub.requests)
        done = command(hub, tmp_path)
        output, log = done.communicate(timeout=60)
        document = json.loads(output)
        asked = {
            r.path.split("/")[2] for r in hub.requests[before:] if "/kid/" in r.path
        }
    assert 10 <= len(finished) < 60 and not asked & set(finished)
    assert [row["kind"] for row in document["models"]] == ["full"] * 60
    assert list(document) == [
        "base", "listed", "models", "bytes_fetched", "requests", "seconds",
    ]  # fmt: skip
    assert SECRET not in output + log
    for path in (tmp_path / "cache").rglob("*"):
        assert path.is_dir() or SECRET.encode() not in path.read_bytes()
    senders = {r.server for r in hub.requests if "authorization" in r.headers}
    assert senders == {"hub"}


def test_two_processes_on_one_cache_agree(hub, census, tmp_path):
    both = [command(hub, tmp_path, HF_TOKEN="") for _ in range(2)]
    told = [json.loads(each.communicate(timeout=90)[0])["models"] for each in both]
    assert told[0] == told[1]
    again = family(BASE, settings_of(hub, tmp_path))
    assert again.document()["models"] == told[0]


def test_a_hub_that_is_gone_is_a_named_error_and_what_is_known_stays(tmp_path):
    with Standin() as hub:
        publish(hub, BASE, vit(**TINY))
        publish(hub, "kid/a", tune(tuned_vit(**TINY), "*", by="a"), base_model=BASE)
        settings = settings_of(hub, tmp_path)
        family(BASE, settings)
    with pytest.raises(HubUnreachable):
        family(BASE, settings)
    assert rows_of(family(BASE, settings, limit=0))["kid/a"]["kind"] == "full"


def test_a_report_sums_up_what_is_known(hub, census, tmp_path, monkeypatch, capsys):
    settings = settings_of(hub, tmp_path)
    family(BASE, settings)
    monkeypatch.setenv("HF_ENDPOINT", hub.endpoint)
    monkeypatch.setenv("PEDIGREE_CACHE", str(settings.cache_root))
    before = len(hub.requests)
    assert run(["report", BASE, "--json", "--csv", str(tmp_path / "rows.csv")]) == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["listed"], report["ok"], report["failed"]) == (100, 88, 12)
    assert sum(report["kinds"].values()) == 88 and report["failures"]["unsafe"] == 2
    assert report["frozen_blocks"] == {"0": 28, "1": 28}
    assert len(pd.read_csv(tmp_path / "rows.csv")) == 100
    assert run(["derived", BASE, "--workers", "4"]) == 0
    assert "100 models derived from google/vit: 88 compared, 12 failed" in (
        capsys.readouterr().out
    )
    assert all(r.path == "/api/models" for r in hub.requests[before:])


def test_ids_from_a_file_are_compared_and_one_that_is_not_there_is_a_row(
    hub, census, tmp_path
):
    settings = settings_of(hub, tmp_path)
    found = family(BASE, settings, ids=["kid/n1", "kid/nowhere"])
    rows = rows_of(found)
    assert rows["kid/n1"]["status"] == "ok"
    assert rows["kid/nowhere"]["reason"] == "not-found"


def test_the_estimate_is_near_what_it_costs(large):
    _, settings, truth, _, costs = large
    listing = last_listing(BASE, settings)
    expected = estimate(listing.models, vit_bytes := 345_579_424)
    assert expected.children == len(truth)
    spent = vit_bytes + sum(fetched for _, fetched in costs.values())
    assert 0.8 < expected.bytes_fetched / spent < 1.25


def test_wrong_names_are_named(hub, tmp_path):
    with pytest.raises(UsageError):
        family("../etc", settings_of(hub, tmp_path))
    with pytest.raises(UsageError):
        family(BASE, settings_of(hub, tmp_path), relations=["cousin"])
