"""What a model row says of a child's origin, dates and size."""

import pandas as pd

from core.derived.comparisons import skipped
from core.derived.frames import model_rows
from core.derived.hub_child import hub_children
from core.hub.rows import listing_frame, model_row


def listed(**fields):
    item = {"id": "kid/one", "createdAt": "2024-03-02T10:00:00.000Z"} | fields
    place = {"parent": "org/vit", "relation": "finetune", "hop": 1}
    return hub_children(listing_frame([model_row(item, has_token=True) | place]))[0]


def rows_of(child):
    return model_rows([skipped(child.id, "limit")], [child.card]).iloc[0]


def test_parents_are_the_cards_else_the_hubs_tags_else_what_it_is_listed_under():
    card = {"cardData": {"base_model": ["org/vit", "org/other"]}}
    tags = {"tags": ["base_model:org/vit", "base_model:merge:org/vit", "vision"]}
    assert rows_of(listed(**card))["parents"] == "org/vit, org/other"
    assert rows_of(listed(**tags))["parents"] == "org/vit"
    assert rows_of(listed())["parents"] == "org/vit"


def test_dates_are_utc_and_an_unread_one_is_missing():
    row = rows_of(listed(lastModified="yesterday"))
    assert row["created_at"] == pd.Timestamp("2024-03-02T10:00", tz="UTC")
    assert pd.isna(row["last_modified"]) and pd.isna(row["size_bytes"])


def test_a_frame_of_nothing_has_the_types():
    types = model_rows([], []).dtypes.astype(str)
    assert types["created_at"] == "datetime64[us, UTC]"
    assert types["size_bytes"] == "Int64" and types["parents"] == "str"
