"""The process, held against scikit-learn's and against numbers it must obey."""

from dataclasses import astuple

import numpy as np
import pytest
from scipy.optimize import approx_fprime

from core.transfer.embed import embed
from core.transfer.predictors.gaussian_process import (
    _negative_log_posterior,
    gaussian_process,
    posterior,
)
from core.transfer.predictors.kernel import Amplitudes, likeness
from core.transfer.predictors.prediction import observe


@pytest.fixture(scope="module")
def fitted(make_records):
    """Few records, a fifth hidden, and the process conditioned on the others."""
    records = make_records(5, 8)
    hidden = np.random.default_rng(0).random(records.is_known.shape) < 0.2
    less = records.without(hidden)
    return records, hidden, less, posterior(less, embed(less))


def slow_kernel(embedding, a: Amplitudes):
    """The covariance of two cells, written out anew."""
    e = embedding

    def alike(one, other):
        domain = 1.0 if one == other else e.domains[one] @ e.domains[other]
        labels = 1.0 if one == other else e.labels[one] @ e.labels[other]
        apart = np.sum((e.task_numbers[one] - e.task_numbers[other]) ** 2)
        words = (0.35 + 0.65 * domain) * (0.3 + 0.7 * labels)
        return words * np.exp(-0.5 * apart / a.length**2)

    def kernel(one, other, **_):
        (m, t), (n, u) = one.astype(int), other.astype(int)
        apart = np.sum((e.model_numbers[m] - e.model_numbers[n]) ** 2)
        model = 0.5 * (m == n) + 0.35 * (e.families[m] @ e.families[n])
        model += 0.15 * np.exp(-0.5 * apart)
        task = a.task * alike(t, u) + a.task_itself * (t == u)
        return task + model * (a.model + a.interaction * alike(t, u))

    return kernel


def test_it_is_scikit_learns_process_with_this_kernel(fitted):
    from sklearn.gaussian_process import GaussianProcessRegressor
    from sklearn.gaussian_process.kernels import PairwiseKernel

    _, hidden, less, found = fitted
    observed, cells = observe(less), np.argwhere(hidden)
    noise = found.amplitudes.noise * observed.variance[observed.mask]
    kernel = PairwiseKernel(metric=slow_kernel(embed(less), found.amplitudes))
    theirs = GaussianProcessRegressor(kernel, alpha=noise, optimizer=None)
    theirs.fit(found.cells, observed.logits[observed.mask] - found.mean)
    mean, spread = theirs.predict(cells, return_cov=True)
    np.testing.assert_allclose(found.expected(cells) - found.mean, mean, rtol=1e-6)
    np.testing.assert_allclose(found.covariance(cells), spread, atol=1e-8)
    np.testing.assert_allclose(found.variance(cells), np.diag(spread), atol=1e-8)


def test_the_gradient_is_the_slope_of_the_value(fitted):
    _, _, less, found = fitted
    observed = observe(less)
    rest = (
        np.log(astuple(Amplitudes())), found.like, found.cells,
        observed.logits[observed.mask] - 1, observed.variance[observed.mask],
    )  # fmt: skip
    at = np.log(astuple(Amplitudes())) + np.linspace(-0.3, 0.3, 6)
    slope = approx_fprime(at, lambda x: _negative_log_posterior(x, *rest)[0], 1e-6)
    gradient = _negative_log_posterior(at, *rest)[1]
    np.testing.assert_allclose(gradient, slope, rtol=1e-3, atol=1e-2)


def test_fitted_amplitudes_are_likelier_than_the_guess(fitted):
    _, _, less, found = fitted
    observed, guess = observe(less), np.log(astuple(Amplitudes()))
    rest = (
        guess, found.like, found.cells, observed.logits[observed.mask] - found.mean,
        observed.variance[observed.mask],
    )  # fmt: skip
    after = _negative_log_posterior(np.log(astuple(found.amplitudes)), *rest)[0]
    assert after < _negative_log_posterior(guess, *rest)[0]


def test_likeness_is_a_kernel_even_where_nothing_is_known(make_records):
    records = make_records()
    tasks = records.tasks.assign(domain=None, labels=None, samples=np.nan)
    like = likeness(embed(type(records)(records.accuracy, records.models, tasks)))
    assert (np.diag(like.tasks) == 1).all()
    assert np.linalg.eigvalsh(like.tasks).min() > -1e-9
    assert np.linalg.eigvalsh(like.models).min() > -1e-9


def test_nine_in_ten_fall_within_the_interval(make_records):
    records = make_records(8, 40, noise=0.3)
    hidden = np.random.default_rng(1).random(records.is_known.shape) < 0.3
    less = records.without(hidden)
    found = gaussian_process(less, embed(less))
    truth = records.values[hidden]
    inside = (found.low[hidden] <= truth) & (truth <= found.high[hidden])
    assert 0.8 < inside.mean() <= 1.0
