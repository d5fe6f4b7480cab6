"""Gradient flow on the exponential and the logistic loss (section 2, Theorem 2.1).

`solver` is the entry, `start` where a flow begins, `result` what comes back. `field` is the
right-hand side in Gram space, `losses` its logs, `chebyshev` one step and `stepping` a try of one;
`control` decides the length of steps, `run` and `record` steer, `neurons` merges and sets aside.
Points on a kink: `catching` finds them, `sliding` holds them. `finite_steps` are other methods.
"""

from kktnotes.flow.result import Flow as Flow
from kktnotes.flow.result import Health as Health
from kktnotes.flow.result import Snapshot as Snapshot
from kktnotes.flow.result import Status as Status
from kktnotes.flow.solver import gradient_flow as gradient_flow
