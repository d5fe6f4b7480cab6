"""Figures of the chapter on more clusters than Assumption 2.2 allows."""

from kktnotes.figures.many_clusters.figures import crowding as crowding
from kktnotes.figures.many_clusters.figures import growing as growing
from kktnotes.figures.many_clusters.figures import separability as separability
