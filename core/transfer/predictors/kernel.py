"""The product kernel: how alike two (model, task) cells are, and how much each kind of
likeness explains.
"""

from dataclasses import dataclass

import numpy as np

from core.transfer.embed import Embedding


@dataclass(frozen=True, eq=False)
class Likeness:
    """Between models (M, M), between tasks by domain and labels (T, T), and the squared
    distance of the tasks' numbers (T, T).
    """

    models: np.ndarray
    tasks: np.ndarray
    distance: np.ndarray


@dataclass(frozen=True)
class Amplitudes:
    """Variances of the log-odds explained by what a task is, by the task itself, by the
    model, and by the model on such tasks; the length at which numbers of tasks stop
    being alike, in deviations; the factor of the sampling error.
    """

    task: float = 1.0
    task_itself: float = 0.1
    model: float = 0.1
    interaction: float = 0.1
    length: float = 1.0
    noise: float = 1.0


def likeness(embedding: Embedding) -> Likeness:
    """Measure likeness of models and tasks.

    A model is half itself, a third its family, the rest its numbers; tasks of other
    domains keep a third of their likeness, tasks without a common label as much.
    """
    itself = embedding.model_names @ embedding.model_names.T
    family = embedding.families @ embedding.families.T
    near = np.exp(-squared_distance(embedding.model_numbers) / 2)
    domain = _likeness_of_words(embedding.domains)
    labels = _likeness_of_words(embedding.labels)
    return Likeness(
        models=0.5 * itself + 0.35 * family + 0.15 * near,
        tasks=(0.35 + 0.65 * domain) * (0.3 + 0.7 * labels),
        distance=squared_distance(embedding.task_numbers),
    )


def _likeness_of_words(vectors: np.ndarray) -> np.ndarray:
    """Return cosines (T, T); a task of unknown words is like itself alone."""
    cosines = vectors @ vectors.T
    np.fill_diagonal(cosines, 1.0)
    return cosines


def squared_distance(rows: np.ndarray) -> np.ndarray:
    """Return squared distances between rows (N, N).

    >>> squared_distance(np.array([[0.0, 0.0], [3.0, 4.0]]))
    array([[ 0., 25.],
           [25.,  0.]])
    """
    return ((rows[:, None] - rows[None]) ** 2).sum(axis=-1)


def covariance(
    like: Likeness, amplitudes: Amplitudes, one: np.ndarray, other: np.ndarray
) -> np.ndarray:
    """Return the covariance of the log-odds of cells `one` (N, 2) and `other` (K, 2),
    given as (model, task) numbers: (N, K).
    """
    a = amplitudes
    alike, models, same = _pairs(like, a.length, one, other)
    total = models * (a.model + a.interaction * alike) + a.task * alike
    total[same] += a.task_itself
    return total


def covariance_parts(
    like: Likeness, amplitudes: Amplitudes, cells: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return what task, task itself, model and interaction add to the covariance of
    cells (N, 2) with each other: four (N, N), for gradients.
    """
    a = amplitudes
    alike, models, same = _pairs(like, a.length, cells, cells)
    return (
        a.task * alike,
        a.task_itself * same,
        a.model * models,
        a.interaction * models * alike,
    )


def _pairs(
    like: Likeness, length: float, one: np.ndarray, other: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return likeness of tasks, likeness of models and sameness of tasks (N, K)."""
    alike = like.tasks * np.exp(-like.distance / (2 * length**2))
    tasks = np.ix_(one[:, 1], other[:, 1])
    models = like.models[np.ix_(one[:, 0], other[:, 0])]
    return alike[tasks], models, one[:, 1][:, None] == other[:, 1][None]
