"""Whether a model fits: against memories just above and below what it takes."""

import json

import pytest

from core.__main__ import run
from core.device import Device
from core.errors import UsageError
from core.zero_shot.fit import SPREAD, fit, needed_together
from core.zero_shot.fit_document import keep_fit, kept_fit, read_document
from core.zero_shot.footprint import Footprint
from core.zero_shot.workload import Workload

WEIGHTS, ACTIVATIONS, OVERHEAD = 1000, 400, 100
LOW, HIGH = SPREAD["cuda"]
FOUND = Footprint(
    "tiny", "here", Workload(), (32, 32), 250, WEIGHTS, 10, ACTIVATIONS
)  # fmt: skip


def held(free: int, found: Footprint = FOUND, total: int = 10**9):
    device = Device("cuda", "cuda:0", "A GPU", total, free)
    return fit(found, device, overhead_bytes=OVERHEAD)


def test_parts_add_up_to_the_total():
    found = held(10**6)
    assert sum(found.parts.values()) == found.total_bytes == 1500


@pytest.mark.parametrize(
    ("factor", "verdict"),
    [(HIGH, "fits"), (1.0, "tight"), (LOW, "tight"),
     (0.5, "does not fit")],
)  # fmt: skip
def test_the_error_of_the_estimate_decides_between(factor, verdict):
    free = OVERHEAD + WEIGHTS + round(factor * ACTIVATIONS)
    assert held(free).verdict == verdict


def test_without_a_trace_only_weights_that_are_too_large_are_certain():
    unknown = Footprint(
        "tiny", "here", Workload(), (32, 32), 250, WEIGHTS, unknown="it has loops"
    )
    assert held(10**6, unknown).verdict == "unknown"
    assert held(10**6, unknown).total_bytes is None
    assert held(WEIGHTS, unknown).verdict == "does not fit"
    assert "it has loops" in held(10**6, unknown).sentence


def test_two_models_share_the_overhead_and_run_in_turn():
    two = [held(10**6), held(10**6)]
    together = OVERHEAD + 2 * WEIGHTS + ACTIVATIONS
    device = Device("cuda", "cuda:0", "A GPU", together, together)
    assert needed_together(two, device) == together
    small = Device("cuda", "cuda:0", "A GPU", together, OVERHEAD + 2 * WEIGHTS)
    with pytest.raises(UsageError, match="are not loaded"):
        needed_together(two, small)


def test_a_device_of_unknown_memory_is_unknown():
    assert held(0, total=0).verdict == "unknown"


@pytest.fixture
def own_cache(tmp_path, monkeypatch):
    """Give the command a cache of its own."""
    monkeypatch.setenv("PEDIGREE_CACHE", str(tmp_path))


def test_the_command_answers_one_document(own_cache, capsys):
    command = ["zero-shot", "fit", "clip-vit-base-patch32", "--device", "cpu", "--json"]
    assert run(command) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["params"] == 151_277_313
    assert told["macs"] == pytest.approx(7.39e9, rel=0.005)
    memory = told["memory"]
    assert memory.pop("total") == sum(memory.values())


@pytest.mark.parametrize(
    ("arguments", "says"),
    [(["nobody"], "is unknown"), (["torchvision/nobody"], "not an architecture"),
     (["clip-vit-base-patch32", "--batch", "0"], "use 1 to"),
     (["clip-vit-base-patch32", "--device", "tpu"], "Device tpu is unknown")],
)  # fmt: skip
def test_bad_requests_are_one_sentence(arguments, says, own_cache, capsys):
    assert run(["zero-shot", "fit", *arguments]) == 1
    told = capsys.readouterr()
    assert says in told.err and told.err.count("\n") == 1 and not told.out


def test_a_kept_fit_is_the_same_when_it_is_read(tmp_path):
    workload, found = Workload(), held(10**6)
    keep_fit("tiny", workload, found, tmp_path)
    told = kept_fit("tiny", workload, tmp_path)
    read = read_document(told)
    assert (read.parts, read.verdict, read.sentence) == (
        found.parts, found.verdict, found.sentence
    )  # fmt: skip
    assert kept_fit("tiny", Workload(batch=2), tmp_path) is None


def test_a_kept_fit_can_be_held_against_another_device(tmp_path):
    told = keep_fit("tiny", Workload(), held(10**6), tmp_path)
    small = Device("cuda", "cuda", "A small GPU", 100, 100)
    assert read_document(told, small).verdict == "does not fit"
