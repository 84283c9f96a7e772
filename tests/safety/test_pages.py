"""Every page with every parameter of its address hostile at once: no traceback, no
picture loaded, nothing shown as the page's own failure.
"""

import ast
import re
import time
from importlib import import_module
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

ROOT = Path(__file__).parents[2]
SOURCES = [*ROOT.glob("core/ui/**/*.py"), *ROOT.glob("pages/*.py")]
BOUND = re.compile(r'key=(?:f"\{prefix\}|")(\w+)",\s*bind="query-params"')
PARAMETER = re.compile(r'^PARAMETER = "(\w+)"', re.MULTILINE)
PICTURE = "![x](http://evil.example/x.png)<script>alert(1)</script>"
HOSTILE = (
    PICTURE, "x" * 5000, "~nobody-here/x", "../../../etc/passwd", "/tmp/a\0b",
    "/dev/zero", "--json", "9" * 400, "-1",
)  # fmt: skip
SCRIPTS = ["app.py", *(f"pages/{path.name}" for path in ROOT.glob("pages/*.py"))]
"""The pages; where one has sections, each is opened."""


def sections(script: str) -> list[str | None]:
    """Return the names in a page's SECTIONS, or one None."""
    tree = ast.parse((ROOT / script).read_text())
    given = {
        alias.name: getattr(import_module(node.module), alias.name)
        for node in tree.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
        if alias.name.isupper()
    }
    for node in tree.body:
        target = getattr(node, "target", None) or getattr(node, "targets", [None])[0]
        if isinstance(target, ast.Name) and target.id == "SECTIONS":
            keys = node.value.keys
            return [getattr(key, "value", None) or given[key.id] for key in keys]
    return [None]


def parameters() -> set[str]:
    """Return every parameter that some page reads from the address."""
    texts = [path.read_text() for path in SOURCES]
    found = {name for text in texts for name in BOUND.findall(text)}
    found |= {name for text in texts for name in PARAMETER.findall(text)}
    return found | {"dataset", "data", "make_dataset", "make_data", "first", "second"}


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """Give the test a cache of its own."""
    monkeypatch.setenv("PEDIGREE_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def open_page(cache, monkeypatch):
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.chdir(ROOT)

    def opened(script: str, section: str | None, shift: int) -> AppTest:
        page = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
        page.switch_page(script)
        for place, name in enumerate(sorted(parameters() - {"section"})):
            page.query_params[name] = HOSTILE[(place + shift) % len(HOSTILE)]
        if section:
            page.query_params["section"] = section
        return page.run()

    return opened


def test_the_parameters_of_all_pages_are_found():
    assert {"base", "first", "try_path", "store", "model", "data"} <= parameters()
    assert len(parameters()) > 80 and len(CASES) > 20


CASES = [
    (script, section, shift)
    for shift, (script, section) in enumerate(
        (script, section) for script in sorted(SCRIPTS) for section in sections(script)
    )
]


def says(page: AppTest) -> list[str]:
    """Check what is on a page; return its errors, warnings and remarks."""
    assert not page.exception
    shown = [one.value for one in (*page.error, *page.warning, *page.info)]
    assert not [text for text in shown if "This page failed" in text]
    marked = [one.value for one in (*page.markdown, *page.caption)] + shown
    assert not [text for text in marked if PICTURE in text or "](http://evil" in text]
    return shown


@pytest.mark.parametrize(("script", "section", "shift"), CASES)
def test_a_hostile_address_never_breaks_a_page(open_page, script, section, shift):
    says(open_page(script, section, shift))


@pytest.mark.parametrize(("section", "name"), [
    ("Store", "store"), ("Search", "images"), ("Datasets", "data"),
])  # fmt: skip
@pytest.mark.parametrize("value", ["x" * 5000, "~nobody-here/x", "/tmp/a\0b"])
def test_a_path_that_cannot_be_one_is_said_on_the_page(cache, section, name, value):
    page = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    page.switch_page("pages/snapshots.py")
    page.query_params["section"], page.query_params[name] = section, value
    page.query_params["on"] = page.query_params["dataset"] = "a folder of images"
    (cache / "store").mkdir(parents=True)
    (cache / "store" / "store.json").write_text("{}")
    shown = says(page.run())
    assert any("cannot be used as a path" in text for text in shown), shown


@pytest.mark.parametrize("number", ["1e999", "-inf", "Infinity"])
def test_an_endless_number_in_the_address_is_one_sentence(cache, number):
    page = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    page.switch_page("pages/snapshots.py")
    page.query_params["section"], page.query_params["points"] = "Retrain index", number
    assert any("take it out" in text for text in says(page.run()))


@pytest.mark.parametrize("name", [
    "../../evil.png", "/etc/passwd.png", "a\0.png", "x" * 300 + ".png", ".png", "evil",
    "..\\..\\evil.png", "a.png/../../evil.png",
])  # fmt: skip
def test_an_upload_is_kept_under_its_digest(name, cache):
    from core.ui.zero_shot import try_question

    kept = try_question._kept("images", b"content", Path(name).suffix.lower())
    assert kept.parent == cache / "zero_shot" / "images"
    assert re.fullmatch(r"[0-9a-f]{24}(\.png)?", kept.name)


@pytest.fixture
def started(monkeypatch):
    """Collect the verbs that jobs would run, without running them."""
    from core.ui.transfer import loaders
    from core.ui.zero_shot import fit_section, try_question

    verbs: list[list[str]] = []
    for module in (loaders, fit_section, try_question):
        monkeypatch.setattr(
            module, "run_verb", lambda job, *arguments: verbs.append([*arguments])
        )
    return verbs


@pytest.mark.parametrize("value", ["--json", "--store=/etc", "-h", "---", "@file"])
def test_no_value_of_an_address_becomes_an_option(value, started, cache):
    from core.__main__ import parser
    from core.ui.loaders import jobs
    from core.ui.transfer.loaders import start_scoring
    from core.ui.zero_shot import fit_section, try_question
    from core.zero_shot.tryout import Question
    from core.zero_shot.workload import Workload

    start_scoring(f"a{value}", value, [value])
    fit_section._start(f"b{value}", value, Workload())
    asked = try_question.Asked(Path(value), (value,), Question((value,), masks=value))
    try_question.start(f"c{value}", asked)
    while any(job.is_running for job in jobs().all()):
        time.sleep(0.01)
    scoring, fitting, trying = (parser().parse_args(verb) for verb in started)
    assert scoring.backbone == [value] and str(scoring.folder) == value
    assert fitting.model == value and not fitting.json
    assert trying.model == [value] and trying.masks == value
