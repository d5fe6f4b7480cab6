"""Interactive figures: the data of a run for the pages' scripts, beside a static picture."""

from kktnotes.figures.interactive.bundle import MIME as MIME
from kktnotes.figures.interactive.bundle import Interactive as Interactive
from kktnotes.figures.interactive.hypotheses import assumption_map as assumption_map
from kktnotes.figures.interactive.lines import margins as margins
from kktnotes.figures.interactive.neurons import directions as directions
from kktnotes.figures.interactive.planes import plane as plane
from kktnotes.figures.interactive.planes import restricted as restricted
