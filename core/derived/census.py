"""The published study's findings next to what Pedigree finds: a row a finding, with a
verdict and the reason for it. Compares no models and asks nobody.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from core.derived.census_study import Finding, StudiedBase, Study
from core.derived.shares import wilson

Standing = Literal[
    "agrees", "corrected", "similar share", "differs", "not checked", "not counted"
]
STANDINGS: Mapping[Standing, str] = {
    "agrees": "As many models as the study counted have the pattern.",
    "corrected": "As many as the study would have counted but for a known error.",
    "similar share": "Other models are listed now; the share then lies in the 95 % "
    "interval of the share now.",
    "differs": "Another number of models, or another share, has the pattern.",
    "not checked": "Not every listed model is compared yet.",
    "not counted": "The finding states no number.",
}

FINDING_TYPES = {
    "base": "str", "task": "str", "finding": "str", "patterns": "str",
    "published": "Int64", "expected": "Int64", "of": "Int64", "found": "Int64",
    "compared": "Int64", "share_expected": "Float64", "share": "Float64",
    "low": "Float64", "high": "Float64", "standing": "str", "correction": "str",
    "why": "str", "compared_at": "str",
}  # fmt: skip
"""`published` of the study's `of` models have one of the patterns by its text, and
`expected` once a known error is mended (`share_expected`); `found` of the `compared` by
ours (`share`, its 95 % interval from `low` to `high`). `correction` tells the error,
`why` what there is instead where they differ. What is not known is missing.
"""

BASE_TYPES = {
    "base": "str", "task": "str", "crawled": "Int64", "lost": "Int64", "of": "Int64",
    "listed": "Int64", "compared": "Int64", "failed": "Int64", "waiting": "Int64",
    "patterns": "str", "failures": "str",
}  # fmt: skip
"""`crawled`, `lost` (no reason was kept) and `of` are the study's, the others ours."""


@dataclass(frozen=True)
class Census:
    """The study next to ours: `findings` as FINDING_TYPES, `bases` as BASE_TYPES."""

    study: Study
    findings: pd.DataFrame
    bases: pd.DataFrame

    @property
    def standings(self) -> dict[str, int]:
        """How many findings there are of each standing, all standings named."""
        counts = self.findings["standing"].value_counts()
        return {standing: int(counts.get(standing, 0)) for standing in STANDINGS}


def census(study: Study, models_of: Callable[[str], pd.DataFrame]) -> Census:
    """Put what is known of each base's family next to the study's findings.

    `models_of` returns the rows of `Family.models` for a base. As in the study only
    fine-tuned models count: no adapters, quantized models or merges.
    """
    findings, bases = [], []
    for base in study.bases:
        models = _finetuned(models_of(base.base))
        bases.append(_base_row(base, models))
        findings += [_finding_row(base, each, models) for each in base.findings]
    return Census(
        study,
        pd.DataFrame(findings, columns=list(FINDING_TYPES)).astype(FINDING_TYPES),
        pd.DataFrame(bases, columns=list(BASE_TYPES)).astype(BASE_TYPES),
    )


def having(models: pd.DataFrame, patterns: Sequence[str]) -> pd.Series:
    """Tell which models have one of the patterns.

    >>> kinds = {"kind": ["frozen-prefix", "head-only"], "frozen_blocks": [6, None]}
    >>> models = pd.DataFrame(kinds | {"statistics_drift": [False, True]})
    >>> [having(models, [pattern]).tolist()
    ...  for pattern in ("frozen-prefix 6", "head-only", "head-only without drift")]
    [[True, False], [False, True], [False, False]]
    """
    kind = models["kind"].astype(object).where(models["kind"].notna(), "")
    blocks = models["frozen_blocks"].astype("Int64").astype(object)
    drift = models["statistics_drift"].astype("boolean").fillna(False)
    words = drift.map({True: "with drift", False: "without drift"}).astype(object)
    spelled = (kind, kind + " " + blocks.map(str), kind + " " + words)
    return pd.concat([text.isin(patterns) for text in spelled], axis=1).any(axis=1)


def _finetuned(models: pd.DataFrame) -> pd.DataFrame:
    return models[models["relation"].isna() | (models["relation"] == "finetune")]


def _base_row(base: StudiedBase, models: pd.DataFrame) -> dict[str, object]:
    status = models["status"].value_counts()
    failed = models["status"] == "failed"
    return {
        "base": base.base, "task": base.task, "crawled": base.crawled,
        "lost": base.crawled - base.worked, "of": base.listed, "listed": len(models),
        "compared": status.get("ok", 0), "failed": status.get("failed", 0),
        "waiting": status.get("skipped", 0), "patterns": _counted(_patterns(models)),
        "failures": _counted(models.loc[failed, "reason"]),
    }  # fmt: skip


def _finding_row(
    base: StudiedBase, finding: Finding, models: pd.DataFrame
) -> dict[str, object]:
    row = {
        "base": base.base, "task": base.task, "finding": finding.says,
        "patterns": ", ".join(finding.patterns), "published": finding.models,
        "expected": finding.expected, "of": base.listed,
        "correction": finding.correction or None,
    }  # fmt: skip
    if finding.models is None:
        why = "The finding states no number, or is about the study's method."
        return row | {"standing": "not counted", "why": why}
    row |= {"share_expected": finding.expected / base.listed}
    compared = models[models["status"] == "ok"]
    waiting = int((models["status"] == "skipped").sum())
    if compared.empty or waiting:
        why = f"{len(compared):,} of {len(models):,} listed models are compared."
        why = why if len(models) else "No model is listed yet."
        return row | {"standing": "not checked", "why": why}
    found = int(having(compared, finding.patterns).sum())
    low, high = wilson(found, len(compared))
    standing = _standing(base, finding, found, len(compared), (low, high))
    return row | {
        "found": found, "compared": len(compared), "share": found / len(compared),
        "low": low, "high": high, "standing": standing,
        "why": _reason(standing, base, compared),
        "compared_at": compared["compared_at"].max(),
    }  # fmt: skip


def _standing(
    base: StudiedBase,
    finding: Finding,
    found: int,
    compared: int,
    interval: tuple[float, float],
) -> Standing:
    if compared == base.listed and found == finding.expected:
        return "corrected" if finding.correction else "agrees"
    low, high = interval
    is_near = low <= finding.expected / base.listed <= high
    return "similar share" if compared != base.listed and is_near else "differs"


def _reason(
    standing: Standing, base: StudiedBase, compared: pd.DataFrame
) -> str | None:
    """Say what there is instead where the numbers are not the same."""
    if standing in ("agrees", "corrected"):
        return None
    population = f"{len(compared):,} models are compared, {base.listed:,} in the study"
    return f"{population}: {_counted(_patterns(compared))}."


def _patterns(models: pd.DataFrame) -> pd.Series:
    """Name each compared model's pattern, with its blocks where it has some."""
    rows = models[models["status"] == "ok"]
    blocks = rows["frozen_blocks"].astype("Int64").astype(object)
    return rows["kind"].astype(object) + blocks.map(
        lambda count: "" if pd.isna(count) else f" {count}"
    )


def _counted(values: pd.Series) -> str:
    """Count values in words, the commonest first."""
    return ", ".join(f"{n} {value}" for value, n in Counter(values).most_common())
