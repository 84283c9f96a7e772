"""Records as files give them: joined by name, mended, refused in one sentence."""

import numpy as np
import pytest

from core.errors import PedigreeError, UsageError
from core.transfer.mending import PARAMS, exchange_swapped
from core.transfer.records import read_records

MODELS = "family,model name,# of parameters,acc@1 (on ImageNet-1K),GFLOPS\n"
TASKS = "dataset name,num_pre_class,domain,categories,Labels,Sample_Size\n"


@pytest.fixture
def files(tmp_path):
    """Three small files; keyword arguments replace their content."""

    def write(**content: str):
        texts = {
            "records": ",task1_photo_10,task2_photo_10\nb,0.5,\na,1.0,0.25\n",
            "models": f"{MODELS}f,a,10,70.5,1.5\ng,b,20,80,3\n",
            "tasks": f'{TASKS}1_photo_2,10,photo,2,"cat, dog",20\n'
            '2_photo_4,10,photo,4,"a, b, c, d",30\n',
        }
        paths = []
        for name, text in (texts | content).items():
            paths.append(tmp_path / f"{name}.csv")
            paths[-1].write_text(text)
        return read_records(*paths)

    return write


def test_models_are_joined_by_name_and_tasks_by_position(files):
    read = files()
    assert list(read.accuracy.index) == list(read.models.index) == ["b", "a"]
    assert read.models.loc["a", ["params", "imagenet_accuracy"]].tolist() == [10, 0.705]
    assert read.tasks.loc["task2_photo_10", "classes"] == 4
    assert np.isnan(read.values[0, 1]) and read.is_known.sum() == 3
    assert [text.split()[0] for text in read.mended] == ["The", "1", "models.csv"]


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("records", ",task1_photo_10,task2_photo_10\na,1.5,0\nb,0,0\n", "'1.5'"),
        ("records", ",task1_photo_10,task2_photo_10\na,x,0\nb,0,0\n", "'x'"),
        ("records", ",task1_photo_10,task2_photo_10\na,1\nb,0,0\n", "1 of 2 numbers"),
        ("records", ",t,t\na,1,1\n", "task twice"),
        ("records", ",task1_photo_10\n", "no rows"),
        ("records", ",task1_scan_10,task2_photo_10\na,1,1\nb,1,1\n", "1_photo_2"),
        ("records", ",task1_photo_10\na,1\nb,1\n", "describes 2 tasks"),
        ("models", f"{MODELS}f,a,10,70.5,1.5\n", "says nothing of b"),
        ("models", f"{MODELS}f,a,1,1,1\nf,a,1,1,1\n", "model twice"),
        ("models", "model name\na\n", "has no column"),
    ],
)
def test_what_cannot_be_read_is_said_in_one_sentence(files, name, text, said):
    with pytest.raises(PedigreeError, match=said):
        files(**{name: text})


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(UsageError, match="nothing"):
        read_records(*[tmp_path / "nothing.csv"] * 3)


def test_hiding_cells_leaves_the_records_alone(make_records):
    records = make_records()
    hidden = np.zeros(records.is_known.shape, dtype=bool)
    hidden[0] = True
    less = records.without(hidden)
    assert np.isnan(less.values[0]).all() and records.is_known.all()
    assert less.fingerprint != records.fingerprint == make_records().fingerprint


def test_a_new_task_has_no_record_and_a_name_of_its_own(make_records):
    records = make_records(2, 3)
    more = records.with_tasks(records.tasks.iloc[:1].set_axis(["mine"]))
    assert more.accuracy["mine"].isna().all() and more.tasks.shape == (4, 5)
    assert more.tasks.dtypes.equals(records.tasks.dtypes)
    with pytest.raises(UsageError, match="is in the records"):
        records.with_tasks(records.tasks.iloc[:1])


def test_the_published_defects_are_mended_and_told(published):
    assert published.accuracy.shape == (10, 270)
    assert published.models.loc["resnet101", "params"] == PARAMS["resnet101"]
    assert published.models.loc["wide_resnet50_2", "gmacs"] == 11.4
    assert set(published.tasks["samples_per_class"]) == {10, 30, 50}
    assert len(published.mended) == 4
    again, told = exchange_swapped(published.models)
    assert told == [] and again.equals(published.models)


def test_the_swap_is_told_by_torchvisions_own_counts():
    from torchvision.models import get_weight

    for name, weights in (
        ("resnet101", "ResNet101_Weights.IMAGENET1K_V2"),
        ("wide_resnet50_2", "Wide_ResNet50_2_Weights.IMAGENET1K_V2"),
    ):
        assert get_weight(weights).meta["num_params"] == PARAMS[name]
