"""The census of what is kept on this machine, and the one job that compares several
bases of it. What is finished is kept base by base, model by model.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from core.derived.census import Census, census
from core.derived.census_study import Study, chosen_bases, published_study
from core.derived.crawl import Asked
from core.derived.family import Family, family
from core.derived.frames import model_rows
from core.errors import JobCancelled, PedigreeError
from core.progress import Progress, part_of, stop_if
from core.settings import Settings


@dataclass(frozen=True)
class CensusRun:
    """What came of comparing several bases: the families, and why others failed."""

    families: tuple[Family, ...]
    failures: Mapping[str, str]


def stored_census(settings: Settings, study: Study | None = None) -> Census:
    """Put the study next to what is kept here, without comparing or asking anybody."""
    nothing = model_rows((), ())

    def models_of(base: str) -> pd.DataFrame:
        found = family(base, settings, limit=0)
        return found.models if found.results else nothing

    return census(study or published_study(), models_of)


def compare_census(
    settings: Settings,
    bases: Sequence[str] = (),
    *,
    limit: int | None = None,
    workers: int | None = None,
    retry: str | None = None,
    progress: Progress | None = None,
    cancelled: Asked | None = None,
    paused: Asked | None = None,
) -> CensusRun:
    """Compare the families of some bases of the study (of all by default), in order.

    Run again it does only what is missing. A base that cannot be had does not stop the
    others. The options are those of `core.derived.family.family`. Raises UsageError for
    a base that the study does not know, and JobCancelled once stopped.
    """
    chosen = [base.base for base in chosen_bases(published_study(), bases).bases]
    families, failures = [], {}
    for number, base in enumerate(chosen):
        tell = _part(progress, number, len(chosen), base)
        try:
            families.append(
                family(base, settings, limit=limit, workers=workers, retry=retry,
                       progress=tell, cancelled=cancelled, paused=paused)
            )  # fmt: skip
        except JobCancelled:
            raise
        except PedigreeError as error:
            failures[base] = str(error)
        stop_if(cancelled, "The census")
    return CensusRun(tuple(families), failures)


def _part(progress: Progress | None, number: int, bases: int, base: str) -> Progress:
    """Tell the progress of one base as that of all."""
    part = part_of(progress, number, bases)
    return lambda fraction, message: part(
        fraction, f"{base}, base {number + 1} of {bases}: {message}"
    )
