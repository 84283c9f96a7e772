"""A real HTTP server on loopback that answers from a script."""

import functools
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from hypothesis import settings

settings.register_profile("any machine", deadline=None)
settings.load_profile("any machine")


@pytest.fixture(scope="module", autouse=True)
def main_module():
    """Puts `__main__` back: AppTest leaves its script there, and spawn would run it."""
    kept = sys.modules["__main__"]
    yield
    sys.modules["__main__"] = kept


@pytest.fixture(scope="session", autouse=True)
def packages_scanned_once():
    """AppTest reads the metadata of all installed packages in every run: once will do.

    They may bring components for pages, and none is installed in the middle of a test.
    """
    from streamlit.components.v2 import manifest_scanner

    scan = manifest_scanner.scan_component_manifests
    manifest_scanner.scan_component_manifests = functools.cache(scan)
    yield
    manifest_scanner.scan_component_manifests = scan


@dataclass(frozen=True)
class Answer:
    """One scripted answer; a `promised` length over the body's cuts it short."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    promised: int | None = None


class Web:
    """Answers each request with the next line of the script, the last one for ever."""

    Answer = Answer

    def __init__(self) -> None:
        self.script: list[Answer] = []
        self.requests: list[tuple[str, dict[str, str]]] = []
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        serve = self.server.serve_forever
        threading.Thread(target=serve, args=(0.01,), daemon=True).start()

    def answer(self, *script: Answer) -> None:
        self.script = list(script)

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    def _handler(web) -> type[BaseHTTPRequestHandler]:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                web.requests.append((self.path, dict(self.headers)))
                first, *rest = web.script
                web.script = rest or [first]
                self.send_response(first.status)
                for name, value in first.headers.items():
                    self.send_header(name, value)
                length = len(first.body) if first.promised is None else first.promised
                self.send_header("Content-Length", str(length))
                self.end_headers()
                self.wfile.write(first.body)

            def log_message(self, *_: object) -> None:
                pass

        return Handler


@pytest.fixture
def web() -> Iterator[Web]:
    server = Web()
    yield server
    server.close()


@pytest.fixture(scope="session")
def write_demo_records():
    """Return a function that writes the demo's records into a cache, drawn at random.

    The files are those of `demo --records`; nothing is trained.
    """
    from dataclasses import asdict

    import numpy as np
    import pandas as pd

    from core.cache import write_json
    from core.demo.build_records import METRICS
    from core.demo.records import FILES, FINISHED, HELD_OUT, VERSION
    from core.demo.zoo import RECORD, ZOO

    def write(cache_root) -> None:
        root, rng = cache_root / "demo" / "records", np.random.default_rng(0)
        models, tasks = (
            [small.name for small in ZOO],
            ["loops-8", "loops-40", "noisy-8"],
        )
        for small in ZOO:
            recipe = asdict(small) | {"widths": list(small.widths)}
            write_json(root / "models" / small.name / RECORD, {"recipe": recipe})
        grid = rng.uniform(0.3, 0.9, (len(models), len(tasks))).round(3)
        accuracy = pd.DataFrame(grid, index=models, columns=tasks)
        rows = accuracy.rename_axis("model").reset_index()
        rows = rows.melt("model", var_name="task", value_name="accuracy")
        about = {"family": [s.architecture for s in ZOO], "gmacs": 0.001,
                 "params": rng.uniform(5e3, 8e4, len(ZOO)).round(),
                 "imagenet_accuracy": rng.uniform(0.6, 0.9, len(ZOO))}  # fmt: skip
        described = {"domain": ["plain", "plain", "noisy"], "classes": 2,
                     "samples": 16, "samples_per_class": 8,
                     "labels": ["a, b", "a, b", "c, d"]}  # fmt: skip
        scores = pd.concat(rows.assign(metric=name) for name in METRICS)
        scores = scores.rename(columns={"accuracy": "value"})
        held = rows.assign(repeat=0, fold=rows["task"], linear=rows["accuracy"])
        tables = (
            accuracy.rename_axis("model"), pd.DataFrame(about, index=models),
            pd.DataFrame(described, index=tasks), scores.set_index("model"),
            held.assign(**{"model-mean": 0.5}).set_index("model"),
        )  # fmt: skip
        names = ("model", "model", "task", "model", "model")
        for file, name, table in zip((*FILES, HELD_OUT), names, tables, strict=True):
            table.rename_axis(name).to_csv(root / file)
        write_json(root / FINISHED, {"version": VERSION, "made_at": ""})

    return write
