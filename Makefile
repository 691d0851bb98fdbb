# Needs make and python3 (3.11 or newer) with its venv module. Everything is installed into .venv, once, in the versions
# of requirements/; a changed list or pyproject.toml installs again. Nothing is activated: every recipe names the
# interpreter it uses.

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help demo test test-slow laws editor enforce fuzz fuzz-guided reference mutants mutants-record mutants-page conformance lint format house bench bench-peers bench-page bench-regression docs build lock refresh clean

EXAMPLE := examples/clinical-notes/deployment.yaml
VENV := .venv
PY := $(VENV)/bin/python
PIP := -m pip install --quiet --disable-pip-version-check
# Every file is checked by its hash and none is built, since a build would fetch what no hash covers; fedpolicy itself is
# built with what is installed.
LOCKED := $(PIP) --require-hashes --only-binary=:all: -r
OURS := $(PIP) --no-deps --no-build-isolation
# How long, from which seed, which target (`each`: all, for the same time), and a folder with more files to mutate.
FUZZ = $(if $(MINUTES),--minutes $(MINUTES),--seconds $(or $(SECONDS),60)) $(if $(SEED),--seed $(SEED)) \
	$(if $(TARGET),--target $(TARGET)) $(if $(CORPUS),--corpus $(CORPUS))
# Files are UTF-8, whatever the locale.
export PYTHONUTF8 := 1
OLD := import sys; sys.exit(sys.version_info < (3, 11))

# The first interpreter that is new enough: some systems keep an old python3 beside a newer python3.12.
ifndef PYTHON
PYTHON := $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	"$$p" -c '$(OLD)' 2>/dev/null && echo "$$p" && break; done)
PYTHON := $(if $(PYTHON),$(PYTHON),python3)
endif

# A venv that a failed attempt left half made, or whose interpreter has gone (a system upgrade), is made anew.
ifneq ($(shell "$(PY)" -c 'import pip; $(OLD)' 2>/dev/null && echo works),works)
MAKE_VENV := venv
endif

help: ## Show this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/make \1|\2/p' Makefile | while IFS='|' read -r name what; do \
		printf '%-17s %s\n' "$$name" "$$what"; done

demo: $(VENV)/.stamp-run ## Set everything up and check the running example
	@echo '$$ fedpolicy check $(EXAMPLE)'
	@code=0; "$(PY)" -m fedpolicy check $(EXAMPLE) || code=$$?; \
	case $$code in \
		0) echo 'Exit code 0: no finding is severe enough to fail.' ;; \
		1) echo 'Exit code 1: there are findings, as this example is meant to show. The demo itself has worked.' ;; \
		*) exit $$code ;; \
	esac

test: $(VENV)/.stamp-test ## Run the tests with branch coverage, but those that take long
	@"$(PY)" -m pytest -n auto --maxprocesses 4 --dist worksteal -m "not slow" --cov --cov-report=term $(ARGS)

test-slow: $(VENV)/.stamp-test ## Run those that take long: other tools, large inputs, many processes
	@"$(PY)" -m pytest -q -n auto --maxprocesses 4 --dist worksteal -m "slow and not hypothesis" $(ARGS)

editor: ## Test and type-check the language server, in an environment of its own
	@$(MAKE) --no-print-directory VENV=.venv-editor .venv-editor/.stamp-editor
	@.venv-editor/bin/python -m pytest -q tests/editor $(ARGS)
	@.venv-editor/bin/python -m mypy fedpolicy/lsp

enforce: $(VENV)/.stamp-test ## Test what `fedpolicy enforce` writes by the tools that read it, in an environment of their own
	@$(MAKE) --no-print-directory VENV=.venv-enforce .venv-enforce/.stamp-enforce
	@ENFORCE_PYTHON=.venv-enforce/bin/python "$(PY)" -m pytest -q tests/enforce $(ARGS)

laws: $(VENV)/.stamp-test ## Try every law as often as CI does, or all for as long as you like: make laws MINUTES=60
	@FEDPOLICY_LAWS=$(if $(MINUTES),$$(($(MINUTES) * 60)),full) $(if $(SEED),FEDPOLICY_LAWS_SEED=$(SEED)) \
		"$(PY)" -m pytest -q -p tests.laws -n auto --maxprocesses 4 --dist worksteal -m hypothesis $(ARGS)

fuzz: $(VENV)/.stamp-test ## Look for crashes, hangs and lost deployments: make fuzz MINUTES=30 SEED=7 TARGET=reader
	@"$(PY)" -m fuzz $(FUZZ)

fuzz-guided: ## Let coverage lead it, in an environment of its own: make fuzz-guided TARGET=reader MINUTES=10
	@$(MAKE) --no-print-directory VENV=.venv-fuzz .venv-fuzz/.stamp-fuzz
	@.venv-fuzz/bin/python -m fuzz --guided $(FUZZ)

reference: $(VENV)/.stamp-test ## Compare levels, control and findings with models written from the texts: make reference COUNT=100000 SEED=7
	@"$(PY)" -m tests.reference.comparison --count $(or $(COUNT),100000) --seed $(or $(SEED),0)
	@"$(PY)" -m tests.reference.comparison --count $(or $(COUNT),100000) --seed $(or $(SEED),0) --about control
	@"$(PY)" -m tests.reference.comparison --count $$(($(or $(COUNT),100000) / 4)) --seed $(or $(SEED),0) --about findings --allow 0.015

mutants-record: $(VENV)/.stamp-test ## Note which tests run which lines, for `make mutants` (ten minutes)
	@FEDPOLICY_LAWS=5 "$(PY)" -m pytest -q -p tools.mutants.recording --ignore=tests/ci

mutants: $(VENV)/.stamp-test ## Change the code and see whether a test notices: make mutants ROOM=graph COUNT=100 SEED=7
	@"$(PY)" -m tools.mutants $(or $(ROOM),graph) --count $(or $(COUNT),100) --seed $(or $(SEED),7) $(ARGS)

mutants-page: $(VENV)/.stamp-run ## Write docs/mutants.md from what `make mutants` has found
	@"$(PY)" -m tools.mutants.page

conformance: $(VENV)/.stamp-test ## Write the conformance suite anew: what the language means, as data
	@"$(PY)" -m tools.conformance

lint: $(VENV)/.stamp-lint ## Check style, types, scripts and who imports whom
	@"$(PY)" -m ruff check .
	@"$(PY)" -m ruff format --check .
	@"$(PY)" -m mypy
	@"$(PY)" $(VENV)/bin/lint-imports --no-logo
	@$(VENV)/bin/shellcheck --external-sources action/*.sh .ci/run .ci/versions .ci/release .ci/steps.sh

format: $(VENV)/.stamp-lint ## Format the code and mend what can be mended
	@"$(PY)" -m ruff check --fix .
	@"$(PY)" -m ruff format .

house: $(VENV)/.stamp-run ## Count modules, lines, functions, and what a check imports
	@"$(PY)" benchmarks/house.py $(ARGS)

bench: .venv-bench ## Measure speed and memory beside other tools
	@.venv-bench/bin/python benchmarks/run.py $(ARGS)

bench-peers: .venv-bench ## Measure seven other tools on the same system (slow)
	@for peer in 'models pytm==1.4.0 flowstrider==1.2.0' 'fides fideslang==3.1.4' 'checkov checkov==3.3.30' 'semgrep semgrep==1.185.0'; do \
		set -- $$peer; at=.venv-peers/$$1; shift; \
		"$(PY)" -m venv "$$at" && "$$at/bin/python" $(PIP) "$$@" || exit 1; \
	done
	@.venv-bench/bin/python benchmarks/peers.py $(ARGS)

bench-regression: .venv-bench ## Compare speed with that of an older commit: make bench-regression SINCE=v0.1.0
	@test -n '$(SINCE)' || { echo 'say with which commit: make bench-regression SINCE=v0.1.0'; exit 2; }
	@rm -rf build/older && mkdir -p build/older && git archive '$(SINCE)' | tar -x -C build/older
	@"$(PY)" -m venv .venv-older
	@.venv-older/bin/python $(LOCKED) build/older/requirements/bench.txt
	@.venv-older/bin/python $(OURS) --force-reinstall ./build/older
	@.venv-bench/bin/python benchmarks/regression.py .venv-older/bin .venv-bench/bin

bench-page: ## Measure everything and write docs/benchmarks.md (an hour)
	@$(MAKE) bench ARGS='--large --json build/bench.json'
	@$(MAKE) bench-peers ARGS='--json build/peers.json'
	@"$(PY)" benchmarks/page.py build/bench.json build/peers.json

# What is measured is what users install, byte-compiled, not the checkout.
.PHONY: .venv-bench
.venv-bench: $(VENV)/.stamp-run
	@"$(PY)" -m venv .venv-bench
	@.venv-bench/bin/python $(LOCKED) requirements/bench.txt
	@.venv-bench/bin/python $(OURS) --force-reinstall .

docs: $(VENV)/.stamp-docs ## Build the documentation into site/
	@"$(PY)" tools/site.py
	@$(VENV)/bin/zensical build --strict --clean
	@echo 'site/index.html is ready.'

build: $(VENV)/.stamp-build ## Build the sdist and the wheel into dist/
	@"$(PY)" -m build --no-isolation --outdir dist .

lock: $(VENV)/.stamp-lock ## Renew requirements/: the newest versions, with their hashes
	@"$(PY)" .ci/lock.py

refresh: $(VENV)/.stamp-lock ## Renew what packages say of models in fedpolicy/catalog/generated/
	@PATH="$(abspath $(VENV))/bin:$$PATH" "$(PY)" -m tools.refresh

clean: ## Remove everything that make has made
	@rm -rf $(VENV) .venv-bench .venv-editor .venv-enforce .venv-fuzz .venv-peers .venv-older build dist site

.PHONY: venv
venv:
	@"$(PYTHON)" -c '$(OLD)' 2>/dev/null || { \
		echo "fedpolicy needs Python 3.11 or newer; '$(PYTHON)' is $$("$(PYTHON)" -V 2>&1 | head -n 1)." >&2; \
		echo 'Install it (Debian, Ubuntu: apt install python3 python3-venv) or name it: make demo PYTHON=/path/to/python3.12' >&2; \
		exit 1; }
	@"$(PYTHON)" -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "'$(PYTHON)' cannot make virtual environments: its venv module is missing." >&2; \
		echo 'Install it (Debian, Ubuntu: apt install python3-venv) and run make again.' >&2; \
		exit 1; }
	@rm -rf $(VENV)
	@"$(PYTHON)" -m venv $(VENV) || { rm -rf $(VENV); exit 1; }

# The stamp, not the folder, says that an installation has ended well.
$(VENV)/.stamp-%: requirements/%.txt pyproject.toml $(wildcard hatch_build.py) $(MAKE_VENV)
	@echo 'Installing what "$*" needs into $(VENV) ...'
	@"$(PY)" $(LOCKED) $< --no-deps
	@"$(PY)" $(OURS) --editable .
	@touch $@
