# A thin face over Meson: each target does all the set-up it needs, then its job.
BUILD      ?= build
REAL_DATA  ?= $(if $(wildcard ../shared/data),../shared,)
MESON_ARGS ?=
PREFIX     ?= /usr/local
JOBS       ?= $(shell nproc 2>/dev/null || echo 2)

.PHONY: all setup run test bench install check-format format clean help

help:
	@echo "make run           build, run the quickstart experiment and compare its arms"
	@echo "make test          build and run the test suite"
	@echo "make bench         speed of the parts, beside this machine's limits"
	@echo "make install       into PREFIX ($(PREFIX))"
	@echo "make check-format  what clang-format would change; make format changes it"

all: $(BUILD)/build.ninja
	@ninja -C $(BUILD) -j $(JOBS)

setup:
	@.ci/setup

$(BUILD)/build.ninja: | setup
	@meson setup $(BUILD) --prefix $(PREFIX) -Dreal_data=$(REAL_DATA) $(MESON_ARGS)

run: all
	@$(BUILD)/rho run configs/quickstart.toml

test: all
	@meson test -C $(BUILD) --no-rebuild --print-errorlogs --num-processes $(JOBS)

bench: all
	@tests/bench/run $(BUILD)

install: all
	@meson install -C $(BUILD) --no-rebuild

sources = $(shell git ls-files '*.c' '*.h' '*.cpp')
check-format: setup
	@clang-format --dry-run --Werror $(sources)

format: setup
	@clang-format -i $(sources)

clean:
	rm -rf $(BUILD)
