"""The same trainings on a real Dask cluster: same bytes, one a GPU at a time."""

import pytest

from core.errors import HubError, PedigreeError
from core.settings import Settings
from core.snapshots.datasets import Caps, load_dataset
from core.snapshots.generate import make_base
from core.snapshots.on_dask import DatasetName, train_on_dask, train_task
from core.snapshots.recipe import Recipe
from core.snapshots.train import train_snapshots

pytestmark = pytest.mark.usefixtures("one_thread")

CAPS = Caps(train=80, validation=40, test=40)
RECIPES = [
    Recipe("second", "first", 0, epochs=1, batch_size=40),
    Recipe("first", "base", 2, epochs=1, batch_size=40),
    Recipe("third", "base", 1, epochs=1, batch_size=40),
]


@pytest.fixture(scope="module")
def named():
    return DatasetName("digits", None, CAPS, 0, load_dataset("digits", caps=CAPS).key)


@pytest.fixture(params=[None, {"GPU": 1}], ids=["plain", "gpu"])
def cluster(request):
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=2, processes=False, dashboard_address=None,
        resources=request.param,
    ) as cluster:  # fmt: skip
        yield cluster


def test_workers_make_what_one_process_makes(
    cluster, named, tmp_path, tiny, cpu, contents
):
    settings = Settings(tmp_path, scheduler=cluster.scheduler_address)
    for folder in ("there", "here"):
        make_base(tmp_path / folder, "base", tiny["vit"])
    told = []
    made = train_on_dask(
        tmp_path / "there", RECIPES, named, settings,
        progress=lambda part, text: told.append(part),
    )  # fmt: skip
    found = load_dataset("digits", caps=CAPS)
    same = train_snapshots(tmp_path / "here", RECIPES, found, device=cpu)
    assert [s.id for s in made] == [s.id for s in same] == ["first", "third", "second"]
    assert [s.weights_digest for s in made] == [s.weights_digest for s in same]
    assert told[-1] == 1 and told == sorted(told)


def test_the_error_of_a_task_is_the_persons(cluster, named, tmp_path, tiny):
    make_base(tmp_path, "base", tiny["vit"])
    wrong = [Recipe("deep", "base", 40)]
    settings = Settings(tmp_path, scheduler=cluster.scheduler_address)
    with pytest.raises(PedigreeError, match="Retrain index 40 is not between"):
        train_on_dask(tmp_path, wrong, named, settings)


def test_other_data_on_a_worker_are_refused(tmp_path, named):
    other = DatasetName("digits", None, Caps(train=50), 0, named.key)
    with pytest.raises(PedigreeError, match="digits is another on this worker"):
        train_task(tmp_path, RECIPES[2], other, None)


def test_a_scheduler_that_is_not_there_is_one_sentence(tmp_path, named, monkeypatch):
    monkeypatch.setattr("core.scheduler.CONNECT_SECONDS", 0.2)
    settings = Settings(tmp_path, scheduler="tcp://127.0.0.1:9")
    with pytest.raises(HubError, match="cannot be reached as a Dask scheduler"):
        train_on_dask(tmp_path, [], named, settings)
