"""Two-layer ReLU networks (section 2): any, the robust one (Theorem 4.1), biased ones (ours)."""

from kktnotes.networks.two_layer import TwoLayerReLU as TwoLayerReLU
