# The two commands to begin with are `make demo` and `make test`.
# Another Python than the first recent one on the PATH: make demo PYTHON=/path/to/python3.12

VENV := .venv
BIN := $(VENV)/bin
PYTHON ?=
# TensorFlow takes about 2 GB a worker.
MAX_WORKERS ?= 8
SECONDS ?= 600
PYRIGHT := PYRIGHT_PYTHON_IGNORE_WARNINGS=1 $(BIN)/pyright --pythonpath $(BIN)/python

# Two targets at once would install into one environment at once.
.NOTPARALLEL:
.DEFAULT_GOAL := help
.PHONY: help demo test lint ruff mutants faults fuzz beam cards docs bench parity-tfa foreign-weights clean

help: ## Say what can be made
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 20

demo: $(VENV)/.installed-demo ## Train, measure, translate and export on maps of the Earth; under 10 minutes
	@echo "==> tfi2i demo"
	@$(BIN)/tfi2i demo

test: ruff ## Lint, check types and run all tests
	@echo "==> Types (pyright) and tests (pytest), side by side"
	@# TensorFlow's start-up remarks would follow pytest's closing line: stderr is shown on failure.
	@code=0; $(PYRIGHT) > $(VENV)/types 2>&1 & types=$$!; \
	$(BIN)/pytest -n auto --maxprocesses $(MAX_WORKERS) 2> $(VENV)/stderr || \
		{ code=$$?; cat $(VENV)/stderr >&2; }; \
	wait $$types || { code=$$?; cat $(VENV)/types; }; \
	exit $$code

lint: ruff ## Lint and check types
	@echo "==> Types (pyright)"
	@$(PYRIGHT)

ruff: $(VENV)/.installed-dev
	@echo "==> Lint (ruff)"
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

mutants: $(VENV)/.installed-dev ## Plant faults into training and list those that no test notices; 20 minutes
	@$(BIN)/python -m tools.mutants

bench: $(VENV)/.installed-dev .venv-peers/.installed ## Measure beside PyTorch, OpenVINO and plain Keras; wants a quiet machine
	@$(BIN)/python -m benchmarks.run --peers .venv-peers/bin/python
	@$(BIN)/python -m benchmarks.page docs

faults: $(VENV)/.installed-dev ## Make every fault of docs/reliability.md happen and write its table; 30 minutes
	@$(BIN)/python -m tools.faults

fuzz: $(VENV)/.installed-dev ## Feed readers with inputs that nobody wrote, SECONDS=600 of them, and count
	@$(BIN)/python -c "import atheris" 2>/dev/null || $(BIN)/python -m pip install --disable-pip-version-check -q -e ".[fuzz]"
	@$(BIN)/python -m tools.fuzz --seconds $(SECONDS)

beam: .venv-beam/.installed ## Test `translate --runner` in an environment with Apache Beam
	@.venv-beam/bin/python -m pytest -q tests/test_beam.py

cards: $(VENV)/.installed-dev ## Make the tables of the cards and of docs/zoo.md anew from the results
	@$(BIN)/python -m tfi2i.evidence.cards docs/zoo.md

docs: .venv-docs/.installed ## Build the documentation site into build/docs; any warning or broken link is an error
	@.venv-docs/bin/python -m sphinx -W --keep-going -q -c docs . build/docs
	@echo "look at   build/docs/index.html"

parity-tfa: ## Make anew the numbers of tensorflow-addons that the layers are tested against
	@echo "==> tensorflow-addons in an environment of its own"
	@tools/parity_tfa/make_numbers.sh

foreign-weights: .venv-peers/.installed ## Make anew the weight files of others that import is tested with; IMAGE=photo.jpg
	@tools/foreign_weights/make_files.sh $(IMAGE)

clean: ## Remove what was installed and built; runs/ stays
	rm -rf $(VENV) .venv-peers .venv-beam .venv-docs build dist *.egg-info .pytest_cache .ruff_cache

# What the benchmarks compare with, apart from TensorFlow's environment: both bring OpenMP.
.venv-peers/.installed: benchmarks/peers/requirements.txt
	@$(BIN)/python -m venv .venv-peers
	@.venv-peers/bin/python -m pip install --disable-pip-version-check -q -r $<
	@touch $@

# The site is built from the sources: it needs neither TensorFlow nor tfi2i.
.venv-docs/.installed: docs/requirements.txt
	@$(or $(PYTHON),python3) -m venv .venv-docs
	@.venv-docs/bin/python -m pip install --disable-pip-version-check -q -r $<
	@touch $@

# Apache Beam wants older packages than the tests of everything else.
.venv-beam/.installed: pyproject.toml setup.py
	@tools/make_venv.sh .venv-beam beam,tiff $(PYTHON)
	@.venv-beam/bin/python -m pip install --disable-pip-version-check -q pytest pytest-xdist
	@touch $@

# The environment is made once, and brought up to date when the requirements change.
$(VENV)/.installed-demo: EXTRAS := earth,litert,metrics
$(VENV)/.installed-dev: EXTRAS := dev
$(VENV)/.installed-%: pyproject.toml setup.py
	@tools/make_venv.sh $(VENV) $(EXTRAS) $(PYTHON)
	@touch $@
