# The book's commands; `make help` lists them.
PYTHON  ?= python3
PROFILE ?= quick
ALL     ?=
VENV    := .venv
BIN     := $(VENV)/bin
# What the user's own Python is told must not reach ours.
unexport PYTHONPATH PYTHONHOME PYTHONSAFEPATH PYTHONOPTIMIZE
# Two notebooks or two test files run side by side: one thread each.
export OMP_NUM_THREADS := 1
export MKL_NUM_THREADS := 1
export OPENBLAS_NUM_THREADS := 1

STARTS := { "$(PYTHON)" -c "" >/dev/null 2>&1 || { echo "$(PYTHON) does not start: name another Python, make PYTHON=python3.12 ..." >&2; false; }; }
SUPPORTED := "$(PYTHON)" -c 'import sys; v = sys.version_info[:2]; sys.exit(None if (3, 10) <= v <= (3, 13) else "Python 3.10 to 3.13 is needed, $(PYTHON) is %d.%d: make PYTHON=python3.12 ..." % v)'

.DEFAULT_GOAL := help
.PHONY: help environment book lab pdf html notebooks benchmarks package matrix test lint format clean distclean

help:  ## list the commands
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "make %-11s %s\n", $$1, $$2}' Makefile
	@echo "PROFILE=quick (default) or full chooses the parameters; PYTHON=python3.12 the interpreter of $(VENV)."

# Console scripts hold the path of the folder for which they were made: everything is python -m.
environment:  ## make or mend .venv for this folder; the others do so by themselves
	@$(BIN)/python -I tools/environment.py --current 2>/dev/null || { $(STARTS) && $(SUPPORTED) && "$(PYTHON)" -I tools/environment.py; }

book: environment  ## run every notebook with papermill and build the pages into _build/PROFILE/html
	$(BIN)/python -m tools.execute $(PROFILE)
	$(BIN)/python -m tools.render $(PROFILE)

pdf: book  ## print the pages of a profile as one book, _build/PROFILE/kktnotes.pdf (needs Chromium)
	$(BIN)/python -m tools.pdf $(PROFILE)

html: environment  ## build the pages from the notebooks' stored outputs into _build/html, in seconds
	$(BIN)/python -m tools.render --stored

notebooks: environment  ## bring each book/*.ipynb up to date with its text twin (ALL=1: run all of them again)
	$(BIN)/python -m tools.statement_names
	$(BIN)/python -m tools.notebooks $(if $(ALL),--all)
	$(BIN)/python -m tools.picture
	$(BIN)/python -m tools.bibliography

benchmarks: environment  ## run the benchmarks, some ten minutes, and keep what they print for the book
	$(BIN)/python -I -m pip install --disable-pip-version-check --no-user -r benchmarks/requirements.txt -c constraints.txt
	$(BIN)/python -m tools.benchmarks

lab: environment  ## JupyterLab on the book (CHAPTER=clusters opens that one)
	$(BIN)/python -m tools.lab $(CHAPTER)

package: environment  ## build a wheel and an sdist and try them in a clean environment
	$(BIN)/python -m tools.try_package

matrix: environment  ## compare the notebooks, and run the numerical tests, under other processors' kernels (an hour)
	$(BIN)/python -m tools.matrix

test: lint  ## lint, then the package's, the notebooks' and the pages' tests
	$(BIN)/python -m pytest --nbval -n 2 --dist loadfile

lint: environment  ## ruff, on the notebooks too, and mypy on the package
	$(BIN)/python -m ruff check .
	$(BIN)/python -m ruff format --check .
	$(BIN)/python -m mypy

format: environment  ## let ruff mend what it can
	$(BIN)/python -m ruff check --fix .
	$(BIN)/python -m ruff format .

clean:  ## remove what the build made (not the environment)
	rm -rf _build

distclean: clean  ## remove the environment as well
	rm -rf $(VENV)
