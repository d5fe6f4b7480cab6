"""A batch of networks, one by one."""

from __future__ import annotations

from kktnotes.networks.two_layer import TwoLayerReLU


def each_network(network: TwoLayerReLU, batch: tuple[int, ...]) -> list[TwoLayerReLU]:
    """Return the networks of a batch, broadcast to the shape `batch`, in its flat order."""
    weights = network.weights.expand(*batch, *network.weights.shape[-2:])
    return [
        TwoLayerReLU(*parts)
        for parts in zip(
            weights.reshape(-1, *weights.shape[-2:]),
            network.biases.expand(*batch, -1).reshape(-1, network.width),
            network.output.expand(*batch, -1).reshape(-1, network.width),
            strict=True,
        )
    ]
