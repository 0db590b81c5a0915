# The commands of README.md and .ci/run under the names that make has for them.

PREFIX ?= /usr/local
SYSCONFDIR ?= /etc

# The last tag and what came after it, as 1.2.0+3.gabcdef; without a tag Go names the commit.
VERSION ?= $(shell git describe --tags --dirty=+dirty 2>/dev/null | sed 's/^v//; s/-\([0-9]*\)-g/+\1.g/')

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' Makefile | expand -t 12

.DEFAULT_GOAL := build

build: snap ## ./snap, one file without dependencies

snap: go.mod go.sum $(shell find . -name '*.go')
	CGO_ENABLED=0 go build -trimpath -ldflags '-s -w -X snap/cli.release=$(VERSION)' -o snap ./cmd/snap

install: snap ## program, manual page, completions, systemd units and docs below $(DESTDIR)$(PREFIX); says what went where
	DESTDIR='$(DESTDIR)' PREFIX='$(PREFIX)' SYSCONFDIR='$(SYSCONFDIR)' packaging/install

uninstall: ## remove them again; settings and backups stay
	DESTDIR='$(DESTDIR)' PREFIX='$(PREFIX)' SYSCONFDIR='$(SYSCONFDIR)' packaging/install -r

packages: ## .deb and .rpm for amd64 and arm64, in dist/; for one of them: make packages ARCH=amd64
	VERSION='$(VERSION)' ARCH='$(ARCH)' packaging/packages dist

# The version that .ci/run uses, too. Go fetches and builds it once, in some minutes.
GOLANGCI = go run github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0

lint: ## what .golangci.yml asks for
	$(GOLANGCI) run ./...

quick: ## under a minute: format, vet, linters and the tests that take seconds
	test -z "$$(gofmt -l . | tee /dev/stderr)"
	go vet ./...
	$(GOLANGCI) run ./...
	go test -short ./filter ./scan ./destination/retention ./internal/...
	go test -short -run 'Imports|NameFiles|NamesPackages' ./cmd/snap

test: ## the tests, with the line of README.md
	$(shell grep -m 1 '^go test ' README.md)

long: ## all tests at every point and on the disk, half an hour
	SNAP_LONG=1 go test -timeout 60m ./...

check: ## everything a change has to pass
	.ci/run

blackbox: ## the program against real trees
	.ci/blackbox

sweeps: ## faults at every point
	.ci/sweeps

bench: ## BENCHMARKS.md, an hour
	go run ./bench

clean: ## remove what was built
	rm -rf snap dist

.PHONY: help build install uninstall packages lint quick test long check blackbox sweeps bench clean
