# Commands for developers. `make test` and `make check` are what CI runs.

GOLANGCI_LINT := github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0
ACTIONLINT    := github.com/rhysd/actionlint/cmd/actionlint@v1.7.12
GOVULNCHECK   := golang.org/x/vuln/cmd/govulncheck@v1.9.0

# Where the code, tests included, has to compile beside the platform it is developed on.
OTHER_PLATFORMS := linux/386 windows/amd64 darwin/arm64

# For pipefail.
SHELL := bash

# In each module that holds code (the root one does not), what follows up to "; done".
each_module = set -eo pipefail; dirs=$$(go list -f '{{.Module.Dir}}' work | sort -u); \
	for dir in $$dirs; do echo "$${dir\#\#*/}:"; cd "$$dir";

.PHONY: help
help: ## list these commands
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

.PHONY: run
run: ## serve the page at http://127.0.0.1:8000/
	go run ./app

.PHONY: build
build: ## build bin/app
	go build -o bin/ ./app

.PHONY: image
image: ## make the container image in bin/image, without a container engine
	rm -rf bin/image
	go run ./tools/image bin/image

.PHONY: deps
deps: ## install what the tests start: Redis, Chromium, Firefox and wrk
	@tools/testdeps

# These tests build the tree anew: as Heroku does, as a reader of the guide, renamed, for other programs, as an image, for a
# release, to be measured. That takes as long as all other tests, and the race detector would watch the go command. `make
# builders` runs them.
BUILDERS := bench.*|docs|heroku|image|release/dist|rename|stranger
# These run programs for half a minute, through faults or to watch them, and need the machine for themselves.
ALONE := internal/faultrun|soak
tested = $$(go list work | grep -vE '/tools/($(BUILDERS)|$(ALONE))$$')

# Code under the race detector compiles in half the time without inlining and debugging information, by a compiler that takes
# more memory. A stack has its lines all the same.
race := -race -ldflags=-w '-gcflags=all=-l -dwarf=false' '-toolexec=env GOGC=400'

# Programs under the race detector, of which the tests start many, wait at their end for reports: a second, if not told otherwise.
export GORACE := atexit_sleep_ms=100 $(GORACE)

# `make check` vets all code, for four platforms, so these tests need not. The packages that take longest come first. Tests wait
# for servers and browsers more than they compute, so more of them run at once than there are processors.
.PHONY: test
test: deps ## run the tests under the race detector, but for those of make builders
	go test $(race) -vet=off -p 4 -parallel 4 -timeout 20m ./app ./counter-redis ./counter-file ./counter-redis/redistest ./tools/model $(tested)

.PHONY: cover
cover: deps ## say which share of the code the tests run; cover.out has the lines
	rm -rf bin/cover
	mkdir -p bin/cover
	GOCOVERDIR="$(CURDIR)/bin/cover" go test -timeout 15m -cover -coverpkg=work $(tested) -args -test.gocoverdir="$(CURDIR)/bin/cover"
	go tool covdata textfmt -i=bin/cover -o=cover.out
	go tool cover -func=cover.out | tail -n 1

.PHONY: bench
bench: deps ## measure a page view, and many of everything; writes docs/performance.md
	go run ./tools/bench
	go run ./tools/bench -scale

.PHONY: soak
soak: deps ## run the app on each store for ten minutes, with faults, and see that it stays as it was
	go run ./tools/soak

.PHONY: fmt
fmt: ## rewrite the code as check wants it
	go fix work
	go run $(GOLANGCI_LINT) fmt

.PHONY: lint
lint: ## run golangci-lint
	@$(each_module) go run $(GOLANGCI_LINT) run; done

.PHONY: vulns
vulns: ## look for known vulnerabilities in what the code calls
	@$(each_module) go run $(GOVULNCHECK) ./...; done

# Each module without the workspace, as its users see it. The workspace and the modules have the same versions of everything,
# as `go work sync` tells, so their tests need not run again.
.PHONY: modules
modules: ## build each module on its own, and vet its tests
	@$(each_module) GOWORK=off go build ./...; GOWORK=off go vet ./...; done

.PHONY: builders
builders: deps ## run the tests that build the tree anew, fault runs, and what the race detector keeps out
	go test -timeout 30m $$(go list work | grep -E '/tools/($(BUILDERS))$$|(app/internal/web|tools/model)$$')
	go test $(race) -timeout 30m ./tools/internal/faultrun
	go test -timeout 30m ./tools/soak

.PHONY: check
check: ## check the rest: format, vet, today's Go, go.mod files, workflow, lint, modules, builders
	go run $(GOLANGCI_LINT) fmt --diff
	go vet work
	@set -e; for platform in $(OTHER_PLATFORMS); do echo "go vet work on $$platform"; \
		CGO_ENABLED=0 GOOS=$${platform%/*} GOARCH=$${platform#*/} go vet work; done
	go fix -diff work
	@set -e; dirs=$$(go list -m -f '{{.Dir}}'); \
	for dir in $$dirs; do GOWORK=off go -C "$$dir" mod tidy -diff; done
	@sums() { cksum go.work* *.mod */go.*; }; before=$$(sums); go work sync; \
	[ "$$before" = "$$(sums)" ] || { echo "go work sync has changed files: commit them" >&2; exit 1; }
	go run $(ACTIONLINT) .github/workflows/*.yaml
	@$(MAKE) lint modules builders
