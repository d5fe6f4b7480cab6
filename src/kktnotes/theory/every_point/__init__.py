"""Bounds for every KKT point on a training set at once (ours, from the proofs of sections 3 and 4).

`errors` bounds the probability of a wrong sign, `flips` that of a sign which the universal
perturbation leaves as it is; `noise_tails` is what both need of the noise.
"""

from kktnotes.theory.every_point.errors import log_wrong_sign as log_wrong_sign
from kktnotes.theory.every_point.errors import (
    log_wrong_sign_by_cluster as log_wrong_sign_by_cluster,
)
from kktnotes.theory.every_point.flips import eta_for_all as eta_for_all
from kktnotes.theory.every_point.flips import log_unflipped as log_unflipped
from kktnotes.theory.every_point.flips import log_unflipped_by_cluster as log_unflipped_by_cluster
