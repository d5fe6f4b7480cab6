# The book's commands; `make help` lists them.
PYTHON  ?= python3
PROFILE ?= quick
ALL     ?=
VENV    := .venv
BIN     := $(VENV)/bin
STAMP   := $(VENV)/.installed
# Two notebooks or two test files run side by side: one thread each.
export OMP_NUM_THREADS := 1
export MKL_NUM_THREADS := 1
export OPENBLAS_NUM_THREADS := 1

.DEFAULT_GOAL := help
.PHONY: help book pdf html notebooks benchmarks test lint format clean distclean

help:  ## list the commands
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "make %-10s %s\n", $$1, $$2}' Makefile
	@echo "PROFILE=quick (default) or full chooses the parameters; PYTHON=python3.12 the interpreter of $(VENV)."

book: $(STAMP)  ## run every notebook with papermill and build the pages into _build/PROFILE/html
	$(BIN)/python -m tools.execute $(PROFILE)
	$(BIN)/python -m tools.render $(PROFILE)

pdf: book  ## print the pages of a profile as one book, _build/PROFILE/kktnotes.pdf (needs Chromium)
	$(BIN)/python -m tools.pdf $(PROFILE)

html: $(STAMP)  ## build the pages from the notebooks' stored outputs into _build/html, in seconds
	rm -rf _build/html
	$(BIN)/jupyter-book build . --all -W -n --keep-going

notebooks: $(STAMP)  ## bring each book/*.ipynb up to date with its text twin (ALL=1: run all of them again)
	$(BIN)/python -m tools.notebooks $(if $(ALL),--all)
	$(BIN)/python -m tools.picture

benchmarks: $(STAMP)  ## run the benchmarks, some ten minutes, and keep what they print for the book
	$(BIN)/python -m pip install --disable-pip-version-check -r benchmarks/requirements.txt -c constraints.txt
	$(BIN)/python -m tools.benchmarks

test: lint  ## lint, then the package's, the notebooks' and the pages' tests
	$(BIN)/python -m pytest --nbval -n 2 --dist loadfile

lint: $(STAMP)  ## ruff, on the notebooks too
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: $(STAMP)  ## let ruff mend what it can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:  ## remove what the build made (not the environment)
	rm -rf _build

distclean: clean  ## remove the environment as well
	rm -rf $(VENV)

$(STAMP): requirements.txt constraints.txt pyproject.toml
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(None if (3, 10) <= v <= (3, 13) else "Python 3.10 to 3.13 is needed, $(PYTHON) is %d.%d: make PYTHON=python3.12 ..." % v)'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --disable-pip-version-check -r requirements.txt -c constraints.txt
	$(BIN)/python -m pip install --disable-pip-version-check --no-deps -e .
	touch $(STAMP)
