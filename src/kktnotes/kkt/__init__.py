"""KKT points of Problem (2): residuals, certificates, exact points, files."""

from kktnotes.kkt.best_multipliers import certificate as certificate
from kktnotes.kkt.best_multipliers import certificates as certificates
from kktnotes.kkt.closed_form import averaged_point as averaged_point
from kktnotes.kkt.closed_form import decoupled_point as decoupled_point
from kktnotes.kkt.closed_form import equicorrelated_points as equicorrelated_points
from kktnotes.kkt.closed_form import partition_point as partition_point
from kktnotes.kkt.conditions import residuals as residuals
from kktnotes.kkt.limit_point import LimitPoint as LimitPoint
from kktnotes.kkt.limit_point import NotCertified as NotCertified
from kktnotes.kkt.limit_point import kkt_point as kkt_point
from kktnotes.kkt.proof import Proof as Proof
from kktnotes.kkt.report import Certificate as Certificate
from kktnotes.kkt.report import NotProved as NotProved
from kktnotes.kkt.storage import KKTPoint as KKTPoint
