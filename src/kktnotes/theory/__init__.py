"""Hypotheses of the paper's statements term by term, and explicit constants (ours)."""

from kktnotes.theory import every_point, flip_probability, remarks, strongest
from kktnotes.theory.constants import (
    Bound,
    InnerProducts,
    cluster_sum_upper,
    flip_eta_upper,
    flip_norm_upper,
    fresh_inner_products,
    inner_products,
    lipschitz_upper,
    margin_lower,
    own_sum_lower,
    radius_lower,
    total_sum_upper,
    wrong_sum_upper,
)
from kktnotes.theory.coverage import (
    least_examples,
    log_missed,
    log_missed_bound,
    log_missed_paper,
    missed_law,
)
from kktnotes.theory.generalization_chain import Chain, chain
from kktnotes.theory.hypotheses import lemma_2_1, theorem_2_1, theorem_3_1, theorem_4_1, theorem_4_2
from kktnotes.theory.measured import (
    ClusterSums,
    check_cluster_sums,
    check_flips,
    check_margins,
    check_radii,
    cluster_sums,
)
from kktnotes.theory.robust_network import log_failure, log_super_polynomial
from kktnotes.theory.strays import log_near_center, log_unmixed

__all__ = [
    "Bound",
    "Chain",
    "ClusterSums",
    "InnerProducts",
    "chain",
    "check_cluster_sums",
    "check_flips",
    "check_margins",
    "check_radii",
    "cluster_sum_upper",
    "cluster_sums",
    "every_point",
    "flip_eta_upper",
    "flip_norm_upper",
    "flip_probability",
    "fresh_inner_products",
    "inner_products",
    "least_examples",
    "lemma_2_1",
    "lipschitz_upper",
    "log_failure",
    "log_missed",
    "log_missed_bound",
    "log_missed_paper",
    "log_near_center",
    "log_super_polynomial",
    "log_unmixed",
    "margin_lower",
    "missed_law",
    "own_sum_lower",
    "radius_lower",
    "remarks",
    "strongest",
    "theorem_2_1",
    "theorem_3_1",
    "theorem_4_1",
    "theorem_4_2",
    "total_sum_upper",
    "wrong_sum_upper",
]
