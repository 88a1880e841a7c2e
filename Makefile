# Two commands do everything: `make run` and `make test`.
.PHONY: check

PYTHON := .venv/bin/python
# The type checker loads the settings, which refuse to load without a key.
check: export SECRET_KEY := for-the-type-checker-only-0123456789

check:
	$(PYTHON) -m ruff format --check .
	$(PYTHON) -m ruff check .
	.venv/bin/lint-imports
	$(PYTHON) -m mypy chatapp rag guardrails tests
	.venv/bin/djlint --check --lint templates
