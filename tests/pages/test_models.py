"""The Models page: first run, filters, deep links, what it says when nothing fits."""

import json

import pytest

PAGE = "pages/models.py"


def drawn_points(page) -> int:
    """Count the models in the chart."""
    figure = json.loads(page.get("plotly_chart")[0].proto.spec)
    return sum(
        len(trace.get("customdata", []))
        for trace in figure["data"]
        if trace.get("mode") == "markers" and trace.get("name") != "picked"
    )


def texts(page) -> str:
    """Return all Markdown on the page."""
    return "\n".join(element.value for element in [*page.markdown, *page.caption])


def test_the_first_run_shows_every_classification_model(open_page):
    page = open_page(PAGE)
    assert not page.exception and not page.error
    assert "**115 of 115 models**" in texts(page)
    assert drawn_points(page) == 114
    assert "20 models on the Pareto front" in texts(page)


def test_a_pasted_address_restores_the_view(open_page):
    page = open_page(PAGE, search="swin", cost="GMACs", max_params="60")
    assert page.text_input(key="search").value == "swin"
    assert "of 115 models**" in texts(page)
    assert drawn_points(page) < 12


def test_the_front_is_recomputed_on_what_is_filtered(open_page):
    page = open_page(PAGE, cost="GMACs")
    page.multiselect(key="pretraining").set_value(["none named"]).run()
    assert "16 models on the Pareto front" in texts(page)


def test_reset_takes_every_filter_back(open_page):
    page = open_page(PAGE, search="resnet", min_accuracy="80")
    next(button for button in page.button if button.label == "Reset").click()
    page.run()
    assert "**115 of 115 models**" in texts(page)


def test_nothing_found_says_what_to_do(open_page):
    page = open_page(PAGE, search="no such model")
    assert "**0 of 115 models**" in texts(page)
    assert "Reset" in page.info[0].value
    assert not page.get("plotly_chart")


@pytest.mark.parametrize(
    "table", ["quantized", "segmentation", "detection", "instance", "keypoint", "video"]
)
def test_every_table_has_its_chart(open_page, table):
    page = open_page(PAGE, table=f"torchvision/{table}")
    assert not page.exception and not page.error
    assert drawn_points(page) > 1


def test_optical_flow_is_measured_in_end_point_error(open_page):
    page = open_page(PAGE, table="torchvision/optical-flow")
    assert not page.exception and not page.error
    figure = json.loads(page.get("plotly_chart")[0].proto.spec)
    assert "End-point error" in figure["layout"]["yaxis"]["title"]["text"]


@pytest.mark.parametrize(
    "hostile", ["nope", "<script>alert(1)</script>", "![](http://x)"]
)
def test_an_unknown_model_in_the_address_is_one_sentence(open_page, hostile):
    page = open_page(PAGE, model=hostile)
    assert not page.exception
    assert "The address asks for the model" in page.warning[0].value
    assert "](http" not in page.warning[0].value
    assert drawn_points(page) == 114


def test_an_unknown_table_falls_back_and_says_so(open_page):
    page = open_page(PAGE, table="torchvision/poetry")
    assert "the table" in page.warning[0].value
    assert "**115 of 115 models**" in texts(page)


def test_two_compared_models_show_only_their_differences(open_page):
    ids = ["ResNet50_Weights.IMAGENET1K_V1", "ResNet50_Weights.IMAGENET1K_V2"]
    page = open_page(PAGE, compare=ids)
    compared = page.dataframe[0].value
    assert "acc@1" in compared.index and "params" not in compared.index
    page.toggle(key="diff").set_value(False).run()
    assert "params" in page.dataframe[0].value.index


def test_a_model_named_by_the_address_opens_its_drawer(open_page):
    page = open_page(PAGE, model="ResNet50_Weights.IMAGENET1K_V2")
    assert not page.exception
    assert [metric.value for metric in page.metric] == ["80.86 %", "25.6 M"]


def test_a_clicked_point_opens_the_drawer(open_page):
    page = open_page(PAGE)
    page.session_state["chart"] = {
        "selection": {"points": [{"customdata": ["AlexNet_Weights.IMAGENET1K_V1"]}]}
    }
    page.run()
    assert not page.exception
