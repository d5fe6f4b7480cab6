"""Figures of the chapter on more clusters than Assumption 2.2 allows."""

from kktnotes.figures.many_clusters.crowds import along as along
from kktnotes.figures.many_clusters.crowds import values as values
from kktnotes.figures.many_clusters.figures import crowding as crowding
from kktnotes.figures.many_clusters.figures import growing as growing
from kktnotes.figures.many_clusters.figures import separability as separability
