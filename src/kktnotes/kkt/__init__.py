"""KKT points of Problem (2): residuals, certificates, exact points, files."""

from kktnotes.kkt.certificate import certificate as certificate
from kktnotes.kkt.report import Certificate as Certificate
from kktnotes.kkt.residuals import residuals as residuals
from kktnotes.kkt.storage import KKTPoint as KKTPoint
