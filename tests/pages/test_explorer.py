"""The explorer: any axes, protocols apart, budget, own results, sources and refresh."""

import json
import threading
import time
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from shutil import copytree

import pytest

from core.settings import Settings
from core.tables.refresh import refresh

PAGE = "pages/models.py"
TIMM = "raw.githubusercontent.com/huggingface/pytorch-image-models/main/results"
CLIP = "raw.githubusercontent.com/mlfoundations/open_clip/main/docs"
GPU = "benchmark-infer-amp-nchw-pt291-cu130-5090.csv"
CPU = "benchmark-infer-fp32-nchw-pt240-cpu-i7_12700h-dynamo.csv"
MODELS = (
    ("resnet50.a1_in1k", 288, 81.2, 25.56, 5500, 6.80),
    ("resnet50.a1_in1k", 224, 80.4, 25.56, 9000, 4.11),
    ("resnet18.a1_in1k", 224, 71.5, 11.69, 20000, 1.82),
    ("resnet101.a1_in1k", 224, 82.0, 44.55, 5000, 7.83),
    ("vgg16.tv_in1k", 224, 71.6, 138.36, 3000, 15.47),
)
OWN = b"model,top1,params (M),images/s\nmine,85.0,20,7000\nbroken,high,1,1\n"


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


def benchmark(share: float) -> str:
    rows = [
        f"{name.partition('.')[0]},{size},{speed * share},256,{params},{gmacs},{gmacs}"
        for name, size, _, params, speed, gmacs in MODELS
    ]
    head = "model,infer_img_size,infer_samples_per_sec,infer_batch_size,param_count"
    return "\n".join([f"{head},infer_gmacs,infer_macts", *rows]) + "\n"


def write_site(root) -> None:
    results = [
        f"{name},{size},{top1},0,{top1 + 9},0,{params},0.9"
        for name, size, top1, params, *_ in MODELS
    ]
    head = "model,img_size,top1,top1_err,top5,top5_err,param_count,crop_pct"
    names = [GPU, CPU, "results-imagenet.csv"]
    clip = "ViT-L-14,openai,427.62,175.33,0.7,0.7554,0.6,0.7,0.7,0.8\n"
    files = {
        f"{TIMM}/results-imagenet.csv": "\n".join([head, *results]) + "\n",
        f"{TIMM}/{GPU}": benchmark(1.0),
        f"{TIMM}/{CPU}": benchmark(0.01),
        "api.github.com/repos/huggingface/pytorch-image-models/contents/results":
            json.dumps([{"name": name} for name in names]),
        f"{CLIP}/openclip_classification_results.csv":
            "name,pretrained,params (M),FLOPs (B),Average perf. on 35 datasets,"
            f"ImageNet 1k,ImageNet Sketch,ImageNet v2,ImageNet-A,ImageNet-R\n{clip}",
    }  # fmt: skip
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)


@contextmanager
def serving(root):
    """Yield the address of the files under `root`."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(root)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def hosts(tmp_path_factory):
    """Serve a few of timm's and open_clip's rows in place of their hosts."""
    root = tmp_path_factory.mktemp("site")
    write_site(root)
    with serving(root) as address:
        yield address


@pytest.fixture(scope="module")
def fetched(hosts, tmp_path_factory):
    root = tmp_path_factory.mktemp("fetched")
    refresh(["timm", "open_clip"], Settings(root, sources_url=hosts),
            sleep=lambda seconds: None)  # fmt: skip
    return root


@pytest.fixture
def explore(open_page, cache_root, fetched, hosts, monkeypatch):
    """Open the page on a cache that holds timm and open_clip."""
    copytree(fetched, cache_root)
    monkeypatch.setenv("PEDIGREE_SOURCES", hosts)
    return partial(open_page, PAGE)


def figure_of(page) -> dict:
    return json.loads(page.get("plotly_chart")[0].proto.spec)


def titles(page) -> tuple[str, str]:
    layout = figure_of(page)["layout"]
    return tuple(layout[axis]["title"]["text"] for axis in ("xaxis", "yaxis"))


def traces(page) -> list[str]:
    return [trace.get("name") for trace in figure_of(page)["data"]]


def texts(page) -> str:
    return "\n".join(one.value for one in [*page.markdown, *page.caption])


def test_throughput_is_an_axis_that_names_its_device(explore):
    page = explore(table="timm/imagenet", cost="Throughput")
    assert not page.exception and not page.error
    assert titles(page)[0] == "Throughput (images/s) on RTX 5090, amp"
    assert "4 models on the Pareto front" in texts(page)


def test_another_benchmark_measures_on_another_device(explore):
    label = "Core i7-12700H, fp32, compiled"
    page = explore(table="timm/imagenet", cost="Throughput", benchmark=label)
    assert page.selectbox(key="benchmark").value == CPU.removesuffix(".csv")
    assert "on Core i7-12700H" in titles(page)[0]


def test_supervised_and_zero_shot_are_apart_until_both_are_asked_for(explore):
    page = explore(table="all/imagenet-1k")
    assert titles(page)[1] == "Top-1 accuracy on ImageNet-1K"
    page = explore(table="all/imagenet-1k", protocol="both")
    assert titles(page)[1] == (
        "Top-1 accuracy on ImageNet-1K: supervised and zero-shot"
    )
    assert {"supervised", "zero-shot"} <= set(traces(page))


def test_the_look_is_in_the_address(explore):
    page = explore(table="timm/imagenet", value="Top-5 accuracy", trend="true",
                   size="GMACs", log="false")  # fmt: skip
    assert titles(page)[1] == "Top-5 accuracy on ImageNet-1K"
    assert figure_of(page)["layout"]["xaxis"]["type"] == "linear"
    assert "ResNet, trend" in traces(page)


def test_a_budget_is_answered_in_words(explore):
    page = explore(table="timm/imagenet", fit_params="30")
    assert "at most 30 M parameters" in texts(page)
    assert "Best: resnet50" in texts(page).replace("\\", "")


def test_what_fits_is_shown_or_all_and_the_best_are_marked(explore):
    page = explore(table="timm/imagenet", fit_params="30")
    assert "**3 of 5 models**" in texts(page)
    page.toggle(key="show_all").set_value(True).run()
    assert "**5 of 5 models**" in texts(page)
    next(b for b in page.button if b.label.startswith("Mark")).click().run()
    assert not page.exception and "picked" in traces(page)
    assert page.multiselect(key="compare").value[0].startswith("timm/resnet50")


def test_own_results_are_drawn_and_told_by_row(explore):
    page = explore(table="timm/imagenet", cost="Throughput")
    page.file_uploader(key="own").set_value(("own.csv", OWN, "text/csv")).run()
    assert not page.exception and not page.error
    assert "Your results" in traces(page)
    assert page.selectbox(key="own-throughput").value == "images/s"
    assert "1 cell could not be used" in page.warning[0].value


def test_a_file_that_is_no_table_is_one_sentence(explore):
    page = explore(table="timm/imagenet")
    page.file_uploader(key="own").set_value(("own.csv", b"\xff\xfe", "text/csv")).run()
    assert "is not UTF-8 text" in page.error[0].value.replace("\\", "")
    assert not page.exception and page.get("plotly_chart")


def test_the_drawer_shows_the_model_elsewhere_and_where_numbers_came_from(explore):
    page = explore(table="timm/imagenet", model="timm/resnet50.a1_in1k@224")
    assert not page.exception
    frames = [frame.value for frame in page.dataframe]
    other = next(one for one in frames if "params_difference" in one)
    details = next(one for one in frames if "read from" in one)
    assert "torchvision/classification" in set(other["table"])
    origins = details.set_index("column")["read from"]
    assert origins["gmacs"].startswith(GPU)
    assert "results-imagenet.csv" in origins["accuracy"]


def test_a_click_refreshes_the_chosen_source(explore):
    page = explore(sources="true")
    page.multiselect(key="refresh-sources").set_value(["timm"]).run()
    page.button(key="refresh").click().run()
    for _ in range(100):
        if "not modified" in texts(page):
            break
        time.sleep(0.1)
        page.run()
    assert "**timm**: 5 rows, not modified" in texts(page).replace("\\", "")
    assert not page.exception


def test_the_history_of_changes_is_shown(explore):
    page = explore(sources="true")
    changes = page.dataframe[-1].value
    assert {"timm/imagenet", "open_clip/classification"} <= set(changes["table"])
    assert set(changes["change"]) == {"first"}


def test_a_refused_loss_waits_for_a_person(explore, cache_root, tmp_path):
    write_site(tmp_path)
    path = tmp_path / TIMM / "results-imagenet.csv"
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:2]))
    with serving(tmp_path) as less:
        refresh(["timm"], Settings(cache_root, sources_url=less), sleep=print)
    page = explore(table="timm/imagenet", sources="true")
    assert "**5 of 5 models**" in texts(page)
    assert page.button(key="accept-timm").label == "Take what timm's results has now"


def test_a_published_chart_is_one_click_away(explore):
    page = explore(table="timm/imagenet", search="resnet")
    page.button(key="published-detection-gmacs").click().run()
    assert not page.exception
    assert titles(page) == ("Multiply–accumulates (GMACs)", "Box mAP on COCO-val2017")
    assert "6 models on the Pareto front" in texts(page)
