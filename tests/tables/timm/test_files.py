"""What timm's files are called and how they read."""

import pytest

from core.errors import SourceChanged
from core.tables.timm.files import (
    KNOWN_BENCHMARKS,
    benchmark,
    documents,
    read_accuracy,
    read_benchmark,
)

URL = "https://example.org/results-imagenet.csv"
HEAD = "model,img_size,top1,top1_err,top5,top5_err,param_count\n"


@pytest.mark.parametrize(
    ("name", "device", "precision", "is_compiled"),
    [
        ("infer-amp-nchw-pt113-cu117-rtx3090", "RTX 3090", "amp", False),
        ("infer-amp_bf16-nchw-pt291-cu130-pro6000maxq-dynamo",
         "RTX PRO 6000 Max-Q", "amp_bf16", True),
        ("infer-fp32-nchw-pt221-cpu-i9_10940x-dynamo", "Core i9-10940X", "fp32", True),
        ("train-amp-nhwc-pt112-cu113-rtx3090", "RTX 3090", "amp", False),
        ("infer-amp-nchw-pt310-cu140-b300", "b300", "amp", False),
    ],
)  # fmt: skip
def test_names_say_what_was_measured(name, device, precision, is_compiled):
    found = benchmark(f"benchmark-{name}")
    said = (found.device, found.precision, found.is_compiled)
    assert said == (device, precision, is_compiled)


@pytest.mark.parametrize("name", ["results-imagenet", "benchmark-infer", ""])
def test_other_names_are_no_benchmarks(name):
    assert benchmark(name) is None


def test_every_known_benchmark_is_one():
    assert all(benchmark(name) for name in KNOWN_BENCHMARKS)


def test_documents_follow_the_listing():
    listed = documents(["benchmark-infer-amp-nchw-pt310-cu140-b300", "README"])
    assert len(listed) == 7 and not listed[-1].is_guess
    assert listed[-1].urls[0].endswith("/results/benchmark-infer-amp-nchw-pt310-"
                                       "cu140-b300.csv")  # fmt: skip
    assert [one.key for one in listed if one.is_required] == ["imagenet"]
    assert all(one.is_guess for one in documents(None)[6:])


def test_thousands_commas_are_read():
    rows = read_accuracy((HEAD + 'a.b,224,80,20,95,5,"1,013.01"\n').encode(), URL)
    assert rows["param_count"].tolist() == [1013.01]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("a.b,224,180,20,95,5,1\n", "an accuracy that is no percentage"),
        ("a.b,224,80,20,95,5,1\na.b,224,80,20,95,5,1\n", "lists a.b twice"),
        ("a.b,224,,20,95,5,1\n", "has no rows"),
    ],
)
def test_impossible_accuracies_are_refused(row, reason):
    with pytest.raises(SourceChanged, match=reason):
        read_accuracy((HEAD + row).encode(), URL)


def test_a_benchmark_may_lack_its_costs():
    text = b"model,infer_samples_per_sec,infer_img_size\na,12.5,224\n"
    rows = read_benchmark(text, "https://example.org/benchmark-infer-x.csv")
    assert rows.to_dict("records") == [
        {"model": "a", "img_size": 224.0, "images_per_second": 12.5}
    ]
