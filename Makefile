# A thin face over Meson: each target does all the set-up it needs, then its job.
BUILD      ?= build
REAL_DATA  ?= $(if $(wildcard ../shared/data),../shared,)
MESON_ARGS ?=
PREFIX     ?= /usr/local
JOBS       ?= $(shell nproc 2>/dev/null || echo 2)

.PHONY: all setup run test bench install check-format format clean help

help:
	@echo "make all           build into $(BUILD)"
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

# The prefix is compiled in (where plugins are looked for), so it is set before the build.
install: $(BUILD)/build.ninja
	@meson configure $(BUILD) --prefix $(PREFIX)
	@ninja -C $(BUILD) -j $(JOBS)
	@meson install -C $(BUILD) --no-rebuild

# The core's code is laid out by clang-format; headers, plugins and tests by hand, to be read as a
# page. No line is over 120 bytes anywhere, tabs being 8.
core_code = $(shell git ls-files 'core/*.c' 'core/*.cpp')
all_code  = $(shell git ls-files '*.c' '*.h' '*.cpp')
check-format: setup
	@clang-format --dry-run --Werror $(core_code)
	@status=0; for f in $(all_code); do expand -t 8 $$f | awk -v f=$$f \
		'length($$0) > 120 { print f ":" NR ": " length($$0) " bytes"; bad = 1 } END { exit bad }' || status=1; \
		done; exit $$status

format: setup
	@clang-format -i $(core_code)

clean:
	rm -rf $(BUILD)
