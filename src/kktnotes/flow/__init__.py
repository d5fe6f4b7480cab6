"""Gradient flow on the exponential and the logistic loss (section 2, Theorem 2.1).

`solver` is the entry; `field` the right-hand side in Gram space, `chebyshev` one step, `run` and
`record` the steering, `neurons` merging and the dead, `losses` logs, `result` what comes back.
"""

from kktnotes.flow.result import Flow as Flow
from kktnotes.flow.result import Health as Health
from kktnotes.flow.result import Snapshot as Snapshot
from kktnotes.flow.result import Status as Status
from kktnotes.flow.solver import gradient_flow as gradient_flow
