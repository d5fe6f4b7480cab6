"""What the tests share: one thread for every process, the book's pages, one browser."""

import os

# Before numpy and torch are loaded, and for the kernels that nbval starts.
for variable in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(variable, "1")
