# 巡格. `make run` tries it, `make test` proves it; both need Python 3.11+, Node 20+ and make, and
# install the rest, pinned by hash, into .venv and node_modules.

PYTHON ?= python3
VENV ?= .venv
CHROMIUM ?= $(shell command -v chromium || command -v chromium-browser || command -v google-chrome)

BIN := $(VENV)/bin
PY_READY := $(VENV)/.ready
JS_READY := node_modules/.ready
APP := pwa/dist/index.html
APP_SOURCES := $(shell find pwa offline/client shared-schemas -type f \
	-not -path '*/node_modules/*' -not -path '*/dist/*' 2>/dev/null)

export CHROMIUM
.PHONY: run test check format bench chaos types clean browser
.DELETE_ON_ERROR:

run: $(PY_READY) $(APP)
	@$(BIN)/xunge up

test: check $(APP) browser
	@$(BIN)/python -m scripts.run_tests

check: $(PY_READY) $(JS_READY)
	@echo '── format';  $(BIN)/ruff format --check -q . && npx prettier --check --cache --log-level warn .
	@echo '── lint';    $(BIN)/ruff check -q . && npx eslint --cache --cache-location node_modules/.cache/eslint/ .
	@echo '── imports'; $(BIN)/lint-imports --no-logo >$(VENV)/imports.log || { cat $(VENV)/imports.log; exit 1; }
	@echo '── schemas'; $(BIN)/python -m scripts.typegen --check
	@echo '── types';   $(BIN)/mypy --no-error-summary
	@npm run --silent typecheck

format: $(PY_READY) $(JS_READY)
	@$(BIN)/ruff check -q --fix . ; $(BIN)/ruff format -q . ; npm run --silent format

bench: $(PY_READY) $(APP) browser
	@$(BIN)/python -m tests.bench $(ONLY)

chaos: $(PY_READY) $(JS_READY)
	@$(BIN)/python -m tests.chaos $(or $(SECONDS),60) $(SEED)

types: $(PY_READY) $(JS_READY)
	@$(BIN)/python -m scripts.typegen

# The data of `make run` in var/ stays.
clean:
	rm -rf $(VENV) node_modules pwa/dist *.egg-info .mypy_cache .ruff_cache .pytest_cache \
		.import_linter_cache .hypothesis test-results

$(PY_READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
		|| { echo '缺少 Python 3.11 或更高版本:请安装,或用 make PYTHON=路径 指明' >&2; exit 1; }
	@echo '── 安装 Python 依赖(约 1 分钟)'
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install -q --disable-pip-version-check --no-deps --require-hashes -r requirements.lock
	@$(BIN)/pip install -q --disable-pip-version-check --no-build-isolation --no-deps -e .
	@touch $@

$(JS_READY): package.json package-lock.json
	@node -e 'process.exit(Number(parseInt(process.versions.node) < 20))' 2>/dev/null && command -v npm >/dev/null \
		|| { echo '缺少 Node 20 或更高版本(含 npm):请安装后再运行' >&2; exit 1; }
	@echo '── 安装 JavaScript 依赖(约 1 分钟)'
	@npm ci --silent --no-audit --no-fund
	@touch $@

$(APP): $(JS_READY) $(APP_SOURCES)
	@echo '── 构建手机端'
	@npm run --silent build -w pwa >$(VENV)/build.log 2>&1 || { cat $(VENV)/build.log; exit 1; }
	@touch $@

browser:
	@[ -x "$(CHROMIUM)" ] \
		|| { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && echo '── installing Chromium' \
			&& { apt-get update -qq; apt-get install -yqq chromium fonts-noto-cjk; } >/dev/null 2>&1; } \
		|| { echo '缺少浏览器:请安装 chromium,或用 make CHROMIUM=路径 指明' >&2; exit 1; }
