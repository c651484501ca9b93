# brink: gradient descent at the brink of stability. `make help` lists the targets.

help:
	@echo 'make              build build/brink'
	@echo 'make demo         set up, run jobs/dor.yaml under mpirun, draw build/demo/dor.png'
	@echo 'make check        set up, build, run every test'
	@echo 'make sanitize     the suite under ASan and UBSan'
	@echo 'make layers tidy format    no include runs up a floor; clang-tidy; clang-format'
	@echo 'make install PREFIX=/usr/local DESTDIR=    make clean'
	@echo 'Settings: CC=gcc|clang BUILD=build OPT=-O2 PREFIX DESTDIR PYTHON'
.PHONY: help all demo check sanitize layers tidy format install clean
.DEFAULT_GOAL := all

# ---- settings
BUILD  ?= build
ifeq ($(origin CC),default)
CC     := gcc
endif
OPT    ?= -O2
PREFIX ?= /usr/local
# Debian's modules belong to Debian's own interpreter; another python3 may stand first on PATH.
PYTHON ?= $(firstword $(wildcard /usr/bin/python3) python3)
VERSION := 0.1.0
COMMIT := $(shell git rev-parse --short=12 HEAD 2>/dev/null || echo unknown)$(shell \
	test -z "$$(git status --porcelain --untracked-files=no 2>/dev/null)" || echo +changes)

# ---- set-up: installs missing packages, finds libraries; re-read by make once written
ifeq ($(filter help clean,$(MAKECMDGOALS)),)
include $(BUILD)/config.mk
endif
$(BUILD)/config.mk: jobs/setup.sh Makefile
	@mkdir -p $(BUILD)
	@sh jobs/setup.sh $@

# ---- flags: strict warnings are errors; the numerical ones decide the bits
NUMERIC  := -ffp-contract=off -fno-math-errno -fno-trapping-math
WARNINGS := -Wall -Wextra -Wpedantic -Werror -Wshadow -Wconversion -Wstrict-prototypes \
	-Wmissing-prototypes -Wold-style-definition -Wvla -Wundef -Wformat=2 -Wdouble-promotion \
	-Wcast-qual -Wwrite-strings
CFLAGS_ALL := -std=c11 -D_GNU_SOURCE $(OPT) -g -fopenmp $(NUMERIC) $(WARNINGS) -Iinclude \
	$(EXTRA_CFLAGS)
LDLIBS_CORE := -fopenmp $(YAML_LIBS) $(XXHASH_LIBS) -lm $(EXTRA_LDFLAGS)
LDLIBS_ALL  := $(HDF5_LIBS) $(MPI_LIBS) $(LDLIBS_CORE)

# ---- lists: floors 0 to 3 are plain C, built without the include paths of MPI and HDF5
CORE_SRC := $(sort $(foreach f,base objective dynamics sweep,$(wildcard src/$(f)/*.c)))
HIGH_SRC := $(sort $(wildcard src/store/*.c src/cluster/*.c))
CLI_SRC  := $(sort $(wildcard src/cli/*.c))
TEST_SRC := $(sort $(wildcard tests/check_*.c))
object    = $(patsubst src/%.c,$(BUILD)/obj/%.o,$(1))
CORE := $(BUILD)/libbrink-core.a
HIGH := $(BUILD)/libbrink-high.a
UNITS := $(TEST_SRC:tests/%.c=$(BUILD)/tests/%)

# ---- rules
all: $(BUILD)/brink

$(BUILD)/obj/%.o: src/%.c $(BUILD)/config.mk
	@mkdir -p $(@D)
	@echo 'CC  $<'
	@$(CC) $(CFLAGS_ALL) $(FLOOR_CFLAGS) -MMD -MP -c $< -o $@

$(call object,$(HIGH_SRC) $(CLI_SRC)): FLOOR_CFLAGS = $(HDF5_CFLAGS) $(MPI_CFLAGS)
$(call object,$(filter src/sweep/%,$(CORE_SRC))): FLOOR_CFLAGS = $(YAML_CFLAGS) $(XXHASH_CFLAGS)
$(BUILD)/obj/base/build.o: FLOOR_CFLAGS = -DBRINK_VERSION='"$(VERSION)"' \
	-DBRINK_COMMIT='"$(COMMIT)"' -DBRINK_FLAGS='"$(strip $(OPT) $(NUMERIC) $(EXTRA_CFLAGS))"'
$(BUILD)/obj/base/build.o: $(BUILD)/commit
$(BUILD)/commit: FORCE
	@mkdir -p $(@D)
	@echo '$(COMMIT)' | cmp -s - $@ || echo '$(COMMIT)' > $@
.PHONY: FORCE

$(CORE): $(call object,$(CORE_SRC))
	@rm -f $@ && ar rcs $@ $^
$(HIGH): $(call object,$(HIGH_SRC))
	@rm -f $@ && ar rcs $@ $^
$(BUILD)/brink: $(call object,$(CLI_SRC)) $(HIGH) $(CORE)
	@echo 'LD  $@'
	@$(CC) $(OPT) $^ $(LDLIBS_ALL) -o $@

# Tests of floors 0 to 3 link without MPI and HDF5.
$(BUILD)/tests/check_%: tests/check_%.c $(CORE) $(wildcard tests/*.h)
	@mkdir -p $(@D)
	@echo 'CC  $<'
	@$(CC) $(CFLAGS_ALL) $(CHECK_CFLAGS) -Itests -MMD -MP $< $(CORE) $(CHECK_LIBS) $(LDLIBS_CORE) -o $@
$(BUILD)/tests/check_store: tests/check_store.c $(HIGH) $(CORE) $(wildcard tests/*.h)
	@mkdir -p $(@D)
	@echo 'CC  $<'
	@$(CC) $(CFLAGS_ALL) $(HDF5_CFLAGS) $(MPI_CFLAGS) $(CHECK_CFLAGS) -Itests -MMD -MP $< \
	  $(HIGH) $(CORE) $(CHECK_LIBS) $(LDLIBS_ALL) -o $@

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)

# ---- targets
# Open MPI wants to be told that root is meant; nobody else needs it.
AS_ROOT := $(if $(filter 0,$(shell id -u)),OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1)
DEMO := $(BUILD)/demo

demo: all
	@mkdir -p $(DEMO)
	@rm -f $(DEMO)/dor.h5
	$(AS_ROOT) mpirun --oversubscribe -n 2 $(BUILD)/brink run jobs/dor.yaml -o $(DEMO)/dor.h5
	$(PYTHON) analysis/phase.py $(DEMO)/dor.h5 -o $(DEMO)/dor.png
	$(PYTHON) analysis/convergence.py $(DEMO)/dor.h5 -o $(DEMO)/convergence.png
	@echo 'look at $(DEMO)/dor.png and $(DEMO)/convergence.png'

check: all $(UNITS) layers
	@BUILD=$(BUILD) PYTHON=$(PYTHON) CC=$(CC) bash tests/run.sh

# The suite but for Slurm with the sanitizers in; leaks of MPI and HDF5 themselves are not ours.
sanitize:
	SANITIZE=1 $(MAKE) BUILD=$(BUILD)/sanitize OPT=-O1 \
	  EXTRA_CFLAGS='-fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer' \
	  EXTRA_LDFLAGS='-fsanitize=address,undefined' check

layers:
	@bash tests/layers.sh

SOURCES := $(shell find src include tests -name '*.[ch]')
tidy: all
	clang-tidy --quiet $(filter-out tests/%,$(filter %.c,$(SOURCES))) -- -std=c11 -D_GNU_SOURCE -fopenmp \
	  -Iinclude $(NUMERIC) $(HDF5_CFLAGS) $(MPI_CFLAGS) -DBRINK_VERSION='""' -DBRINK_COMMIT='""' \
	  -DBRINK_FLAGS='""'
	clang-format --dry-run -Werror $(SOURCES)
format:
	clang-format -i $(SOURCES)

share := $(DESTDIR)$(PREFIX)/share/brink
install: all
	install -D -m 755 $(BUILD)/brink $(DESTDIR)$(PREFIX)/bin/brink
	install -d $(share)/analysis $(share)/jobs/sites
	install -m 644 analysis/*.py $(share)/analysis
	install -m 644 jobs/*.yaml jobs/sweep.sbatch $(share)/jobs
	install -m 644 jobs/sites/*.env $(share)/jobs/sites

clean:
	rm -rf $(BUILD)
