"""Attacks on the sign of a network in l2: gradients, structure, one direction for all points."""

from kktnotes.attacks.by_structure import opposite_neurons
from kktnotes.attacks.diagnosis import WARNINGS, Diagnosis, diagnose
from kktnotes.attacks.in_a_ball import projected_gradient
from kktnotes.attacks.linear_steps import deepfool
from kktnotes.attacks.minimum_norm import decoupled_direction_norm
from kktnotes.attacks.one_for_all import (
    Transfer,
    least_eta,
    transfer,
    universal,
    universal_direction,
)
from kktnotes.attacks.result import AttackResult
from kktnotes.attacks.textbook import textbook_descent

__all__ = [
    "WARNINGS",
    "AttackResult",
    "Diagnosis",
    "Transfer",
    "decoupled_direction_norm",
    "deepfool",
    "diagnose",
    "least_eta",
    "opposite_neurons",
    "projected_gradient",
    "textbook_descent",
    "transfer",
    "universal",
    "universal_direction",
]
