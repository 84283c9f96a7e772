import argparse
import io

import torch

from core.commands import doctor
from core.hub.doctor import CHECKS, diagnose
from core.hub.limits import RateLimiter
from core.settings import load_settings
from tests.standin import Standin


def statuses(settings, **options) -> dict[str, str]:
    return {check.name: check.status for check in diagnose(settings, **options)}


def test_all_is_well_on_the_stand_in(family, settings_for, clock):
    saved = io.BytesIO()
    torch.save({"weight": torch.ones(8, 8)}, saved)
    files = {**family.repositories["org/base"].files}
    family.commit("org/base", {**files, "pytorch_model.bin": saved.getvalue()})
    settings = settings_for(family, HF_TOKEN=family.token)
    found = statuses(settings, model="org/base")
    assert found == dict.fromkeys(CHECKS, "ok")


def test_what_is_not_there_is_skipped_or_failed(clock, settings_for, base_file):
    with Standin(multi_range=False) as hub:
        files = {"model.safetensors": base_file, "config.json": b"{}"}
        hub.repository("org/base", files=files)
        found = statuses(settings_for(hub), model="org/base")
    assert {name for name in found if found[name] == "failed"} == {"several ranges"}
    assert {name for name in found if found[name] == "skipped"} == {
        "token",
        "checksums",
    }


def test_without_a_network_every_check_says_so(tmp_path):
    variables = {"HF_ENDPOINT": "http://127.0.0.1:9", "PEDIGREE_CACHE": str(tmp_path)}
    limiter = RateLimiter(sleep=lambda seconds: 1 / 0)
    checks = diagnose(load_settings(variables), limiter=limiter)
    assert [check.name for check in checks] == list(CHECKS)
    assert all("127.0.0.1:9" in check.evidence for check in checks)
    assert {check.status for check in checks} == {"failed", "skipped"}


def test_evidence_is_one_sentence(family, settings_for):
    for check in diagnose(settings_for(family), model="org/base"):
        assert check.evidence.endswith(".") and "\n" not in check.evidence


def test_the_verb_answers_in_text_and_json(family, settings_for):
    top = argparse.ArgumentParser()
    doctor.add(top.add_subparsers())
    chosen = top.parse_args(["doctor", "--model", "org/base", "--json"])
    answer = chosen.run(chosen, settings_for(family))
    assert [check["name"] for check in answer.document["checks"]] == list(CHECKS)
    assert answer.text.count("\n") == len(CHECKS) - 1
