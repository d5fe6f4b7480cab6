"""Non-negative least squares are right whatever SciPy's own routine returns."""

import numpy as np
import pytest
from scipy.optimize import nnls

from kktnotes.geometry import cutting_planes


@pytest.mark.parametrize("seed", range(5))
def test_a_solution_that_stopped_early_is_not_taken(seed, monkeypatch):
    draw = np.random.default_rng(seed).standard_normal
    matrix, target = draw((7, 12)), draw(7)
    matrix /= np.linalg.norm(matrix, axis=0)
    least = nnls(matrix, target)[1]

    def early(matrix, target, **options):
        return np.zeros(matrix.shape[1]), float(np.linalg.norm(target))

    monkeypatch.setattr(cutting_planes, "nnls", early)
    found = cutting_planes.nonnegative_least_squares(matrix, target)
    assert (found >= 0).all()
    assert np.linalg.norm(matrix @ found - target) == pytest.approx(least, rel=1e-9, abs=1e-12)
    slope = matrix.T @ (matrix @ found - target)
    assert slope.min() > -1e-9 and np.abs(slope[found > 1e-9]).max() < 1e-9
