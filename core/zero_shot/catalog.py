"""The zero-shot survey in memory: one frame a table, and the survey's own origin.

The files under `survey/` are the truth; this reads them and joins what belongs
together.
"""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from core.zero_shot.links import with_states
from core.zero_shot.rows import read_origin, read_tables

SURVEY = Path(__file__).with_name("survey")


@dataclass(frozen=True)
class Catalog:
    """Everything of the survey; the columns of each frame are in `schema`.

    `models` holds the survey's own, `later` what came after; `links` carries the state
    of each link. `origin` says where the survey is from: title, repository, commit,
    date.
    """

    origin: dict[str, object]
    criteria: pd.DataFrame
    sources: pd.DataFrame
    rankings: pd.DataFrame
    placements: pd.DataFrame
    models: pd.DataFrame
    later: pd.DataFrame
    audits: pd.DataFrame
    verdicts: pd.DataFrame
    corrections: pd.DataFrame
    links: pd.DataFrame
    benchmarks: pd.DataFrame
    results: pd.DataFrame
    costs: pd.DataFrame

    @property
    def every_model(self) -> pd.DataFrame:
        """The survey's models, then the later ones, with `is_later`."""
        parts = {False: self.models, True: self.later}
        return pd.concat(
            [rows.assign(is_later=later) for later, rows in parts.items()],
            ignore_index=True,
        )

    @property
    def named_links(self) -> pd.DataFrame:
        """The links with owners as people call them, such as "audit SAM ViT"."""
        tables = (("source", self.sources), ("ranking", self.rankings),
                  ("audit", self.audits))  # fmt: skip
        names = {
            f"{kind}:{row.id}": f"{kind} {row.name}"
            for kind, rows in tables
            for row in rows.itertuples(index=False)
        }
        owners = self.links["owner"].map(lambda owner: names.get(owner, owner))
        return self.links.assign(owner=owners)

    def corrections_of(self, *owners: str) -> pd.DataFrame:
        """Return the corrections about any of `owners`, such as "audit:owl"."""
        return self.corrections[self.corrections["about"].isin(owners)]


def load_catalog(folder: Path = SURVEY) -> Catalog:
    """Read the survey's files; UsageError names the first entry that is wrong."""
    tables = read_tables(folder)
    states = tables.pop("link_states")
    tables["links"] = with_states(tables["links"], states)
    return Catalog(origin=read_origin(folder), **tables)
