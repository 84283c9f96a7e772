# Two commands: `make run` and `make test`. Each sets up what it needs and is quick the second time.
PYTHON ?= python3
VENV_PYTHON = .venv/bin/python

.PHONY: run test lint bench setup clean

run: setup
	@exec $(VENV_PYTHON) -m core.ui.serve

test:
	@$(PYTHON) .ci/setup.py --tests
	@$(MAKE) --no-print-directory lint
	@$(VENV_PYTHON) -m pytest -n auto --maxprocesses 4 --dist loadfile

lint:
	@$(VENV_PYTHON) -m ruff check .
	@$(VENV_PYTHON) -m ruff format --check .

bench: setup
	@$(VENV_PYTHON) -m bench

setup:
	@$(PYTHON) .ci/setup.py

clean:
	rm -rf .venv .pytest_cache .ruff_cache .hypothesis
