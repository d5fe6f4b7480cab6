"""Tools for the two open questions of the paper's discussion (section 5).

`linear` decides linear separability with a proof of either answer, `crowded` measures networks on
more clusters than Assumption 2.2 allows.
"""

from kktnotes.open_questions.crowded import Crowded as Crowded
from kktnotes.open_questions.crowded import crowded as crowded
from kktnotes.open_questions.linear import Separation as Separation
from kktnotes.open_questions.linear import separable_share as separable_share
from kktnotes.open_questions.linear import separation as separation
