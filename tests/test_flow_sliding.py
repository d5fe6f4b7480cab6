"""Held pairs in classes by their number: against one dense solve, neuron by neuron."""

import numpy as np
import pytest
import torch

import kktnotes as kn
from kktnotes.flow import sliding
from kktnotes.flow.field import Field
from kktnotes.flow.losses import Loss


@pytest.fixture
def field():
    """Two flows' data, 30 points each."""
    samples = [kn.Clusters.orthogonal(3, 40, 0.5).sample(30, seed=s) for s in range(2)]
    x = torch.stack([torch.cat([s.x, torch.ones(30, 1)], 1) for s in samples])
    return x, Field(x, torch.stack([s.y for s in samples]), Loss("exponential"))


@pytest.mark.parametrize("most", [0, sliding.MOST_PADDED])
def test_held_pairs_get_the_speed_asked_for(field, most, monkeypatch):
    monkeypatch.setattr(sliding, "MOST_PADDED", most)
    x, field = field
    rng = np.random.default_rng(0)
    shares = np.array([0.0, 0.03, 0.1, 0.5, 0.9])[:, None]
    held = torch.from_numpy(rng.random((2, 5, 30)) < shares)
    kinks = sliding.Kinks(held, field.columns, field.squares)
    assert (len(kinks.blocks) > 1) == (most == 0)
    pre, change = (torch.from_numpy(rng.standard_normal((2, 5, 30))) for _ in range(2))
    output, signed = torch.from_numpy(rng.standard_normal((2, 5))), torch.ones(2, 30).double()
    before, pull = change.clone(), torch.tensor([0.5, 2.0]).double()
    fraction = kinks.hold(pre, output, signed, change, pull)
    expected = []
    for b, j in np.ndindex(2, 5):
        own = held[b, j].numpy()
        gram = (x[b] @ x[b].T).numpy()
        rest = np.where(own, 0.0, before[b, j].numpy()) @ gram[:, own]
        asked = rest + float(pull[b]) * pre[b, j].numpy()[own]
        expected.append(-np.linalg.solve(gram[np.ix_(own, own)], asked) / float(output[b, j]))
    assert np.allclose(fraction.numpy(), np.concatenate(expected), rtol=1e-6, atol=1e-8)
