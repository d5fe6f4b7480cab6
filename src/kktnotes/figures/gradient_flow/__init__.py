"""Figures of the chapter on gradient flow: the flow itself, and the points it tends to."""

from kktnotes.figures.gradient_flow import flow as flow
from kktnotes.figures.gradient_flow import points as points
