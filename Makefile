# make demo   set everything up and run the main job on the embedded demo patient: a window where there is a display,
#             else (or with OUT=folder) picture, film, report and metrics in a folder
# make test   set everything up and pass all tests
# make run    open the window            make bench  measure, and write docs/benchmarks.md
# make check  lint, types, architecture  make package  the one-folder build for workstations
VENV ?= .venv
export VENV

# make mutants   half a million damaged files for every reader, for a night (COUNT=5000 for a minute)

.PHONY: demo run test check bench mutants package clean

demo:
	@packaging/setup.sh run
	@$(VENV)/bin/twinviewer demo $(if $(OUT),--out $(OUT))

run:
	@packaging/setup.sh run
	@$(VENV)/bin/twinviewer

test:
	@packaging/setup.sh dev
	@OPENBLAS_NUM_THREADS=1 $(VENV)/bin/python -m pytest -n 2 --dist loadscope $(PYTEST)

check:
	@packaging/setup.sh dev
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports

bench:
	@packaging/setup.sh dev
	@$(VENV)/bin/python tests/bench/run.py --write docs/benchmarks.md

mutants:
	@packaging/setup.sh dev
	@OPENBLAS_NUM_THREADS=1 $(VENV)/bin/python -m tests.support.mutants --count $(or $(COUNT),500000)

package:
	@packaging/setup.sh dev
	@$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --constraint requirements.lock --editable ".[package]"
	@$(VENV)/bin/python packaging/build.py

clean:
	rm -rf build dist twinviewer-demo
