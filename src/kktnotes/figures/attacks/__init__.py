"""Figures of the chapter on attacks."""

from kktnotes.figures.attacks.figures import FOUND as FOUND
from kktnotes.figures.attacks.figures import LINES as LINES
from kktnotes.figures.attacks.figures import Panel as Panel
from kktnotes.figures.attacks.figures import found as found
from kktnotes.figures.attacks.figures import ratios as ratios
from kktnotes.figures.attacks.figures import robust_accuracy as robust_accuracy
from kktnotes.figures.attacks.figures import standing as standing
from kktnotes.figures.attacks.ways_out import two_ways_out as two_ways_out
