"""Rows added up in groups, without the matrix that says so (ours).

When neurons merge, every array with a row a neuron is replaced by sums of its rows. The matrix of
that map has one entry a column, so that the sums cost as much as the rows themselves, at any width.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch

from kktnotes.printing import Brief


@dataclass(frozen=True, eq=False, repr=False)
class RowMix(Brief):
    """New row q is the sum of weight_i times old row i over all i with target_i = q.

    Attributes
    ----------
    target : int64 tensor (P,)
        The new row of each old one, -1 if it is dropped.
    weight : tensor (P,)
    count : int
        P', the number of new rows.
    """

    target: torch.Tensor
    weight: torch.Tensor
    count: int

    @property
    def dropped(self) -> torch.Tensor:
        """Which old rows have no new one, bool (P,)."""
        return self.target < 0

    def __call__(self, rows: torch.Tensor) -> torch.Tensor:
        """Return the new rows (P', ...) of an array (P, ...)."""
        kept = torch.nonzero(~self.dropped)[:, 0]
        weight = self.weight[kept].reshape(-1, *[1] * (rows.dim() - 1))
        new = rows.new_zeros(self.count, *rows.shape[1:])
        return new.index_add_(0, self.target[kept], weight * rows[kept])

    def sums(self, rows: torch.Tensor) -> torch.Tensor:
        """Return the same with all weights one."""
        return RowMix(self.target, torch.ones_like(self.weight), self.count)(rows)
