"""Exact l2 distances to the decision boundary, their tails, and the classifiers to compare."""

from kktnotes.radius.exact import exact_radius
from kktnotes.radius.result import Radii, Radius

__all__ = ["Radii", "Radius", "exact_radius"]
