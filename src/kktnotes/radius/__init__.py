"""Exact l2 distances to the decision boundary, their tails, and the classifiers to compare."""

from kktnotes.radius.baselines import linear_radius, nearest_neighbour_radius
from kktnotes.radius.exact import exact_radius
from kktnotes.radius.result import Radii, Radius
from kktnotes.radius.slope import eta_upper, log_error_by_slope, radius_by_slope, slope_upper
from kktnotes.radius.tails import log_error, log_error_by_cluster, log_no_flip, log_tail

__all__ = [
    "Radii",
    "Radius",
    "eta_upper",
    "exact_radius",
    "linear_radius",
    "log_error",
    "log_error_by_cluster",
    "log_error_by_slope",
    "log_no_flip",
    "log_tail",
    "nearest_neighbour_radius",
    "radius_by_slope",
    "slope_upper",
]
