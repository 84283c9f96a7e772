# Two commands: `make run` and `make test`. Each sets up what it needs and is quick the second time.
PYTHON ?= python3
VENV_PYTHON = .venv/bin/python
PYTEST = pytest -n auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder

.PHONY: run test lint coverage bench audit setup clean

run: setup
	@exec $(VENV_PYTHON) -m core.ui.serve

test:
	@$(PYTHON) .ci/setup.py --tests
	@$(MAKE) --no-print-directory lint
	@$(VENV_PYTHON) -m $(PYTEST)

lint:
	@$(VENV_PYTHON) -m ruff check .
	@$(VENV_PYTHON) -m ruff format --check .

# Every test with its lines counted, in each process that it starts: slower, so not part of `test`.
coverage:
	@$(PYTHON) .ci/setup.py --tests
	@$(VENV_PYTHON) -m coverage erase
	@$(VENV_PYTHON) -m coverage run -m $(PYTEST)
	@$(VENV_PYTHON) -m coverage combine --quiet
	@$(VENV_PYTHON) -m coverage report

bench: setup
	@$(VENV_PYTHON) -m bench

audit: setup
	@$(PYTHON) .ci/audit.py

setup:
	@$(PYTHON) .ci/setup.py

clean:
	rm -rf .venv .venv-audit .pytest_cache .ruff_cache .hypothesis
