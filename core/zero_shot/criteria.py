"""The survey's four criteria, decided for every model: yes, no or unknown, and why."""

from collections.abc import Sequence

import pandas as pd

from core.tables.filters import pareto_front
from core.zero_shot.catalog import Catalog

OPEN_LICENCES = frozenset(
    {"MIT", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "GPL-3.0", "AGPL-3.0"}
)
YES, NO, UNKNOWN = "yes", "no", "unknown"
ORDER = (YES, NO, UNKNOWN)
SHARE_FOR_WEIGHTS = 0.5

Decision = tuple[str, str]


def decide(catalog: Catalog, points: pd.DataFrame, memory_bytes: float) -> pd.DataFrame:
    """Return one row a model: a column a criterion and `why_` of each.

    `points` are of core.zero_shot.points; `memory_bytes` is what the person's machine
    has. What cannot be decided is unknown, never yes.
    """
    models = catalog.every_model
    verdicts = latest_verdicts(catalog)
    on_front = _on_fronts(points)
    smallest = _smallest(catalog, points)
    decided = []
    for model in models.itertuples():
        found = {
            "open_source": _is_open(model.access, model.licence),
            "easy": _is_easy(verdicts.get(model.id, ""), model.found_in),
            "balance": _is_balanced(on_front.get(model.id)),
            "consumer_hw": _fits(smallest.get(model.id), memory_bytes),
        }
        row = {name: decision for name, (decision, _) in found.items()}
        row |= {f"why_{name}": why for name, (_, why) in found.items()}
        decided.append({"model": model.id, "name": model.name, **row})
    return pd.DataFrame(decided)


def answer(decided: pd.DataFrame, criteria: Sequence[str]) -> str:
    """Say which models meet every criterion, and how many might.

    >>> rows = pd.DataFrame({"name": ["A", "B", "C"], "easy": ["yes", "unknown", "no"]})
    >>> answer(rows, ["easy"])
    'A meets all criteria; 1 more may, with something unknown.'
    """
    decisions = decided[list(criteria)]
    meets = decided.loc[(decisions == YES).all(axis=1), "name"].tolist()
    may = int((decisions != NO).all(axis=1).sum()) - len(meets)
    said = f"{', '.join(meets) or 'No model'} {'meet' if len(meets) > 1 else 'meets'}"
    more = f"; {may} more may, with something unknown" if may else ""
    return f"{said} all criteria{more}."


def latest_verdicts(catalog: Catalog) -> dict[str, str]:
    """Return the last install verdict of every model that was ever tried."""
    last = catalog.verdicts.sort_values("date", kind="stable").groupby("audit").last()
    return {
        model: str(last.loc[audit.id, "verdict"])
        for audit in catalog.audits.itertuples()
        for model in audit.models
    }


def _is_open(access: str, licence: str) -> Decision:
    """Decide by the access to the weights, then by the licence.

    >>> _is_open("open", "MIT")[0], _is_open("gated", "MIT")[0], _is_open("open", "")[0]
    ('yes', 'no', 'unknown')
    """
    if access in ("gated", "closed"):
        return NO, f"The weights are {access}."
    if licence and licence not in OPEN_LICENCES:
        return NO, f"{licence} is no open-source license."
    if access == UNKNOWN or not licence:
        what = "access to the weights" if licence else "license"
        return UNKNOWN, f"The {what} was not found."
    return YES, f"Weights to download, {licence}."


def _is_easy(verdict: str, found_in: str) -> Decision:
    """Decide by the last audit, else by a release that has the model's class.

    >>> _is_easy("blocked", "transformers 5.23")[0], _is_easy("", "transformers 5.23")
    ('no', ('yes', 'transformers 5.23 has a class for it.'))
    """
    if not verdict and found_in:
        return YES, f"{found_in} has a class for it."
    if not verdict:
        return UNKNOWN, "Nobody here tried to install it."
    if verdict == "unverified":
        return UNKNOWN, "The last install is not verified."
    return (YES if verdict == "ok" else NO), f"The last install verdict is {verdict}."


def _is_balanced(fronts: tuple[str, ...] | None) -> Decision:
    if fronts is None:
        return UNKNOWN, "No score with a number of parameters."
    if not fronts:
        return NO, "Another model is as good with fewer parameters, everywhere."
    return YES, f"On the Pareto front of {', '.join(fronts)}."


def _fits(params: float | None, memory_bytes: float) -> Decision:
    if params is None:
        return UNKNOWN, "Its number of parameters is not known."
    takes = 2 * params
    size = f"{takes / 2**30:.2f} GiB"
    said = f"Weights of {size} at 16 bits, for its smallest checkpoint."
    return (YES if takes <= SHARE_FOR_WEIGHTS * memory_bytes else NO), said


def _on_fronts(points: pd.DataFrame) -> dict[str, tuple[str, ...]]:
    """Return the datasets on whose front a model is; () where it is on none."""
    known = points.dropna(subset=["params", "accuracy"])
    fronts: dict[str, list[str]] = {model: [] for model in known["model"]}
    for dataset, rows in known.groupby("dataset", sort=False):
        front = rows.loc[pareto_front(rows, "params", "accuracy"), "model"]
        for model in front.unique():
            fronts[model].append(str(dataset))
    return {model: tuple(datasets) for model, datasets in fronts.items()}


def _smallest(catalog: Catalog, points: pd.DataFrame) -> dict[str, float]:
    """Return the fewest parameters that any known checkpoint of a model has."""
    known = pd.concat(
        [frame[["model", "params"]] for frame in
         (catalog.costs, catalog.results, points)]
    ).dropna()  # fmt: skip
    return known.groupby("model")["params"].min().to_dict()
