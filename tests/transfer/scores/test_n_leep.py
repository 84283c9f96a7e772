"""N-LEEP against scikit-learn's mixture and a LEEP by loops."""

import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.mixture import GaussianMixture

from core.transfer.scores import n_leep as module
from core.transfer.scores.n_leep import n_leep, principal_components


def by_loop(features, labels, covariance, seed=0):
    classes = np.unique(labels)
    components = min(5 * len(classes), len(labels))
    mixture = GaussianMixture(
        components, covariance_type=covariance, random_state=seed
    ).fit(features)
    shares = mixture.predict_proba(features)
    joint = np.array([shares[labels == label].sum(axis=0) for label in classes])
    given = joint / np.maximum(joint.sum(axis=0), 1e-300)
    at = np.searchsorted(classes, labels)
    return np.mean([np.log(shares[n] @ given[at[n]]) for n in range(len(labels))])


@pytest.mark.parametrize("covariance", ["diag", "spherical"])
def test_it_is_leep_of_the_clusters(case, covariance):
    expected = by_loop(*case, covariance)
    found = n_leep(*case, covariance=covariance)
    assert found == pytest.approx(expected, rel=1e-8, abs=1e-12)
    assert found <= 0


def test_the_papers_projection_keeps_the_variance(case):
    features, labels = case
    ours, theirs = principal_components(features, 0.8), PCA(0.8).fit_transform(features)
    assert np.abs(ours) == pytest.approx(np.abs(theirs), rel=1e-7, abs=1e-9)
    assert n_leep(features, labels, variance=0.8) <= 0


def test_it_prefers_separable_features_and_samples_many(make, monkeypatch):
    separable, noise = (make(400, 4, 2, seed=0, gap=gap) for gap in (4.0, 0.0))
    assert n_leep(*separable) > n_leep(*noise)
    monkeypatch.setattr(module, "MOST_SAMPLES", 200)
    assert n_leep(*separable) > n_leep(*noise)
