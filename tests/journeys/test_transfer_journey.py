"""Someone asks which base transfers best: the verdict, own records, a shared link."""

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.slow]

OWN = b"model,dataset,accuracy\na,pets,91\nb,pets,nonsense\nb,cars,80\na,cars,85\n"


@pytest.fixture(scope="module")
def cache_root(tmp_path_factory, write_demo_records):
    root = tmp_path_factory.mktemp("cache")
    write_demo_records(root)
    return root


def test_the_verdict_the_chart_and_its_file(page, address, tmp_path):
    page.goto(f"{address}/transfer")
    page.get_by_text("static ranking").first.wait_for()
    page.locator(".js-plotly-plot .scatterlayer .point").first.wait_for(
        state="attached"
    )
    page.get_by_text("r = ").first.wait_for(state="attached")
    with page.expect_download(timeout=60_000) as waiting:
        page.get_by_role("button", name="CSV", exact=True).first.click()
    path = tmp_path / "points.csv"
    waiting.value.save_as(path)
    assert path.read_text().startswith("model,task,predicted,accuracy")


def test_own_records_show_what_is_wrong_and_stay(page, address):
    page.goto(f"{address}/transfer?section=Records")
    page.get_by_text("Your own records").click()
    page.locator("input[type=file]").set_input_files(
        {"name": "own.csv", "mimeType": "text/csv", "buffer": OWN}
    )
    page.get_by_text("1 cell could not be used").wait_for()
    page.get_by_text("3 records").wait_for()
    page.get_by_role("radio", name="Recommend").click()
    page.get_by_role("button", name="Recommend", exact=True).last.wait_for()
    page.get_by_role("radio", name="Records").click()
    page.get_by_text("3 records").wait_for()


def test_a_link_keeps_the_section_and_the_task(page, address):
    page.goto(f"{address}/transfer?task=loops-40")
    page.get_by_text("n = 8").first.wait_for(state="attached")
