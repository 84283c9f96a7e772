"""Every ranking of zero-shot and supervised models as one tidy frame: the survey's
lists, published results and open_clip's table. Ranks are within one protocol.
"""

from collections.abc import Mapping

import pandas as pd

from core.zero_shot.catalog import Catalog
from core.zero_shot.open_clip import open_clip_results

COLUMNS = (
    "ranking", "title", "source", "source_name", "task", "protocol", "model", "name",
    "label", "rank", "of", "listed_rank", "value", "date",
)  # fmt: skip
PUBLISHED = "published"
OPEN_CLIP = "open_clip"
SHORT: Mapping[str, str] = {PUBLISHED: "authors", OPEN_CLIP: "open_clip"}
LEAST_RANKED = 3
"""A benchmark with fewer models than this says little about an order."""


def every_ranking(catalog: Catalog, open_clip: pd.DataFrame) -> pd.DataFrame:
    """Return a row for each model in each ranking and task, best first.

    `open_clip` is the table of core.tables, empty before its first refresh. A list that
    holds supervised and zero-shot models becomes two, each ranked anew; `listed_rank`
    keeps the place in the whole list. Lists of popular models rank nobody and are left
    out.
    """
    parts = [_surveyed(catalog), _published(catalog), _open_clip(catalog, open_clip)]
    known = catalog.every_model.set_index("id")
    rows = pd.concat([part for part in parts if len(part)], ignore_index=True)
    zero_shot = known["zero_shot"].reindex(rows["model"]).to_numpy(bool)
    rows["protocol"] = ["zero-shot" if one else "supervised" for one in zero_shot]
    rows["name"] = known["name"].reindex(rows["model"]).to_numpy()
    groups = rows.groupby(["ranking", "task", "protocol"])["listed_rank"]
    rows["rank"] = groups.rank(method="min").astype(int)
    rows["of"] = groups.transform("size")
    return rows[list(COLUMNS)].sort_values(
        ["task", "protocol", "source", "ranking", "rank"], ignore_index=True
    )


def best_of_each_model(results: pd.DataFrame) -> pd.DataFrame:
    """Keep the best checkpoint of each model in each benchmark, ranked by value.

    >>> rows = pd.DataFrame({"benchmark": "b", "model": ["x", "x", "y"],
    ...                      "value": [.7, .8, .75]})
    >>> best_of_each_model(rows)[["model", "value", "listed_rank"]].values.tolist()
    [['x', 0.8, 1], ['y', 0.75, 2]]
    """
    best = results.sort_values("value", ascending=False, kind="stable")
    best = best.drop_duplicates(["benchmark", "model"])
    ranks = best.groupby("benchmark")["value"].rank(method="min", ascending=False)
    best = best.assign(listed_rank=ranks.astype(int))
    return best.sort_values(["benchmark", "listed_rank"], ignore_index=True)


def _surveyed(catalog: Catalog) -> pd.DataFrame:
    lists = catalog.rankings[catalog.rankings["ordered"]].rename(
        columns={"id": "ranking", "name": "list"}
    )
    sources = catalog.sources.set_index("id")
    rows = catalog.placements.merge(
        lists[["ranking", "source", "tasks", "list", "dataset"]], on="ranking"
    ).explode("tasks")
    titles = rows["dataset"].where(rows["dataset"] != "", rows["list"])
    return rows.assign(
        task=rows["tasks"],
        title=titles + ", " + rows["source"].map(sources["short"]),
        source_name=rows["source"].map(sources["name"]),
        listed_rank=rows["rank"].astype(int),
        date=str(catalog.origin["as_of"]),
    )


def _published(catalog: Catalog) -> pd.DataFrame:
    rows = catalog.results.dropna(subset=["value"])
    return _as_rankings(
        rows.assign(label=rows["variant"], date=rows["read"]),
        catalog,
        PUBLISHED,
        "Published by the authors",
    )


def _open_clip(catalog: Catalog, table: pd.DataFrame) -> pd.DataFrame:
    rows = open_clip_results(table, catalog.every_model)
    rows = rows[rows["model"] != ""]
    return _as_rankings(
        rows.assign(label=rows["variant"], date=rows["read"].str[:10]),
        catalog,
        OPEN_CLIP,
        "open_clip's table",
    )


def _as_rankings(
    rows: pd.DataFrame, catalog: Catalog, source: str, source_name: str
) -> pd.DataFrame:
    known = catalog.benchmarks.set_index("id")
    best = best_of_each_model(rows)
    models = best.groupby("benchmark")["model"].transform("size")
    best = best[(models >= LEAST_RANKED) & best["benchmark"].isin(known.index)]
    names = known["name"].reindex(best["benchmark"]).to_numpy()
    return best.assign(
        ranking=source + ":" + best["benchmark"],
        title=[f"{name}, {SHORT[source]}" for name in names],
        source=source,
        source_name=source_name,
        task=known["task"].reindex(best["benchmark"]).to_numpy(),
    )
