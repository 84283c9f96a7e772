"""The study's 33 families, made again with known children and compared end to end: the
counts are those, and every finding agrees or shows its correction.
"""

from collections import Counter

import pytest

from core.derived.census import census
from core.derived.census_run import compare_census, stored_census
from core.derived.census_study import chosen_bases, published_study
from core.derived.family import family
from core.errors import JobCancelled
from core.settings import load_settings
from tests.standin import Standin
from tests.standin.census import (
    FAMILIES,
    STAGE_1,
    census_family,
    expected_standings,
    few,
    patterns_told,
    shrunk,
)
from tests.standin.families import publish
from tests.standin.tiny import tiny
from tests.standin.vit import renew

MOST = 2
"""Children of each making; all 2,853 are compared by `python -m bench.census`."""

BASES = {base.base: base for base in published_study().bases}


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    with Standin() as hub:
        place = {"HF_ENDPOINT": hub.endpoint,
                 "PEDIGREE_CACHE": str(tmp_path_factory.mktemp("census"))}  # fmt: skip
        yield hub, load_settings(place)


def alone(base):
    """Return the study of one base, had it found at most MOST of each."""
    return shrunk(chosen_bases(published_study(), [base]), MOST)


@pytest.mark.parametrize("base", FAMILIES)
def test_a_family_made_as_the_study_counted_it_is_summed_up_so(world, base):
    hub, settings = world
    truth = census_family(hub, base, few(base, MOST))
    models = family(base, settings).models
    assert patterns_told(models) == Counter(truth.values())
    study = alone(base)
    findings = census(study, lambda name: models).findings
    assert findings["standing"].tolist() == expected_standings(study), findings["why"]


def test_the_families_have_the_studys_counts():
    assert FAMILIES.keys() == BASES.keys()
    for base, counts in FAMILIES.items():
        assert sum(counts.values()) == BASES[base].listed


@pytest.mark.parametrize(("base", "tensors"), [
    ("facebook/detr-resnet-50", 55), ("facebook/detr-resnet-101", 55),
    ("microsoft/table-transformer-detection", 25),
])  # fmt: skip
def test_the_stem_and_first_stage_have_as_many_tensors_as_told(base, tensors):
    made = tiny(base)
    changed = renew(made, *STAGE_1, by="count")
    assert sum(made[name] != changed[name] for name in made) == tensors


def test_several_bases_are_one_job_that_goes_on_where_it_was(world):
    hub, settings = world
    bases = ["google/vit-huge-patch14-224-in21k", "google/vit-large-patch16-224-in21k"]
    for base in bases:
        if base not in hub.repositories:
            census_family(hub, base, few(base, MOST))
    told = []

    def stop_after_the_first(fraction, message):
        told.append((fraction, message))

    with pytest.raises(JobCancelled):
        compare_census(settings, bases, progress=stop_after_the_first,
                       cancelled=lambda: len(told) > 0)  # fmt: skip
    run = compare_census(settings, bases, progress=stop_after_the_first)
    assert [found.base for found in run.families] == bases and not run.failures
    before = len(hub.requests)
    compare_census(settings, bases)
    assert {request.path for request in hub.requests[before:]} == {"/api/models"}
    known = stored_census(settings, chosen_bases(published_study(), bases))
    assert known.standings["not checked"] == 0


def test_a_base_that_cannot_be_had_does_not_stop_the_others(tmp_path):
    there, gone = "microsoft/resnet-18", "microsoft/resnet-50"
    with Standin() as hub:
        census_family(hub, there, {"full": 1})
        publish(hub, "u/orphan", tiny(there), base_model=gone)
        place = {"HF_ENDPOINT": hub.endpoint, "PEDIGREE_CACHE": str(tmp_path)}
        run = compare_census(load_settings(place), [gone, there])
    assert [found.base for found in run.families] == [there]
    assert list(run.failures) == [gone] and "not" in run.failures[gone]
