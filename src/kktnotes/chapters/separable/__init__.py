"""What the chapter on linearly separable data calls (section 5's second question).

`families` are separable distributions without clusters, `linear` the maximum-margin classifier on
them, `comparison` the networks beside it, `wide` a distribution on which errors are computed and
`halving` what networks need there, and `simplex` a distribution with a KKT point that does not
generalize.
"""

from kktnotes.chapters.separable.comparison import REGIMES as REGIMES
from kktnotes.chapters.separable.comparison import Compared as Compared
from kktnotes.chapters.separable.comparison import compare as compare
from kktnotes.chapters.separable.comparison import error as error
from kktnotes.chapters.separable.families import FAMILIES as FAMILIES
from kktnotes.chapters.separable.families import GAP as GAP
from kktnotes.chapters.separable.families import family as family
from kktnotes.chapters.separable.halving import Halved as Halved
from kktnotes.chapters.separable.halving import halved as halved
from kktnotes.chapters.separable.halving import surrounded as surrounded
from kktnotes.chapters.separable.halving import surrounded_chance as surrounded_chance
from kktnotes.chapters.separable.linear import MaximumMargin as MaximumMargin
from kktnotes.chapters.separable.linear import maximum_margin as maximum_margin
from kktnotes.chapters.separable.simplex import Simplex as Simplex
from kktnotes.chapters.separable.wide import WideGaussians as WideGaussians
from kktnotes.chapters.separable.wide import signs_decide as signs_decide
