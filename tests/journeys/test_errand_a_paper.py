"""Someone looks for the best ImageNet model within a budget and puts the chart into a
two-column paper. torchvision itself says which model that is.
"""

import re
import shutil
import subprocess
from urllib.parse import parse_qs, urlsplit

import pytest

POINT = ".js-plotly-plot .scatterlayer .point"
COLUMN_POINTS = 3.25 * 72
ASIDE = 1270, 450
TO_THE_END = "node => node.scrollIntoView({block: 'end'})"

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not shutil.which("pdfinfo"), reason="poppler-utils is absent"),
]


def best_within(params, gmacs):
    """Search torchvision's own weights one by one."""
    from torchvision import models

    every = [
        weight
        for builder in models.list_models(module=models)
        for weight in models.get_model_weights(builder)
    ]
    fitting = [
        weight
        for weight in every
        if weight.meta["num_params"] <= params and weight.meta["_ops"] <= gmacs
    ]
    return max(fitting, key=lambda one: one.meta["_metrics"]["ImageNet-1K"]["acc@1"])


def poppler(tool, *arguments):
    """Return what a tool says of a PDF."""
    return subprocess.run([tool, *arguments], capture_output=True, text=True).stdout


def test_the_best_model_within_a_budget_goes_into_a_paper(errand, address):
    best = best_within(30e6, 5.0)
    name = str(best).partition("_Weights")[0].replace("_", " ")
    with errand.step(
        "Open *Models*: the ImageNet classifiers of torchvision, accuracy against "
        "parameters. This works with no network."
    ) as page:
        page.goto(f"{address}/models")
        page.locator(POINT).first.wait_for(state="attached")
    with errand.step(
        "Under *What fits my budget* type 30 million parameters and 5 GMACs. A "
        "sentence names the best model, what it costs, and the runners-up; the chart "
        "keeps what fits."
    ) as page:
        page.get_by_role("button", name="What fits my budget").click()
        for label, limit in (("Parameters, at most", "30"), ("GMACs, at most", "5")):
            box = page.get_by_role("spinbutton", name=re.compile(label))
            box.fill(limit)
            box.press("Enter")
            page.wait_for_url(lambda url, limit=limit: f"={limit}" in url)
        page.keyboard.press("Escape")
        said = page.get_by_text("at most 30 M parameters, at most 5 GMACs")
        said.wait_for()
        spent = f"{best.meta['num_params'] / 1e6:.3g} M parameters"
        assert f"Best: {name}" in said.inner_text() and spent in said.inner_text()
    with errand.step(
        "Press *Mark and compare the best*: they are ringed in the chart, named where "
        "there is room, and side by side below it. The address keeps all of this.",
        picture="models",
    ) as page:
        page.get_by_role("button", name="Mark and compare the best").click()
        page.get_by_text("Differences only").wait_for()
        query = parse_qs(urlsplit(page.url).query)
        assert query["compare"][0].endswith(str(best))
        page.get_by_text("on the Pareto front").evaluate(TO_THE_END)
        page.mouse.move(*ASIDE)
    with errand.step(
        "Leave *Column or page* at 3.25 inches, a column, and press *PDF*: a vector "
        "figure in 8 pt whose text can be selected. Include it unscaled."
    ):
        pdf = errand.download("PDF")
        width = re.search(r"Page size: +([\d.]+)", poppler("pdfinfo", pdf))
        assert float(width[1]) == pytest.approx(COLUMN_POINTS, abs=1)
        text = poppler("pdftotext", pdf, "-")
        assert name in text and "Top-1 accuracy on ImageNet-1K" in text
        assert len(poppler("pdfimages", "-list", pdf).splitlines()) == 2
    with errand.step(
        "Press *LaTeX* under *Compare* for the marked models as a small table, whose "
        "caption says where the numbers come from and when they were read."
    ):
        table = errand.download("LaTeX", last=True).read_text()
        assert name in table and len(re.findall(r"\\\\$", table, re.M)) == 5
        assert re.search(r"torchvision.*read \d{4}-\d\d-\d\d\.", table)
