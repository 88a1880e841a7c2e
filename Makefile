# Two commands do everything: `make run` and `make test`.
.PHONY: run test check setup eval-guard bench-relay bench-prefix

PYTHON := .venv/bin/python

run:
	@scripts/setup
	@exec $(PYTHON) -m chatapp.launch run

test:
	@scripts/setup dev
	@exec $(PYTHON) scripts/test.py

# Only the virtual environment, with what the tests and the checks need.
setup:
	@scripts/setup dev

# The type checker loads the settings, which refuse to load without a key.
check: export SECRET_KEY := for-the-type-checker-only-0123456789
check: setup
	$(PYTHON) -m ruff format --check .
	$(PYTHON) -m ruff check .
	.venv/bin/lint-imports
	$(PYTHON) -m mypy chatapp rag guardrails bench tests
	.venv/bin/djlint --check --lint templates

# The embedded judge on public data sets: make eval-guard DATA=FOLDER
eval-guard: setup
	$(PYTHON) scripts/eval_guard.py --data $(if $(DATA),$(DATA),$(error name the folder of the data sets, as in make eval-guard DATA=FOLDER))

# What the product adds to a model's stream: make bench-relay OPTIONS="--streams 500"
bench-relay: setup
	$(PYTHON) -m bench.relay $(OPTIONS)

# What of a conversation's prompts a model server finds in its cache: make bench-prefix OPTIONS="--url http://gpu-1:8000"
bench-prefix: setup
	$(PYTHON) -m bench.prefix $(OPTIONS)
