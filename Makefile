# `make help` lists what there is to make.

# Fetched files lie here: ONNX Runtime, models, footage. Beside it only target/, demo-out/ and screenshots/ are written, and
# cargo's own folder, where `make check` installs cargo-deny if it cannot be had ready-made.
export FIREWARDEN_CACHE := $(shell realpath -m -- "$${FIREWARDEN_CACHE:-.cache}")
export ORT_DYLIB_PATH ?= $(FIREWARDEN_CACHE)/onnxruntime/libonnxruntime.so
export FIREWARDEN_FOOTAGE ?= $(FIREWARDEN_CACHE)/footage
# A folder that has models/ and footage/, from which they come without a network; one beside the clone is taken where it is there.
export FIREWARDEN_MIRROR ?= $(wildcard ../shared)

target := $(or $(CARGO_TARGET_DIR),target)
.DEFAULT_GOAL := help

.PHONY: help setup browser demo demo-live build test test-build test-fast test-clips test-docs test-footage test-browser test-live test-delivery faults soak test-hub-build test-training bench load latency bench-check guard model accuracy screenshots check lint licences fmt clean

help: ## Print this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## Install what building needs (Debian packages, ONNX Runtime); silent where it is there
	@bash .ci/setup.sh

browser:
	@bash .ci/setup.sh browser

build: setup ## Build the optimised program
	@[ -x $(target)/release/firewarden ] || echo "build: compiling, optimised (three to six minutes the first time)" >&2
	@cargo build --release --locked $(if $(wildcard $(target)/release/firewarden),--quiet)
	@mkdir -p $(target)/release/lib && ln -sf "$$(realpath -m -- "$$ORT_DYLIB_PATH")" $(target)/release/lib/libonnxruntime.so

demo: build ## Analyse real footage with real rules and print the violations
	@bash .ci/demo.sh $(target)/release/firewarden

demo-live: build ## Watch two recordings that a real RTSP server plays on loopback, and show alerts as they come
	@bash .ci/setup.sh live
	@bash .ci/demo-live.sh $(target)/release/firewarden

# Which test binaries are quick but for their modules `clip_tests`; a test compares tests/ with what is named here. A suite that
# needs more than this machine has (a server, a camera) gets a target of its own below, which `test` calls.
quick := --lib --test house --test program --test rules --test schema

test: test-fast test-clips test-docs test-footage test-browser test-live test-delivery test-hub-build ## Run every test, after fetching what footage, models and browser can be had

test-build: setup ## Build what tests need
	@[ -x $(target)/debug/firewarden ] || echo "test: compiling (two to four minutes the first time)" >&2
	@cargo test --locked --all-targets --no-run $(if $(wildcard $(target)/debug/firewarden),--quiet)

test-fast: setup ## Tests without clips, models, footage and browser: rules, configuration, command line; under a minute once built
	cargo test --locked $(quick) -- --skip clip_tests::

test-clips: setup ## Tests on clips that FFmpeg makes (modules clip_tests), and whether the benchmarks run
	cargo test --locked --lib --test program --test allocations -- clip_tests::
	cargo test --locked --benches

test-docs: setup ## The examples in the documentation
	cargo test --locked --doc

test-footage: setup ## Tests on real footage with real models, after fetching what can be had
	@cargo build --locked --quiet
	@bash .ci/pull.sh $(target)/debug/firewarden model || true
	@bash .ci/pull.sh $(target)/debug/firewarden footage || true
	cargo test --locked --test footage

test-browser: setup ## Reports opened in Chromium
	@bash .ci/setup.sh browser || echo "test: without a browser: what needs one is listed as ignored" >&2
	cargo test --locked --test browser

test-live: setup ## Live cameras: the program against a real RTSP server, hostile ones, kills and a clock that is set (some five minutes)
	@bash .ci/setup.sh live || echo "test: without GStreamer's RTSP server or libfaketime: what needs them is listed as ignored" >&2
	cargo test --locked --test live

test-delivery: setup ## Alerts and evidence to real peers: mosquitto, NATS, a webhook, S3, which are killed, frozen, refuse, lie (some four minutes)
	@bash .ci/setup.sh delivery || echo "test: without mosquitto, nats-server or moto: what needs them is listed as ignored" >&2
	cargo test --locked --test delivery

faults: setup ## The same kills as in test-live and test-delivery, fifty of each (FAULTS=50; some twenty minutes)
	@bash .ci/setup.sh live
	@bash .ci/setup.sh delivery
	FAULTS=$(or $(FAULTS),50) cargo test --locked --test live -- killed
	FAULTS=$(or $(FAULTS),50) cargo test --locked --test delivery -- killed_while

soak: setup ## Brokers, the program, then cameras and their network killed, frozen and back at random for SOAK=10m each: nothing may be lost, nothing may grow
	@bash .ci/setup.sh delivery
	SOAK=$(or $(SOAK),10m) cargo test --locked --test delivery -- --nocapture
	@bash .ci/setup.sh live
	SOAK=$(or $(SOAK),10m) cargo test --locked --test live -- --nocapture

test-hub-build: setup ## The build for the platform's side: without codecs and models, and it says which build has what it lacks
	@bash .ci/hub.sh

test-training: setup ## The tests of the Python that makes the models, as far as its environments are there
	@bash .ci/training.sh test

bench: build ## Cameras per core beside the usual pipeline (some hours; GO_ON=1 after a stop), and the steps of a look
	@bash .ci/bench.sh $(target)/release/firewarden cameras --seconds $(or $(BENCH_SECONDS),600) --runs $(or $(BENCH_RUNS),5) \
	    $(addprefix --scene ,$(BENCH_SCENES)) $(if $(GO_ON),--go-on)
	@bash .ci/setup.sh live
	@bash .ci/bench.sh $(target)/release/firewarden live
	@bash .ci/setup.sh delivery
	cargo bench --locked --bench delivery -- $(abspath $(target))/bench-delivery
	cargo bench --locked --bench micro

load: build ## How many cameras this machine watches, none starved and none late, beside what analyze --paced carries (LENGTH=10m STEP=60s FROM=8)
	@bash .ci/pull.sh $(target)/release/firewarden footage vtest one-by-one-person-detection
	cargo bench --locked --bench load -- $(target)/release/firewarden "$(FIREWARDEN_FOOTAGE)" --length $(or $(LENGTH),10m) --step $(or $(STEP),60s) \
	    $(if $(FROM),--from $(FROM)) $(if $(SEED),--seed $(SEED))

latency: build ## How long after an e-bike is in an elevator its line is in the file sink (TRIALS=30 CAMERAS=1 FILMS="FOLDER…")
	cargo bench --locked --bench latency -- $(target)/release/firewarden $(FILMS) --trials $(or $(TRIALS),30) --cameras $(or $(CAMERAS),1) \
	    $(if $(SEED),--seed $(SEED))

bench-check: build ## What got slower since benches/baseline.json (minutes); BASELINE=write records it anew
	@bash .ci/bench.sh $(target)/release/firewarden check $(if $(filter write,$(BASELINE)),--write)

guard: build ## Whether this program finds and costs what that of BEFORE does (HEAD~1; ONLY=results or cost, MATCH=film/*, CASES=DIR, EXPECTED=FILE, ROUNDS=7)
	@bash .ci/bench.sh $(target)/release/firewarden guard --before $(or $(BEFORE),HEAD~1) --rounds $(or $(ROUNDS),7) \
	    $(if $(ONLY),--only $(ONLY)) $(if $(MATCH),--match '$(MATCH)') $(if $(CASES),--cases '$(CASES)') \
	    $(if $(EXPECTED),--expected '$(EXPECTED)')

model: ## Make the project's own models again, from pictures to ONNX (hours; goes on where it stopped; BUDGET=quick, PUBLISH=1 to replace the files)
	@bash .ci/training.sh model --budget $(or $(BUDGET),full) $(if $(PUBLISH),--publish)

accuracy: build ## The accuracy of the project's own models beside the general ones (hours the first time, for rendering)
	@bash .ci/pull.sh $(target)/release/firewarden footage || true
	@bash .ci/training.sh accuracy $(target)/release/firewarden

screenshots: demo browser ## Photograph reports in Chromium: phone and screen, Chinese and English, and printed
	@echo "screenshots: compiling the test that takes them (three to six minutes the first time), then about one" >&2
	@FIREWARDEN_SCREENSHOTS="$(CURDIR)/screenshots" FIREWARDEN_RESULTS="$(CURDIR)/demo-out/fire-lane:$(CURDIR)/demo-out/control-room" \
	    cargo test --quiet --locked --test browser
	@echo "screenshots: they are in screenshots/"

check: lint licences ## Formatting, lints, licences of dependencies, advisories where they can be had

lint: setup
	cargo fmt --check
	cargo clippy --locked --all-targets -- -D warnings
	cargo clippy --locked --lib --bins --no-default-features --features hub -- -D warnings

licences: setup
	@bash .ci/deny.sh

fmt: ## Format the code
	cargo fmt

clean: ## Remove what was built, fetched and shown; what training made stays (target/training, hours of work)
	@if [ -d $(target) ]; then find $(target) -mindepth 1 -maxdepth 1 ! -name training -exec rm -rf {} +; fi
	rm -rf .cache demo-out screenshots
