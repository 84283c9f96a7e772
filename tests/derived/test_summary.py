"""The tables of a family hold exactly what its rows hold."""

import numpy as np
import pandas as pd
import pytest

from core.derived.shares import wilson
from core.derived.summary import (
    depth_counts,
    failure_shares,
    layer_shares,
    over_time,
    pattern_shares,
    popularity,
)


def frame(*rows, **columns):
    """Models as (id, status, kind or reason, downloads)."""
    made = pd.DataFrame(rows, columns=["id", "status", "word", "downloads"])
    is_ok = made["status"] == "ok"
    return made.assign(
        kind=made["word"].where(is_ok), reason=made["word"].where(~is_ok),
        downloads=made["downloads"].astype("Int64"), **columns,
    )  # fmt: skip


@pytest.fixture
def models():
    return frame(
        ("a", "ok", "full", 10), ("b", "ok", "full", None),
        ("c", "ok", "head-only", 30),
        ("d", "failed", "gated", 500), ("e", "failed", "gated", None),
        ("f", "failed", "corrupt", None), ("g", "skipped", "limit", None),
        ("h", "ok", "adapter", 60),
    )  # fmt: skip


def tensor(model, block, verdict, distance=np.nan, elements=1, **facts):
    return {
        "model": model, "base_name": f"{block}.w", "block": block,
        "order": int(block[-1]), "verdict": verdict, "elements": elements,
        "is_parameter": True, "is_unreached": False, "is_tied": False,
        "relative_l2": distance, **facts,
    }  # fmt: skip


def layers(models, *rows):
    return layer_shares(pd.DataFrame(rows), models).set_index("block")


def test_patterns_are_shares_of_what_was_compared(models):
    found = pattern_shares(models).set_index("kind")
    assert found["models"].to_dict() == {"full": 2, "head-only": 1, "adapter": 1}
    assert found["share"].sum() == pytest.approx(1)
    assert found.loc["full", ["low", "high"]].tolist() == list(wilson(2, 4))


def test_patterns_weighted_by_downloads_leave_unknown_ones_out(models):
    found = pattern_shares(models).set_index("kind")
    assert found["downloads"].to_dict() == {"full": 10, "head-only": 30, "adapter": 60}
    assert found.loc["adapter", "downloads_share"] == pytest.approx(0.6)
    is_inside = found["downloads_low"] <= found["downloads_share"]
    assert (
        is_inside.all() and (found["downloads_high"] >= found["downloads_share"]).all()
    )


def test_without_downloads_their_share_is_missing(models):
    found = pattern_shares(models.assign(downloads=pd.array([pd.NA] * 8, "Int64")))
    assert found["downloads_share"].isna().all() and found["downloads_low"].isna().all()


def test_failures_are_shares_of_what_was_tried(models):
    found = failure_shares(models).set_index("reason")
    assert found["models"].to_dict() == {"gated": 2, "corrupt": 1}
    assert (found["total"] == 7).all()


def test_depth_counts_blocks_from_the_input(models):
    matrix = pd.DataFrame(
        [[1, 1, 1], [1, 0, 1], [0, 0, 1], [0, 0, 0]], index=list("abch"),
        columns=["stem", "block 0", "head"],
    )  # fmt: skip
    found = depth_counts(matrix, models)
    assert found[["depth", "up_to", "kind", "models"]].values.tolist() == [
        [0, "nothing", "full", 2], [2, "block 0", "head-only", 1],
    ]  # fmt: skip
    assert (found["total"] == 3).all()


def test_layers_count_models_and_average_their_distance(models):
    found = layers(
        models,
        tensor("a", "block 0", "changed", 0.2, 3), tensor("a", "block 0", "equal"),
        tensor("b", "block 0", "changed", 0.4), tensor("c", "block 0", "equal"),
        tensor("h", "block 0", "changed", 9.0),
    )  # fmt: skip
    row = found.loc["block 0"]
    assert (row["models"], row["total"], row["measured"]) == (2, 3, 2)
    assert row["mean_relative_l2"] == pytest.approx((0.2 * 3 / 4 + 0.4) / 2)


def test_an_unmeasured_distance_is_unknown_not_zero(models):
    row = layers(
        models, tensor("a", "block 0", "changed"), tensor("c", "block 0", "equal")
    )
    assert row.loc["block 0", "measured"] == 0
    assert np.isnan(row.loc["block 0", "mean_relative_l2"])


def test_an_undecided_layer_counts_for_neither(models):
    rows = [tensor("a", "block 0", "equal"), tensor("a", "block 0", "unknown")]
    assert layers(models, *rows).empty
    row = layers(models, *rows, tensor("a", "block 0", "reshaped")).loc["block 0"]
    assert (row["models"], row["total"]) == (1, 1)


def test_what_training_never_reaches_moves_no_layer(models):
    aside = [{"is_unreached": True}, {"is_tied": True}, {"is_parameter": False}]
    rows = [tensor("a", "block 0", "changed", 1.0, **facts) for facts in aside]
    row = layers(models, tensor("a", "block 0", "equal"), *rows).loc["block 0"]
    assert (row["models"], row["total"]) == (0, 1)


def test_layers_stand_in_forward_order_and_reconcile_with_a_slow_loop(models):
    random = np.random.default_rng(0)
    rows = [
        tensor(model, f"block {n}", random.choice(["equal", "changed", "unknown"]))
        for n in (3, 1, 2) for model in "abc" for _ in range(2)
    ]  # fmt: skip
    found = layers(models, *rows)
    assert list(found.index) == ["block 1", "block 2", "block 3"]
    for block, row in found.iterrows():
        seen = [
            {r["verdict"] for r in rows if r["model"] == m and r["block"] == block}
            for m in "abc"
        ]
        assert row["models"] == sum("changed" in words for words in seen)
        assert row["total"] == sum(
            "changed" in words or words == {"equal"} for words in seen
        )


def test_popularity_knows_the_median_and_whether_it_is_sure():
    models = frame(*((str(n), "ok", "full", n) for n in range(1, 12)))
    row = popularity(models).iloc[0]
    assert (row["models"], row["median"], row["downloads"]) == (11, 6, 66)
    assert row["low"] < 6 < row["high"]
    assert popularity(models[:3])["low"].isna().all()


def test_time_is_counted_in_months_or_quarters(models):
    days = pd.to_datetime(
        pd.Series(["2024-01-05", "2024-01-30", "2024-03-01"]), utc=True
    )
    dated = models[models["status"] == "ok"][:3].assign(created_at=days.to_numpy())
    found = over_time(dated)
    assert found["models"].sum() == 3
    assert found["period"].dt.strftime("%Y-%m").unique().tolist() == [
        "2024-01",
        "2024-03",
    ]
    dated["created_at"] = pd.to_datetime(["2020-02-01", "2024-01-30", None], utc=True)
    assert over_time(dated)["period"].dt.month.tolist() == [1, 1]


def test_without_dates_there_is_no_time(models):
    assert over_time(models).empty
    nothing = models.assign(created_at=pd.Series(pd.NaT, index=models.index))
    assert over_time(nothing).empty


def test_an_empty_family_has_empty_tables(models):
    none = models[:0]
    tables = pattern_shares(none), failure_shares(none), popularity(none)
    assert all(table.empty for table in tables)
    assert layer_shares(pd.DataFrame([tensor("a", "block 0", "equal")]), none).empty
