"""Every page with every parameter of its address hostile at once: no traceback, no
picture loaded, nothing shown as the page's own failure.
"""

import re
import time
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

ROOT = Path(__file__).parents[2]
SOURCES = [*ROOT.glob("core/ui/**/*.py"), *ROOT.glob("pages/*.py")]
BOUND = re.compile(r'key=(?:f"\{prefix\}|")(\w+)",\s*bind="query-params"')
PARAMETER = re.compile(r'^PARAMETER = "(\w+)"', re.MULTILINE)
PICTURE = "![x](http://evil.example/x.png)<script>alert(1)</script>"
HOSTILE = {
    "picture": PICTURE,
    "long": "x" * 5000,
    "home": "~nobody-here/x",
    "path": "../../../etc/passwd",
    "zero": "/tmp/a\0b",
    "device": "/dev/zero",
    "option": "--json",
    "number": "1e999",
}
SECTIONS = {
    "app.py": [None],
    "pages/models.py": [None],
    "pages/derived.py": ["Family", "Census", "Compare two checkpoints"],
    "pages/zero_shot.py": ["Rankings", "Install audit", "Sources and corrections",
                           "Fits my machine", "Try it"],
    "pages/transfer.py": ["Predicted and true", "Recommend", "My images"],
    "pages/snapshots.py": ["Snapshots", "Blocks", "Retrain index", "Datasets", "Store",
                           "Search"],
    "pages/jobs.py": [None],
    "pages/glossary.py": [None],
}  # fmt: skip


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

    def opened(script: str, section: str | None, value: str) -> AppTest:
        page = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
        page.switch_page(script)
        for name in parameters() - {"section"}:
            page.query_params[name] = value
        if section:
            page.query_params["section"] = section
        return page.run()

    return opened


def test_the_parameters_of_all_pages_are_found():
    assert {"base", "first", "try_path", "store", "model", "data"} <= parameters()
    assert len(parameters()) > 80


CASES = [
    (script, section, list(HOSTILE)[place % len(HOSTILE)])
    for place, (script, section) in enumerate(
        (script, section) for script, found in SECTIONS.items() for section in found
    )
]
PLACES = [
    ("pages/derived.py", "Family"), ("pages/derived.py", "Census"),
    ("pages/zero_shot.py", "Try it"), ("pages/transfer.py", "My images"),
    ("pages/snapshots.py", "Datasets"), ("pages/snapshots.py", "Store"),
]  # fmt: skip
CASES += [
    (*place, kind)
    for place in PLACES
    for kind in ("long", "home", "zero")
    if (*place, kind) not in CASES
]


@pytest.mark.parametrize(("script", "section", "kind"), CASES)
def test_a_hostile_address_never_breaks_a_page(open_page, script, section, kind):
    page = open_page(script, section, HOSTILE[kind])
    assert not page.exception
    shown = [one.value for one in (*page.error, *page.warning, *page.info)]
    assert not [text for text in shown if "This page failed" in text]
    marked = [one.value for one in (*page.markdown, *page.caption)] + shown
    assert not [text for text in marked if PICTURE in text or "](http://evil" in text]


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
