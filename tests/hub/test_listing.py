import pandas as pd
import pytest
from huggingface_hub import HfApi

from core.errors import HubError, HubUnreachable, UsageError
from core.hub.kept import last_listing, listing_path
from core.hub.listing import list_derived
from core.hub.rows import COLUMNS
from tests.standin import Standin

WEIGHTS = {"model.safetensors": b"weights"}


@pytest.fixture
def ask(hub, client, settings_for):
    """List on the stand-in; options go to list_derived."""

    def ask(base: str = "org/base", **options: object):
        return list_derived(base, client, settings_for(hub), **options)

    return ask


def add_children(hub: Standin, count: int, relation: str = "finetune", base="org/base"):
    for number in range(count):
        name = f"org/{relation}-{number}"
        hub.repository(name, base_model=base, relation=relation, files=WEIGHTS)


def test_pages_of_every_relation_are_one_row_each(hub, ask):
    hub.page_size = 3
    hub.repository("org/base", files=WEIGHTS)
    for relation in ("finetune", "adapter", "quantized", "merge"):
        add_children(hub, 7, relation)
    models = ask().models
    assert len(models) == 28 and models["id"].is_unique
    assert models["relation"].value_counts().to_dict() == dict.fromkeys(
        ("finetune", "adapter", "quantized", "merge"), 7
    )
    assert len(hub.requests) == 4 * 3


def test_the_rows_are_those_of_the_official_client(hub, ask, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_DISABLE_TELEMETRY", True)
    add_children(hub, 12)
    official = HfApi(endpoint=hub.endpoint, token=False).list_models(
        filter="base_model:finetune:org/base", expand=["sha", "siblings", "createdAt"]
    )
    expected = [(m.id, m.sha, m.created_at, [s.rfilename for s in m.siblings])
                for m in official]  # fmt: skip
    models = ask().models
    columns = ["id", "sha", "created_at", "files"]
    assert [tuple(row) for row in models[columns].itertuples(index=False)] == expected


def test_every_field_is_kept_with_the_date(hub, ask):
    card = {"license": "mit", "datasets": ["beans"], "metrics": ["accuracy"]}
    hub.repository("org/child", base_model="org/base", files=WEIGHTS, card=card,
                   downloads=7, likes=3, tags=("vision",))  # fmt: skip
    (row,) = ask().models.to_dict("records")
    assert tuple(row) == COLUMNS
    assert (row["license"], row["datasets"], row["metrics"]) == (
        "mit", ["beans"], ["accuracy"])  # fmt: skip
    assert (row["downloads"], row["likes"], row["task"]) == (
        7,
        3,
        "image-classification",
    )
    assert "vision" in row["tags"] and row["parent"] == "org/base" and row["hop"] == 1
    assert row["storage_bytes"] > 7 and row["listed_at"].tzinfo is not None


def test_what_cannot_be_compared_is_a_row_with_its_reason(hub, ask):
    files = {"tf_model.h5": b"x"}
    for name, fields in {
        "org/gated": {"gated": "auto", "files": WEIGHTS},
        "org/off": {"disabled": True, "files": WEIGHTS},
        "org/empty": {},
        "org/tf": {"files": files},
        "org/nested": {"files": {"checkpoint-5/model.safetensors": b"x"}},
        "org/fine": {"files": WEIGHTS},
    }.items():
        hub.repository(name, base_model="org/base", **fields)
    models = ask().models.set_index("id")
    assert models["reason"].to_dict() == {
        "org/gated": "gated", "org/off": "disabled", "org/empty": "no-weights",
        "org/tf": "unsupported-format", "org/nested": "no-weights", "org/fine": "",
    }  # fmt: skip
    assert models["explanation"]["org/gated"].endswith("then set HF_TOKEN.")


def test_private_and_gated_children_open_with_a_token(hub, client_for, settings_for):
    fields = {"base_model": "org/base", "files": WEIGHTS}
    hub.repository("org/private", private=True, **fields)
    hub.repository("org/gated", gated="auto", **fields)
    client = client_for(hub, token=hub.token)
    models = list_derived("org/base", client, settings_for(hub)).models
    assert models["reason"].to_list() == ["", ""]


def test_grandchildren_come_only_with_hops(hub, ask):
    hub.repository("org/base", base_model="org/deep", files=WEIGHTS)  # a circle
    hub.repository("org/child", base_model="org/base", files=WEIGHTS)
    hub.repository("org/grand", base_model="org/child", relation="merge", files=WEIGHTS)
    hub.repository("org/deep", base_model="org/grand", files=WEIGHTS)
    assert ask().models["id"].to_list() == ["org/child"]
    models = ask(hops=5).models
    assert models["id"].to_list() == ["org/child", "org/grand", "org/deep"]
    assert models["hop"].to_list() == [1, 2, 3]
    assert models["parent"].to_list() == ["org/base", "org/child", "org/grand"]


def test_childless_models_are_not_asked_for_children(hub, ask):
    add_children(hub, 20)
    ask(hops=2)
    assert len(hub.requests) == 4


def test_the_second_listing_tells_the_difference(hub, ask, settings_for):
    add_children(hub, 3)
    assert len(ask().new) == 3
    hub.delete("org/finetune-0")
    hub.commit("org/finetune-1", {"model.safetensors": b"other"})
    hub.repository("org/late", base_model="org/base", files=WEIGHTS)
    listing = ask()
    assert (listing.new, listing.gone, listing.changed) == (
        ("org/late",), ("org/finetune-0",), ("org/finetune-1",))  # fmt: skip
    kept = last_listing("org/base", settings_for(hub))
    pd.testing.assert_frame_equal(kept.models, listing.models)
    assert (kept.new, kept.listed_at) == (listing.new, listing.listed_at)


def test_an_empty_listing_is_kept_too(hub, ask, settings_for):
    assert ask().models.empty
    assert list(last_listing("org/base", settings_for(hub)).models) == list(COLUMNS)


def test_a_listing_that_fails_leaves_the_last_one(hub, ask, settings_for):
    add_children(hub, 5)
    before = ask()
    hub.page_size = 2
    hub.fault("status", where="api", status=500, after=2, times=None)
    with pytest.raises(HubUnreachable, match="answered 500"):
        ask()
    kept = last_listing("org/base", settings_for(hub))
    pd.testing.assert_frame_equal(kept.models, before.models)


@pytest.mark.parametrize("kind", ["status", "reset", "drop"])
def test_a_fault_in_mid_listing_loses_nothing(hub, ask, kind):
    hub.page_size = 2
    add_children(hub, 9)
    hub.fault(kind, where="api", after=2, times=3, status=429, retry_after="1")
    assert len(ask().models) == 9


def test_ids_are_asked_for_one_by_one_and_none_is_lost(hub, ask):
    hub.repository("org/a", files=WEIGHTS)
    hub.repository("org/old", files=WEIGHTS)
    hub.rename("org/old", "org/new")
    hub.repository("org/off", disabled=True)
    ids = ["org/a", "org/missing", "org/base", "org/old", "org/off", "org/a"]
    models = ask(ids=ids).models.set_index("id")
    assert models["reason"].to_dict() == {
        "org/a": "", "org/missing": "not-found", "org/old": "", "org/off": "disabled",
    }  # fmt: skip


def test_hostile_fields_become_a_row(hub, ask):
    strange = hub.repository("org/strange", base_model="org/base", files=WEIGHTS)
    strange.likes, strange.pipeline_tag = "many", "\ud800"
    strange.card = {"license": {"a": 1}, "metrics": "acc\ud800"}
    hub.repository("../escape", base_model="org/base", files=WEIGHTS)
    models = ask().models
    assert models["reason"].to_list() == ["", "not-found"]
    assert models["metrics"].to_list()[0] == ["acc?"] and pd.isna(models["likes"][0])


def test_a_next_link_to_another_host_is_refused(hub, client_for, settings_for):
    with Standin() as other:
        hub.page_size = 1
        add_children(hub, 2)
        hub.elsewhere = other.endpoint
        client = client_for(hub, token=hub.token)
        with pytest.raises(HubUnreachable, match="another host"):
            list_derived("org/base", client, settings_for(hub))
        assert other.requests == []


def test_a_refused_token_is_one_named_error(hub, client_for, settings_for):
    client = client_for(hub, token="hf_wrong")
    with pytest.raises(HubError, match="refuses the token"):
        list_derived("org/base", client, settings_for(hub))


@pytest.mark.parametrize(
    "options",
    [{"base": "../x"}, {"relations": ["clone"]}, {"hops": 0}, {"ids": ["a b"]}],
)
def test_wrong_questions_are_not_asked(hub, ask, options):
    with pytest.raises(UsageError):
        ask(**options)
    assert hub.requests == []


def test_each_question_has_its_own_file(hub, settings_for):
    settings = settings_for(hub)
    paths = [
        listing_path("org/base", settings),
        listing_path("org/base", settings, hops=2),
        listing_path("org/base", settings, relations=["merge"]),
        listing_path("org/base", settings, ids=["a/b"]),
    ]
    assert len(set(paths)) == 4
    assert {path.parent for path in paths} == {settings.cache_root / "hub"}
