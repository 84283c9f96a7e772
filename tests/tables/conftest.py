"""Small samples of every source, served on loopback; the real ones where present."""

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from shutil import copytree

import pytest

from core.settings import Settings
from core.tables.refresh import refresh
from core.tables.stored import installed_frame
from core.tables.torchvision.page import SECTIONS

REAL_PAGES = Path(__file__).parents[2] / "../shared/data/torchvision"
HEADERS = {
    "classification": ("Acc&#64;1", "Acc&#64;5", "Params", "GFLOPS"),
    "quantized": ("Acc&#64;1", "Acc&#64;5", "Params", "GIPS"),
    "segmentation": ("Mean IoU", "pixelwise Acc", "Params", "GFLOPS"),
    "detection": ("Box MAP", "Params", "GFLOPS"),
    "instance": ("Box MAP", "Mask MAP", "Params", "GFLOPS"),
    "keypoint": ("Box MAP", "Keypoint MAP", "Params", "GFLOPS"),
    "video": ("Acc&#64;1", "Acc&#64;5", "Params", "GFLOPS"),
}
ROWS = {"classification": 109, "quantized": 10, "segmentation": 4, "detection": 6}
ALEXNET = "AlexNet_Weights.IMAGENET1K_V1", ("56.522", "79.066", "61.1M", "0.71")


def row(weight: str, cells: tuple[str, ...]) -> str:
    """One row of a table, marked up as Sphinx does."""
    enum = weight.partition(".")[0]
    builder = enum.removesuffix("_Weights").lower()
    page = f"models/generated/torchvision.models.{builder}.html"
    link = f'<a href="{page}#torchvision.models.{enum}"><code>{weight}</code></a>'
    numbers = "".join(f"<td><p>{cell}</p></td>" for cell in cells)
    recipe = '<td><a href="https://example.org/recipe">link</a></td>'
    return f"<tr><td><p>{link}</p></td>{numbers}{recipe}</tr>"


def section(key: str) -> str:
    """One section with its table; classification opens with AlexNet."""
    headers = ("Weight", *HEADERS[key], "Recipe")
    heads = "".join(f"<th><p><strong>{text}</strong></p></th>" for text in headers)
    cells = ("37", "40.5", "3.4M", "1")[4 - len(HEADERS[key]) :]
    rows = [row(*ALEXNET)] if key == "classification" else []
    name = f"Net_{key.title()}"
    rows += [row(f"{name}{i}_Weights.V1", cells) for i in range(ROWS.get(key, 3))]
    body = "".join(rows)
    return (
        f'<section id="{SECTIONS[key]}"><h3>Title</h3><table><thead><tr>{heads}</tr>'
        f"</thead><tbody>{body}</tbody></table></section>"
    )


def build_page(*, without: tuple[str, ...] = (), front: str = "") -> str:
    """Build a page; `without` leaves sections out, `front` comes before all."""
    sections = [section(key) for key in SECTIONS if key not in without]
    title = "<title>Models — Torchvision 9.1 documentation</title>"
    return f"<html>{title}<body>{front}{''.join(sections)}</body></html>"


@pytest.fixture
def page() -> Callable[..., str]:
    return build_page


@pytest.fixture
def html_row() -> Callable[[str, tuple[str, ...]], str]:
    return row


@pytest.fixture
def real_page() -> Callable[[str], Path]:
    """Find a rebuilt page of one torchvision version, or skip."""

    def find(version: str) -> Path:
        path = REAL_PAGES / f"fixture_{version}.html"
        if not path.exists():
            pytest.skip(f"the page of torchvision {version} is not beside the project")
        return path

    return find


TIMM = "raw.githubusercontent.com/huggingface/pytorch-image-models/main/results/"
OPEN_CLIP = "raw.githubusercontent.com/mlfoundations/open_clip/main/docs/"
LISTING = "api.github.com/repos/huggingface/pytorch-image-models/contents/results"
HUB = "huggingface.co/api/models"
GPU = "benchmark-infer-amp-nchw-pt291-cu130-5090.csv"
CPU = "benchmark-infer-fp32-nchw-pt240-cpu-i7_12700h-dynamo.csv"
TRAIN = "benchmark-train-amp-nchw-pt112-cu113-rtx3090.csv"


@dataclass
class Fault:
    """What a path answers with instead of its content."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | None = None
    cut_to: int | None = None


class Site:
    """A web of files: HOST/PATH to bytes, with ETags, faults and a count of bytes."""

    Fault = Fault

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.faults: dict[str, Fault] = {}
        self.requests: list[str] = []
        self.bytes_sent = 0
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        serve = partial(self.server.serve_forever, poll_interval=0.01)
        threading.Thread(target=serve, daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    def edit(self, path: str, old: str, new: str) -> None:
        """Change one file, which changes its ETag."""
        text = self.files[path].decode()
        assert old in text
        self.files[path] = text.replace(old, new).encode()

    def fault(self, part: str, **answer: object) -> None:
        """Let every path that contains `part` answer so."""
        self.faults[part] = Fault(**answer)

    def _answer(self, path: str, held: str | None) -> tuple[int, dict, bytes, int]:
        self.requests.append(path)
        body = self.files.get(path, self.files.get(path.partition("?")[0]))
        fault = next((f for part, f in self.faults.items() if part in path), None)
        if fault is not None:
            body = fault.body if fault.body is not None else body or b""
            sent = body if fault.cut_to is None else body[: fault.cut_to]
            return fault.status, fault.headers, sent, len(body)
        if body is None:
            return 404, {}, b"", 0
        tag = f'"{sha256(body).hexdigest()}"'
        if held == tag:
            return 304, {"ETag": tag}, b"", 0
        return 200, {"ETag": tag}, body, len(body)

    def _handler(site) -> type[BaseHTTPRequestHandler]:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                held = self.headers.get("If-None-Match")
                status, headers, body, promised = site._answer(self.path[1:], held)
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(promised))
                self.end_headers()
                self.wfile.write(body)
                site.bytes_sent += len(body)

            def log_message(self, *_: object) -> None:
                pass

        return Handler


ACCURACY = "model,img_size,top1,top1_err,top5,top5_err,param_count,crop_pct\n"
MODELS = (
    ("resnet50.a1_in1k", 288, 81.2, "25.56"),
    ("resnet50.a1_in1k", 224, 80.4, "25.56"),
    ("tf_efficientnet_b0.ns_jft_in1k", 224, 78.7, "5.29"),
    ("vit_large_patch14_clip_224.openai_ft_in12k_in1k", 224, 88.2, "304.20"),
    ("eva_giant_patch14_224.clip_ft_in1k", 224, 89.1, '"1,012.56"'),
    ("vgg16.tv_in1k", 224, 71.6, "138.36"),
)
COSTS = (
    ("resnet50", 224, 9000.0, 4.11),
    ("resnet50", 288, 5500.0, 6.80),
    ("tf_efficientnet_b0", 224, 16000.0, 0.40),
    ("vit_large_patch14_clip_224", 224, 800.0, 81.08),
    ("eva_giant_patch14_224", 224, 260.0, 267.18),
    ("vgg16", 224, 3000.0, 15.47),
)


def accuracy_file(shift: float = 0.0) -> bytes:
    rows = [
        f"{model},{size},{top1 + shift:.3f},0,{top1 + 9:.3f},0,{params},0.9"
        for model, size, top1, params in MODELS
    ]
    return (ACCURACY + "\n".join(rows) + "\n").encode()


def benchmark_file(kind: str, share: float, rows: int) -> bytes:
    head = f"model,{kind}_img_size,{kind}_samples_per_sec,{kind}_batch_size,param_count"
    costs = kind == "infer"
    lines = [head + (",infer_gmacs,infer_macts" if costs else "")]
    for model, size, speed, gmacs in COSTS[:rows]:
        line = f"{model},{size},{speed * share:.2f},256,1.0"
        lines.append(line + (f",{gmacs},{gmacs * 2:.2f}" if costs else ""))
    return ("\n".join(lines) + "\n").encode()


CLIP = (
    ("ViT-L-14", "openai", 427.62, 175.33, 0.7554),
    ("ViT-L-14", "laion2b_s32b_b82k", 427.62, 175.33, 0.7525),
    ("ViT-B-16-SigLIP", "webli", 203.16, 46.44, 0.7604),
    ("EVA01-g-14", "laion400m_s11b_b41k", 1136.44, 547.36, 0.7852),
)
PROFILE = """\
model,image_size,image_width,mparams,image_mparams,text_mparams,gflops,image_gflops,\
text_gflops
ViT-L-14,224,1024,427.62,303.97,123.65,175.33,162.03,13.3
ViT-B-16-SigLIP,224,768,203.16,92.88,110.27,46.44,35.42,11.02
EVA01-g-14,224,768,1136.44,1012.59,123.85,547.36,534.06,13.3
RN50,224,64,102.01,38.32,63.69,18.18,12.22,5.96
"""


def clip_file(average: str, scores: tuple[str, ...]) -> bytes:
    lines = [",".join(["name,pretrained,params (M),FLOPs (B)", average, *scores])]
    for name, tag, params, flops, top1 in CLIP:
        values = ",".join(f"{top1 - 0.01 * at:.4f}" for at in range(len(scores) + 1))
        lines.append(f"{name},{tag},{params},{flops},{values}")
    return ("\n".join(lines) + "\n").encode()


def hub_page(task: str) -> bytes:
    models = [
        {
            "id": f"someone/vit-{task}",
            "downloads": 900,
            "likes": 5,
            "gated": "auto",
            "safetensors": {"parameters": {"F32": 86_000_000}, "total": 86_000_000},
            "cardData": {"license": "apache-2.0", "datasets": ["imagenet-1k"]},
            "tags": ["license:apache-2.0"],
            "sha": "abc",
        },
        {"id": "timm/shared.model", "downloads": 10, "likes": 0, "gated": False},
        {"id": f"other/{task}", "downloads": 7, "tags": ["license:mit"]},
    ]
    return json.dumps(models).encode()


TASKS = (
    "image-classification", "zero-shot-image-classification",
    "image-feature-extraction", "object-detection", "image-segmentation",
    "depth-estimation", "video-classification",
)  # fmt: skip
HUB_FIELDS = (
    "downloads", "likes", "gated", "safetensors", "cardData", "tags", "sha",
)  # fmt: skip


def samples() -> dict[str, bytes]:
    """Small files of every source, by HOST/PATH."""
    files: dict[str, bytes] = {}
    files["docs.pytorch.org/vision/stable/models.html"] = build_page().encode()
    for name, shift in {
        "results-imagenet.csv": 0.0,
        "results-imagenet-real.csv": 5.0,
        "results-imagenetv2-matched-frequency.csv": -9.0,
        "results-sketch.csv": -30.0,
        "results-imagenet-a.csv": -40.0,
        "results-imagenet-r.csv": -20.0,
    }.items():
        files[TIMM + name] = accuracy_file(shift)
    files[TIMM + GPU] = benchmark_file("infer", 1.0, 6)
    files[TIMM + CPU] = benchmark_file("infer", 0.01, 5)
    files[TIMM + TRAIN] = benchmark_file("train", 0.1, 3)
    names = [GPU, CPU, TRAIN, "results-imagenet.csv", "model_metadata-in1k.csv"]
    listed = [{"name": name, "type": "file"} for name in names]
    files[LISTING] = json.dumps(listed).encode()
    files[OPEN_CLIP + "openclip_classification_results.csv"] = clip_file(
        "Average perf. on 35 datasets",
        ("ImageNet 1k", "ImageNet Sketch", "ImageNet v2", "ImageNet-A", "ImageNet-R"),
    )
    kinds = ("Flickr image", "Flickr text", "MSCOCO image", "MSCOCO text")
    files[OPEN_CLIP + "openclip_retrieval_results.csv"] = clip_file(
        "Average score", tuple(f"{kind} retr. R@1" for kind in kinds)
    )
    files[OPEN_CLIP + "openclip_multilingual_retrieval_results.csv"] = (
        b"model,version,avg,x\nViT-L-14,openai,0.4,0.1\nRN50,openai,0.3,0.1\n"
    )
    files[OPEN_CLIP + "model_profile.csv"] = PROFILE.encode()
    for task in TASKS:
        asked = f"{HUB}?pipeline_tag={task}&sort=downloads&limit=1000"
        fields = "".join(f"&expand={name}" for name in HUB_FIELDS)
        files[asked + fields] = hub_page(task)
    return files


@pytest.fixture
def site() -> Iterator[Site]:
    """Serve small samples of every source in place of the real hosts."""
    web = Site()
    web.files = samples()
    yield web
    web.close()


@pytest.fixture(scope="session")
def fresh_cache(tmp_path_factory) -> Path:
    """A cache that holds the installed package's tables, read once for all tests."""
    root = tmp_path_factory.mktemp("fresh")
    installed_frame(Settings(root))
    return root


@pytest.fixture(scope="session")
def filled_cache(tmp_path_factory, fresh_cache) -> Path:
    """A cache that holds every source's samples."""
    root = tmp_path_factory.mktemp("filled")
    copytree(fresh_cache, root, dirs_exist_ok=True)
    web = Site()
    web.files = samples()
    refresh([], Settings(root, sources_url=web.url))
    web.close()
    return root


@pytest.fixture
def settings(site, tmp_path, fresh_cache) -> Settings:
    """A cache with nothing fetched, whose sources are read from `site`."""
    copytree(fresh_cache, tmp_path / "cache")
    return Settings(tmp_path / "cache", sources_url=site.url)


@pytest.fixture
def filled(site, tmp_path, filled_cache) -> Settings:
    """A cache with every source fetched, whose sources are read from `site`."""
    copytree(filled_cache, tmp_path / "filled")
    return Settings(tmp_path / "filled", sources_url=site.url)


@pytest.fixture
def quick():
    """Refresh without waiting between tries."""
    return partial(refresh, sleep=lambda seconds: None)


@pytest.fixture(scope="session")
def new_site() -> Callable[[], Site]:
    return Site


@pytest.fixture(scope="session")
def find_shared() -> Callable[[str], Path]:
    """Find a published file beside the project, or skip."""

    def find(name: str) -> Path:
        path = Path(__file__).parents[2] / "../shared/data" / name
        if not path.exists():
            pytest.skip(f"{name} is not beside the project")
        return path

    return find
