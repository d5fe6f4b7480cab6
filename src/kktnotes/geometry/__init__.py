"""Geometry that attacks and radii share: the span of the weights, rays, convex projections."""

from kktnotes.geometry.batches import each_network
from kktnotes.geometry.closed_forms import closed_form, two_neurons
from kktnotes.geometry.cutting_planes import project_exactly, strictly_feasible
from kktnotes.geometry.half_spaces import certified
from kktnotes.geometry.projections import Projection, project
from kktnotes.geometry.rays import all_crossings, first_crossing, rounding, step_across
from kktnotes.geometry.span import Span

__all__ = [
    "Projection",
    "Span",
    "all_crossings",
    "certified",
    "closed_form",
    "each_network",
    "first_crossing",
    "project",
    "project_exactly",
    "rounding",
    "step_across",
    "strictly_feasible",
    "two_neurons",
]
