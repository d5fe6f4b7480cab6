"""KKT points known in closed form, written out with numpy alone, for the tests of the residuals."""

import numpy as np


def two_point(c=40.0, g=7.0, *, freedom=None):
    """Return x, y, (weights, biases, output), multipliers, subgradients of two points, two neurons.

    x~_1 . x~_2 = g > 0 and ||x~_i||^2 = c, labels 1 and -1, one neuron a label. Each neuron has
    the other label's point on its kink with phi' = g / c, strictly between 0 and 1:

        w~_+ = v (lambda x~_1 - a x~_2),  a = lambda g / c,  lambda = (c - g^2/c)^(-1/2) = v^2.

    With another `freedom` tau > g / c in place of g / c, and lambda = (c - tau g)^(-1/2), every
    condition still holds but that of the kink, where h / (||w~|| ||x~||) is then not zero.
    """
    tau = g / c if freedom is None else freedom
    angle = np.arccos((g - 1) / (c - 1)) / 2
    x = np.sqrt(c - 1) * np.array([[np.cos(angle), np.sin(angle)], [np.cos(angle), -np.sin(angle)]])
    y = np.array([1.0, -1.0])
    augmented = np.column_stack([x, np.ones(2)])
    lam = (c - tau * g) ** -0.5
    v = lam**0.5
    w = v * lam * np.array([augmented[0] - tau * augmented[1], augmented[1] - tau * augmented[0]])
    a = lam * np.array([[1.0, tau], [tau, 1.0]])
    return x, y, (w[:, :2], w[:, 2], np.array([v, -v])), np.full(2, lam), a


def kink_of_two_point(c, g, tau):
    """Return the cosine between w~_+ and x~_2 at freedom tau."""
    length = np.sqrt(c * (1 + tau**2) - 2 * tau * g)
    return abs(g - tau * c) / (length * np.sqrt(c))
