# make demo   set everything up and run the main job on the embedded demo patient
# make test   set everything up and pass all tests
# make run    open the window            make bench  measure, and write docs/benchmarks.md
# make check  lint, types, architecture  make package  the one-folder build for workstations
VENV ?= .venv
OUT ?= demo-output
export VENV

.PHONY: demo run test check bench package clean

demo:
	@packaging/setup.sh run
	@$(VENV)/bin/twinviewer demo --out $(OUT)

run:
	@packaging/setup.sh run
	@$(VENV)/bin/twinviewer

test:
	@packaging/setup.sh dev
	@$(VENV)/bin/python -m pytest $(PYTEST)

check:
	@packaging/setup.sh dev
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports

bench:
	@packaging/setup.sh dev
	@$(VENV)/bin/python tests/bench/run.py --write docs/benchmarks.md

package:
	@packaging/setup.sh dev
	@$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --constraint requirements.lock ".[package]"
	@$(VENV)/bin/python packaging/build.py

clean:
	rm -rf build dist demo-output
