"""Tools for the two open questions of the paper's discussion (section 5).

`linear` decides linear separability with a proof of either answer, `crowded` measures networks on
more clusters than Assumption 2.2 allows; `families` are separable distributions without clusters,
`maximum_margin` the linear classifier on them, `comparison` the networks beside it, `wide` a
distribution on which errors are computed and `halving` what networks need there, and `simplex` a
distribution with a KKT point that does not generalize.
"""

from kktnotes.open_questions.comparison import STARTS as STARTS
from kktnotes.open_questions.comparison import Compared as Compared
from kktnotes.open_questions.comparison import compare as compare
from kktnotes.open_questions.comparison import error as error
from kktnotes.open_questions.crowded import Crowded as Crowded
from kktnotes.open_questions.crowded import crowded as crowded
from kktnotes.open_questions.families import FAMILIES as FAMILIES
from kktnotes.open_questions.families import GAP as GAP
from kktnotes.open_questions.families import family as family
from kktnotes.open_questions.halving import Halved as Halved
from kktnotes.open_questions.halving import halved as halved
from kktnotes.open_questions.halving import surrounded as surrounded
from kktnotes.open_questions.halving import surrounded_chance as surrounded_chance
from kktnotes.open_questions.linear import Separation as Separation
from kktnotes.open_questions.linear import separable_share as separable_share
from kktnotes.open_questions.linear import separation as separation
from kktnotes.open_questions.maximum_margin import MaximumMargin as MaximumMargin
from kktnotes.open_questions.maximum_margin import maximum_margin as maximum_margin
from kktnotes.open_questions.simplex import Simplex as Simplex
from kktnotes.open_questions.wide import WideGaussians as WideGaussians
from kktnotes.open_questions.wide import signs_decide as signs_decide
