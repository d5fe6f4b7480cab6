"""The result of certifying a network: one number a KKT condition; the error of a failed proof."""

from __future__ import annotations

from dataclasses import dataclass, field

import torch

from kktnotes import checks, printing

RESIDUALS = {
    "stationarity_weights": "Eq. (3): ‖left − right‖ / ‖left‖ over all neurons",
    "stationarity_biases": "Eq. (4): the same, relative to ‖b‖",
    "stationarity_output": "the equation of v: the same, relative to ‖v‖",
    "complementary_slackness": "largest λᵢ (qᵢ − 1) / largest λᵢ",
    "kink": "largest |hᵢⱼ| / (‖w̃ⱼ‖ ‖x̃ᵢ‖) at which aᵢⱼ takes a kink's freedom",
    "euler_gap": "|Σ λᵢ − ‖θ‖²/2| / (‖θ‖²/2)",
}
NEURONS = {
    "neuron_weights": "Eq. (3), relative to the neuron's own wⱼ",
    "neuron_biases": "Eq. (4), relative to the neuron's own bⱼ",
    "neuron_output": "the equation of v, relative to the neuron's own vⱼ",
}
NAMES = {
    "stationarity_weights": "weights",
    "stationarity_biases": "biases",
    "stationarity_output": "output weights",
    "complementary_slackness": "complementary slackness",
    "kink": "kinks",
    "euler_gap": "Euler's identity",
    "neuron_weights": "worst neuron, weights",
    "neuron_biases": "worst neuron, bias",
    "neuron_output": "worst neuron, output weight",
}
"""How the rows are called, for the reader."""


class NotProved(RuntimeError):
    """No exact KKT point could be proved beside the stored numbers; says why.

    Attributes
    ----------
    reason : str
        What could not be shown, with its value.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, eq=False, kw_only=True)
class Certificate:
    """The residuals of the KKT conditions of Problem (2), each relative and each separate.

    Attributes
    ----------
    stationarity_weights, stationarity_biases, stationarity_output : float
        Eq. (3), Eq. (4) and the equation of v: norm of left minus right side over all neurons,
        divided by the norm of the left side (||w||, ||b||, ||v||).
    complementary_slackness : float
        max_i lambda_i (q_i - 1) / max_i lambda_i, at least margin 1.
    kink : float
        The largest |h_ij| / (||w~_j|| ||x~_i||) over the pairs where a_ij is neither 0 on an
        inactive nor lambda_i on an active pair: how far from zero relu was taken to have a kink.
    euler_gap : float
        |sum_i lambda_i - ||theta||^2 / 2| relative to ||theta||^2 / 2. It is zero at every KKT
        point (Euler's theorem for a function homogeneous of degree 2).
    neuron_weights, neuron_biases, neuron_output : float
        The three stationarity residuals of the worst single neuron, relative to that neuron's
        own left side; where this is zero (a pruned neuron), relative to the largest neuron's.
        A neuron that died early in training keeps its initial weights, which are no part of
        the limit's direction: there these are of order 1 however far training goes, so they
        are shown but not counted in `worst`.
    objective : float
        The value minimised by the fit of the multipliers; NaN where they were given.
    multipliers : tensor (n,)
        lambda_i.
    subgradients : tensor (n, m)
        a_ij = lambda_i phi'_ij.
    """

    stationarity_weights: float
    stationarity_biases: float
    stationarity_output: float
    complementary_slackness: float
    kink: float
    euler_gap: float
    neuron_weights: float
    neuron_biases: float
    neuron_output: float
    objective: float
    multipliers: torch.Tensor = field(repr=False)
    subgradients: torch.Tensor = field(repr=False)

    @property
    def residuals(self) -> dict[str, float]:
        """The six residuals that make up `worst`, by name."""
        return {name: getattr(self, name) for name in RESIDUALS}

    @property
    def worst_name(self) -> str:
        """The name of the largest residual."""
        return max(RESIDUALS, key=lambda name: getattr(self, name))

    @property
    def worst(self) -> float:
        """The largest residual: the network is a KKT point up to this relative error."""
        return getattr(self, self.worst_name)

    def within(self, tolerance: float) -> bool:
        """Return whether every residual is at most `tolerance`."""
        return self.worst <= checks.positive("tolerance", tolerance, zero=True)

    def _rows(self) -> list[tuple[str, str, str]]:
        rows = self._listed(RESIDUALS)
        which = f": {NAMES[self.worst_name]}" if self.worst >= 1e-9 else ""
        rows.append(("the worst", residual_text(self.worst), "the largest of the above" + which))
        rows += self._listed(NEURONS)
        if self.objective == self.objective:
            rows.append(("objective", residual_text(self.objective), "what the fit minimized"))
        return rows

    def _listed(self, texts: dict[str, str]) -> list[tuple[str, str, str]]:
        return [
            (NAMES[name], residual_text(getattr(self, name)), text) for name, text in texts.items()
        ]

    def __repr__(self) -> str:
        """Return a plain-text table."""
        rows = self._rows()
        width = max(len(name) for name, _, _ in rows)
        room = max(len(value) for _, value, _ in rows)
        lines = [f"  {name:<{width}}  {value:>{room}}  {text}" for name, value, text in rows]
        return "\n".join(["KKT residuals of Problem (2), relative", *lines])

    def _repr_html_(self) -> str:
        """Return the same table for a notebook, with a caption and header cells."""
        body = "".join(
            f'<tr><th scope="row">{html(name)}</th><td>{html(value)}</td><td>{html(text)}</td></tr>'
            for name, value, text in self._rows()
        )
        head = "".join(f'<th scope="col">{t}</th>' for t in ("residual", "value", "meaning"))
        return (
            '<table class="terms" style="border-collapse: separate; border-spacing: 0.7em 0.1em">'
            "<caption>KKT residuals of Problem (2), relative</caption>"
            f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
        )


def residual_text(value: float) -> str:
    """Return two significant digits; at rounding size a bound, the same on every processor."""
    bound = next((bound for bound in (1e-14, 1e-12, 1e-10, 1e-9) if value < bound), None)
    return printing.number(value, 2) if bound is None else f"< {printing.number(bound)}"


def html(text: str) -> str:
    """Return `text` with the characters that HTML reserves written out."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
