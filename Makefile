# Every target does its own set-up on a machine that has Python 3.11 or newer, pip and make.
#
#   make run           create .venv, install, serve           make check         format, lint, types, imports, fast tests
#   make test          everything with Python clients         make test-clients  other ecosystems' clients and brokers
#   make install       .venv with the `dragoman` command      make bench         side by side with RabbitMQ and Kafka
#   make compile       hot modules by mypyc, in place         make full          all suites, the long ones, the bench
#   make dev           .venv with all that tests need         make pure          take compiled modules away
#
# ARGS="--port kafka=9192" is handed on by `run` and `bench`.

VENV := .venv
PY := $(VENV)/bin/python
PIP := $(VENV)/bin/python -m pip --disable-pip-version-check --no-input -q
RUN_READY := $(VENV)/.run-ready
DEV_READY := $(VENV)/.dev-ready

.PHONY: run install dev check compile pure test test-clients bench full clean

run: $(RUN_READY)
	@$(PY) tools/compile.py fresh
	$(VENV)/bin/dragoman serve $(ARGS)

install: $(RUN_READY)

dev: $(DEV_READY)

$(PY):
	@python=$$(tools/find-python) && $$python -m venv $(VENV)

$(RUN_READY): $(PY) requirements/run.txt pyproject.toml
	$(PIP) install --require-hashes -r requirements/run.txt
	$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

# The last botocore that speaks SQS's query protocol stands apart from the present one.
$(DEV_READY): $(RUN_READY) requirements/dev.txt requirements/botocore-query.txt
	$(PIP) install --require-hashes -r requirements/dev.txt
	$(PIP) install --require-hashes --no-deps --upgrade --target $(VENV)/botocore-query -r requirements/botocore-query.txt
	@touch $@

compile: $(DEV_READY)
	@$(PY) tools/compile.py

pure:
	@find src -name '*.so' -delete

check: $(DEV_READY)
	@$(PY) tools/suites.py check

test: $(DEV_READY)
	@$(PY) tools/suites.py test

test-clients: $(DEV_READY)
	@$(PY) tools/suites.py test-clients

bench: $(DEV_READY) compile
	$(PY) -m bench $(ARGS)

full: $(DEV_READY)
	@$(PY) tools/suites.py full
	@$(MAKE) bench

clean: pure
	rm -rf $(VENV) build .hypothesis .mypy_cache .ruff_cache .pytest_cache
