"""Every word that Pedigree uses is defined, once in each part."""

from itertools import chain

import pytest

from core.derived import census, comparisons, frames, kinds, siblings, tree
from core.errors import CheckpointError, HubError
from core.glossary import Part, found, named, parts
from core.tables import drift, history
from core.tables.schema import COLUMNS
from core.transfer import ranking_metrics, records, splits
from core.transfer.predictors.listing import PREDICTORS
from core.transfer.scores.score_all import METRICS
from core.weights.metrics import Metrics
from core.words import Word
from core.zero_shot import consensus, points, rankings
from core.zero_shot.catalog import load_catalog

SURVEY = load_catalog()
PARTS = parts(SURVEY)
WORDS = {word.word for part in PARTS for word in part.words}
USED = {
    "model tables": [column.name for column in COLUMNS],
    "history": history.HISTORY_COLUMNS,
    "changes": drift.CHANGE_COLUMNS,
    "derived models": frames.MODEL_COLUMNS,
    "tensors": comparisons.TOLD,
    "distances": list(Metrics._fields),
    "siblings": [*siblings.COPIES, *siblings.NEAR_COPIES, *siblings.PARENTS],
    "trees": [*tree.EDGES, *tree.PROBLEMS],
    "census": [*census.FINDING_TYPES, *census.BASE_TYPES],
    "scores": [*METRICS, "linear_probe"],
    "predictors": [one.name for one in PREDICTORS],
    "splits": [one.name for one in splits.SPLITS],
    "ranking metrics": ranking_metrics.METRICS,
    "records": [*records.MODEL_COLUMNS, *records.TASK_COLUMNS],
    "rankings": rankings.COLUMNS,
    "consensus": [*consensus.CONSENSUS, *consensus.AGREEMENT],
    "points": points.COLUMNS,
    "criteria": SURVEY.criteria["id"],
}


@pytest.mark.parametrize("where", USED)
def test_everything_used_is_defined(where):
    missing = sorted(set(USED[where]) - WORDS)
    assert not missing, f"not in the glossary: {missing}"


def test_every_reason_of_an_error_is_defined():
    classes = chain(CheckpointError.__subclasses__(), HubError.__subclasses__())
    assert {one.reason for one in classes} <= WORDS


def test_every_pattern_of_the_design_is_defined():
    (patterns,) = [part for part in PARTS if part.title == "Freeze patterns"]
    ruled = {kind for kind, _ in kinds.RULES}
    assert {word.word for word in patterns.words} == ruled | {"partial"}


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.title)
def test_a_part_defines_each_word_once_and_in_sentences(part):
    names = [word.word for word in part.words]
    assert names and len(names) == len(set(names))
    for word in part.words:
        assert word.meaning[-1] in ".…", word


def test_no_meaning_is_written_down_twice():
    told = [word.meaning for part in PARTS for word in part.words]
    assert len(told) == len(set(told)), {text for text in told if told.count(text) > 1}


def test_search_finds_words_titles_and_meanings():
    one = Part("One", (Word("kind", "The freeze pattern.", "Pattern"),))
    for text in ("KIND", "freeze", " pattern ", ""):
        assert found([one], text) == (one,)
    assert found([one], "absent") == ()
    assert named([one], "PATTERN") == (one,) and named([one], "freeze") == ()


def test_a_score_names_its_paper():
    (scores,) = [part for part in PARTS if part.title == "Transferability scores"]
    unsourced = [word.word for word in scores.words if not word.source]
    assert unsourced == ["knn", "linear_probe"]
