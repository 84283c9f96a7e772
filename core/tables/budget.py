"""Which model fits a budget: the best, the runners-up, and the answer in words."""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from core.tables.filters import among, within
from core.tables.schema import column

SPENT = {
    "params": (1e6, "M parameters"),
    "gmacs": (1.0, "GMACs"),
    "file_size_bytes": (1e6, "MB"),
    "throughput": (1.0, "images/s"),
}
"""What one unit of each limited number is, and its word."""


@dataclass(frozen=True)
class Budget:
    """What a model may cost; None and empty mean "any".

    `least_throughput` is images per second on the table's device.
    """

    most_params: float | None = None
    most_gmacs: float | None = None
    most_file_size_bytes: float | None = None
    least_throughput: float | None = None
    licences: tuple[str, ...] = ()


@dataclass(frozen=True)
class Fit:
    """The models that fit, and why the others do not.

    `ranked` holds the best of them, best first, and `fitting` all, in the order given.
    `unknown` counts the models that lack a number that the budget asks for.
    """

    ranked: pd.DataFrame
    fitting: pd.DataFrame
    considered: int
    unknown: int
    sentence: str

    @property
    def best(self) -> pd.Series | None:
        """The best model that fits, None without any."""
        return None if self.ranked.empty else self.ranked.iloc[0]

    @property
    def runners_up(self) -> pd.DataFrame:
        """The next best models, of other architectures."""
        return self.ranked.iloc[1:]


def fits(
    models: pd.DataFrame,
    budget: Budget,
    *,
    value: str = "accuracy",
    lower: bool = False,
    runners_up: int = 3,
) -> Fit:
    """Rank what fits a budget by `value`; of each architecture only its best weight.

    >>> from core.tables.schema import tidy
    >>> models = tidy([{"name": "big", "arch": "b", "params": 9e6, "accuracy": 0.8},
    ...                {"name": "small", "arch": "s", "params": 1e6, "accuracy": 0.7}])
    >>> fits(models, Budget(most_params=5e6)).sentence
    'Of 2 models 1 fits at most 5 M parameters. Best: small, 70.0 % at 1 M parameters.'
    """
    known = models.dropna(subset=[value])
    bounded = [name for name, _, high in _limits(budget) if high is not None]
    bounded += ["throughput"] if budget.least_throughput is not None else []
    measured = known.dropna(subset=bounded)
    rows = measured
    for name, low, high in _limits(budget):
        rows = within(rows, name, low, high)
    rows = among(rows, "licence", budget.licences)
    ordered = rows.sort_values([value, "params"], ascending=[lower, True])
    distinct = ordered[~ordered["arch"].where(ordered["arch"] != "").duplicated()
                       | (ordered["arch"] == "")]  # fmt: skip
    ranked = distinct.head(1 + runners_up)
    unknown = len(known) - len(measured)
    sentence = _sentence(len(known), len(rows), unknown, ranked, budget, value, models)
    return Fit(ranked, rows, len(known), unknown, sentence)


def _limits(budget: Budget) -> list[tuple[str, float | None, float | None]]:
    return [
        ("params", None, budget.most_params),
        ("gmacs", None, budget.most_gmacs),
        ("file_size_bytes", None, budget.most_file_size_bytes),
        ("throughput", budget.least_throughput, None),
    ]


def _sentence(
    considered: int,
    fitting: int,
    unknown: int,
    ranked: pd.DataFrame,
    budget: Budget,
    value: str,
    models: pd.DataFrame,
) -> str:
    asked = _asked(budget, models)
    count = f"{fitting:,} {'fits' if fitting == 1 else 'fit'}"
    said = f"Of {considered:,} models {count}" + (f" {asked}" if asked else "") + "."
    if unknown:
        verb = "lacks" if unknown == 1 else "lack"
        said += f" {unknown:,} {verb} a number that this asks for."
    if ranked.empty:
        return said
    names = [
        f"{row['name']}, {_written(row[value], value)}" for _, row in _each(ranked)
    ]
    said += f" Best: {names[0]}{_spent(ranked.iloc[0], budget)}."
    return said + (f" Then {'; '.join(names[1:])}." if names[1:] else "")


def _each(rows: pd.DataFrame) -> Sequence[tuple[object, pd.Series]]:
    return list(rows.iterrows())


def _asked(budget: Budget, models: pd.DataFrame) -> str:
    parts = []
    if budget.most_params is not None:
        parts.append(f"at most {_count(budget.most_params)} parameters")
    if budget.most_gmacs is not None:
        parts.append(f"at most {budget.most_gmacs:g} GMACs")
    if budget.most_file_size_bytes is not None:
        parts.append(f"at most {budget.most_file_size_bytes / 1e6:g} MB")
    if budget.least_throughput is not None:
        devices = ", ".join(sorted(set(models["device"]) - {""}))
        on = f" on {devices}" if devices else ""
        parts.append(f"at least {budget.least_throughput:,.0f} images/s{on}")
    if budget.licences:
        parts.append(f"a license of {', '.join(budget.licences)}")
    return ", ".join(parts)


def _spent(model: pd.Series, budget: Budget) -> str:
    """Say how much of each limited number a model takes."""
    parts = []
    for name, *limits in _limits(budget):
        if limits != [None, None]:
            unit, word = SPENT[name]
            amount = model[name] / unit
            digits = ",.0f" if amount > 999 else ".3g"
            parts.append(f"{amount:{digits}} {word}")
    return f" at {', '.join(parts)}" if parts else ""


def _count(number: float) -> str:
    return f"{number / 1e6:g} M" if number >= 1e5 else f"{number:,.0f}"


def _written(number: float, name: str) -> str:
    if column(name).kind == "fraction":
        return f"{100 * number:.1f} %"
    return f"{number:.3g} {column(name).unit}".strip()
