"""kktnotes: exact KKT points, radii and measured statements for one theory paper.

The package follows "The Double-Edged Sword of Implicit Bias: Generalization vs. Robustness
in ReLU Networks" (Frei, Vardi, Bartlett, Srebro). One idea a module, imports run one way:
data -> networks -> flow, geometry -> cases, kkt -> attacks, radius -> theory -> evidence ->
chapters -> figures, all on checks, printing, progress and terms. The last two rooms are for
notebooks alone.
"""

__version__ = "0.1.0"

from kktnotes import attacks as attacks
from kktnotes import progress as progress
from kktnotes import theory as theory
from kktnotes.attacks import least_eta as least_eta
from kktnotes.attacks import universal_direction as universal_direction
from kktnotes.cases import CASES as CASES
from kktnotes.cases import Case as Case
from kktnotes.cases import case as case
from kktnotes.data.clusters import Clusters as Clusters
from kktnotes.data.counting import clopper_pearson as clopper_pearson
from kktnotes.data.sample import Sample as Sample
from kktnotes.data.sizes import inverse_root as inverse_root
from kktnotes.data.sizes import least_dimension as least_dimension
from kktnotes.data.sizes import least_dimension_on_sphere as least_dimension_on_sphere
from kktnotes.data.sizes import most_clusters as most_clusters
from kktnotes.evidence import Order as Order
from kktnotes.evidence import load_ipython_extension as load_ipython_extension
from kktnotes.evidence import record as record
from kktnotes.evidence import say as say
from kktnotes.flow import Flow as Flow
from kktnotes.flow import Snapshot as Snapshot
from kktnotes.flow import Status as Status
from kktnotes.flow import gradient_flow as gradient_flow
from kktnotes.kkt import Certificate as Certificate
from kktnotes.kkt import KKTPoint as KKTPoint
from kktnotes.kkt import LimitPoint as LimitPoint
from kktnotes.kkt import NotCertified as NotCertified
from kktnotes.kkt import NotProved as NotProved
from kktnotes.kkt import Proof as Proof
from kktnotes.kkt import averaged_point as averaged_point
from kktnotes.kkt import certificate as certificate
from kktnotes.kkt import certificates as certificates
from kktnotes.kkt import decoupled_point as decoupled_point
from kktnotes.kkt import endings as endings
from kktnotes.kkt import equicorrelated_points as equicorrelated_points
from kktnotes.kkt import kkt_point as kkt_point
from kktnotes.kkt import partition_point as partition_point
from kktnotes.kkt import residuals as residuals
from kktnotes.networks.two_layer import TwoLayerReLU as TwoLayerReLU
from kktnotes.radius import Radii as Radii
from kktnotes.radius import Radius as Radius
from kktnotes.radius import exact_radius as exact_radius
from kktnotes.radius import linear_radius as linear_radius
from kktnotes.radius import nearest_neighbour_radius as nearest_neighbour_radius
from kktnotes.terms import Term as Term
from kktnotes.terms import Terms as Terms
