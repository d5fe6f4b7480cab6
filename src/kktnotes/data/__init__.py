"""The distribution of clusters of section 2, samples of it in exact coordinates, Assumption 2.2."""

from kktnotes.data.clusters import Clusters as Clusters
from kktnotes.data.sample import Sample as Sample
