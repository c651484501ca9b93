# brink: gradient descent at the brink of stability. `make help` lists the targets.

help:
	@echo 'make              build build/brink'
	@echo 'make demo         set up, run jobs/dor.yaml under mpirun, draw build/demo/dor.png'
	@echo 'make check        set up, build, run every test'
	@echo 'make check-long   more of what decides bits: 1e8 fma, 1e6 cells, more builds'
	@echo 'make bench        against numpy, numba and C peers; QUICK=1: less of it'
	@echo 'make bench-network    networks against PyTorch; QUICK=1: less of it'
	@echo 'make bench-scale  the efficiency on 1 to 100,000 cores, predicted'
	@echo 'make bench-fractal    jobs/fractal.yaml and PyTorch: some 15 minutes'
	@echo 'make explorer     the page of brink explore: npm packages of the lock file, clang, lld'
	@echo 'make data         fetch MNIST and Fashion-MNIST into build/data'
	@echo 'make sanitize     the suite under ASan and UBSan'
	@echo 'make coverage     what the tests see of the code, by gcov; COVERAGE_MINUTES=6: in pieces'
	@echo 'make trust        the fault tests at large, for TRUST_MINUTES=60'
	@echo 'make fuzz         specifications and damaged results under libFuzzer, 60 s each'
	@echo 'make layers tidy format    no include runs up a floor; clang-tidy; clang-format'
	@echo 'make install PREFIX=/usr/local DESTDIR=    make clean'
	@echo 'Settings: CC=gcc|clang BUILD=build OPT=-O2 PREFIX DESTDIR PYTHON'
.PHONY: help all data demo check check-long bench bench-table bench-network explorer sanitize
.PHONY: bench-scale
.PHONY: bench-network-table bench-fractal
.PHONY: trust fuzz fuzzers layers tidy format install clean
.PHONY: coverage units explorer-picture
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
	test -z "$$(git status --porcelain --untracked-files=no -- . ':!tests/faults/TRUST.json' \
	2>/dev/null)" || echo +changes)

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
LDLIBS_CORE := -fopenmp $(YAML_LIBS) $(XXHASH_LIBS) -lm -ldl $(EXTRA_LDFLAGS)
LDLIBS_ALL  := $(HDF5_LIBS) $(MPI_LIBS) $(LDLIBS_CORE)

# ---- lists: floors 0 to 3 are plain C, built without the include paths of MPI and HDF5
# The fast engines of networks, once for each ISA and precision; elsewhere they are no source.
PACK_SRC := $(wildcard src/network/dense_*.c src/network/lanes_*.c) \
	$(addprefix src/network/,matrix.c pack.c square.c)
CORE_SRC := $(filter-out $(PACK_SRC),$(sort $(foreach f,base objective dynamics network sweep,\
	$(wildcard src/$(f)/*.c))))
HIGH_SRC := $(sort $(wildcard src/store/*.c src/cluster/*.c))
CLI_SRC  := $(sort $(wildcard src/cli/*.c))
TEST_SRC := $(sort $(wildcard tests/check_*.c))
object    = $(patsubst src/%.c,$(BUILD)/obj/%.o,$(1))
# The fast engine and all it leans on, once more for each ISA: one object with one visible name.
ISAS := $(if $(filter x86_64,$(shell uname -m)),avx512 avx2)
# -O3 inlines and vectorises the direct formulas.
ISA_OPT    := $(if $(filter -O2,$(OPT)),-O3)
ISA_avx512 := $(ISA_OPT) -mavx512f -mavx512dq -mavx512vl -mavx2 -mfma
ISA_avx2   := $(ISA_OPT) -mavx2 -mfma
ISA_portable := $(ISA_OPT)
# Of gcc's orders of instructions, that for cores with 512-bit vectors, of which it would use half.
# And loops begin with a line of 64 bytes, however short: where the line's last bytes begin that of
# a = 1, it takes a quarter more time on Zen 4. (gcc aligns no loop of four steps by -falign-loops.)
LINES := $(if $(findstring clang,$(shell $(CC) --version)),-falign-loops=64,-falign-labels=64)
ENGINE_avx512 := $(ISA_avx512) -mtune=icelake-server -mprefer-vector-width=512 $(LINES)
ENGINE_avx2   := $(ISA_avx2)
ISA_SRC    := src/base/elementary.c $(wildcard src/objective/*.c) \
	$(filter-out %/lanes.c,$(wildcard src/dynamics/*.c))
PACKS   := $(foreach isa,$(ISAS) portable,$(isa)_f32 $(isa)_f64)
ENGINES := $(ISAS:%=$(BUILD)/obj/engine_%.o) $(PACKS:%=$(BUILD)/obj/network_%.o)
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
$(BUILD)/obj/cli/template.o: jobs/sweep.sbatch # it is in the program
$(BUILD)/commit: FORCE
	@mkdir -p $(@D)
	@echo '$(COMMIT)' | cmp -s - $@ || echo '$(COMMIT)' > $@
.PHONY: FORCE

$(BUILD)/obj/dynamics/lanes.o $(BUILD)/obj/network/fast.o: FLOOR_CFLAGS = $(if $(ISAS),-DBRINK_X86)
define engine_rules
$(patsubst src/%.c,$(BUILD)/obj/$(1)/%.o,$(ISA_SRC)): $(BUILD)/obj/$(1)/%.o: src/%.c \
  $(BUILD)/config.mk
	@mkdir -p $$(@D)
	@echo 'CC  $$< ($(1))'
	@$(CC) $(CFLAGS_ALL) $(ENGINE_$(1)) -DBRINK_ENGINE=brink_engine_$(1) -MMD -MP -c $$< -o $$@
$(BUILD)/obj/engine_$(1).o: $(patsubst src/%.c,$(BUILD)/obj/$(1)/%.o,$(ISA_SRC))
	@ld -r $$^ -o $$@ && objcopy --keep-global-symbol=brink_engine_$(1) $$@
endef
$(foreach isa,$(ISAS),$(eval $(call engine_rules,$(isa))))
# The chains of a block's samples side by side: of such that follow each other cores see a few.
$(foreach bits,32 64,$(BUILD)/obj/avx512_f$(bits)/network/lanes_pass.o): FLOOR_CFLAGS = \
	$(if $(findstring clang,$(shell $(CC) --version)),,-fschedule-insns -fsched-pressure)
define pack_rules
$(patsubst src/%.c,$(BUILD)/obj/$(1)_f$(2)/%.o,$(PACK_SRC)): $(BUILD)/obj/$(1)_f$(2)/%.o: src/%.c \
  $(BUILD)/config.mk
	@mkdir -p $$(@D)
	@echo 'CC  $$< ($(1) f$(2))'
	@$(CC) $(CFLAGS_ALL) $(ISA_$(1)) $$(FLOOR_CFLAGS) -DBRINK_PACK=brink_network_$(1)_f$(2) \
	  -DBRINK_REAL_BITS=$(2) -MMD -MP -c $$< -o $$@
$(BUILD)/obj/network_$(1)_f$(2).o: $(patsubst src/%.c,$(BUILD)/obj/$(1)_f$(2)/%.o,$(PACK_SRC))
	@ld -r $$^ -o $$@ && objcopy --keep-global-symbol=brink_network_$(1)_f$(2) $$@
endef
$(foreach isa,$(ISAS) portable,$(foreach bits,32 64,$(eval $(call pack_rules,$(isa),$(bits)))))

$(CORE): $(call object,$(CORE_SRC)) $(ENGINES)
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
	@$(CC) $(CFLAGS_ALL) $(CHECK_CFLAGS) -Itests -MMD -MP $< $(SIMULATOR) $(CORE) $(CHECK_LIBS) \
	  $(LDLIBS_CORE) -o $@
HIGH_UNITS := $(patsubst %,$(BUILD)/tests/check_%,lease store verify pack access draft damage join owner)
$(HIGH_UNITS): $(BUILD)/tests/check_%: tests/check_%.c $(HIGH) $(CORE) $(wildcard tests/*.h)
	@mkdir -p $(@D)
	@echo 'CC  $<'
	@$(CC) $(CFLAGS_ALL) $(HDF5_CFLAGS) $(MPI_CFLAGS) $(CHECK_CFLAGS) -Itests -MMD -MP $< \
	  $(HIGH) $(CORE) $(CHECK_LIBS) $(LDLIBS_ALL) -o $@

$(BUILD)/tests/bits: tests/bits.c $(CORE)
	@mkdir -p $(@D)
	@$(CC) $(CFLAGS_ALL) -DBITS_ENGINES $< $(CORE) $(LDLIBS_CORE) -o $@

# The schedule under seeded faults: build/tests/faults SEEDS.
$(BUILD)/tests/faults: tests/simulate/faults.c $(CORE)
	@mkdir -p $(@D)
	@echo 'CC  $<'
	@$(CC) $(CFLAGS_ALL) -MMD -MP $< $(CORE) $(LDLIBS_CORE) -o $@

# The schedule on many ranks, simulated.
RANKS_SRC := tests/simulate/ranks.c
$(BUILD)/tests/check_scale: SIMULATOR := $(RANKS_SRC)
$(BUILD)/tests/check_scale: $(RANKS_SRC) tests/simulate/ranks.h
$(BUILD)/bench/scale: tests/bench/scale.c $(RANKS_SRC) tests/simulate/ranks.h $(CORE)
	@mkdir -p $(@D)
	@echo 'CC  $<'
	@$(CC) $(CFLAGS_ALL) -Itests $< $(RANKS_SRC) $(CORE) $(LDLIBS_CORE) -o $@
$(BUILD)/bench/master: tests/bench/master.c src/cluster/work.h $(CORE)
	@mkdir -p $(@D)
	@echo 'CC  $<'
	@$(CC) $(CFLAGS_ALL) $(HDF5_CFLAGS) $(MPI_CFLAGS) -Isrc/cluster $< $(CORE) $(MPI_LIBS) $(LDLIBS_CORE) -o $@

# The bench: this CPU's kernels and engine, the peers (libmvec is gcc's), and a sweep without MPI.
BENCH_ISA   ?= $(if $(shell grep -ow -m1 avx512dq /proc/cpuinfo),avx512,avx2)
PEER_CFLAGS := -std=c11 -D_GNU_SOURCE -O3 -fopenmp-simd $(WARNINGS)
PEER_avx512 := -march=x86-64-v4 -mprefer-vector-width=512
PEER_avx2   := -march=x86-64-v3
BENCH_SRC   := $(addprefix tests/bench/,main.c raw.c engine.c accuracy.c limits.c window.c)
$(BUILD)/bench/bench: $(BENCH_SRC) tests/bench/peers.c $(wildcard tests/bench/*.h) $(CORE)
	@mkdir -p $(@D)
	@echo 'CC  tests/bench ($(BENCH_ISA))'
	@gcc $(PEER_CFLAGS) $(PEER_$(BENCH_ISA)) '-DPEER(name)=scalar_##name' -DPEER_LANES=1 \
	  -c tests/bench/peers.c -o $(@D)/scalar.o
	@gcc $(PEER_CFLAGS) $(PEER_$(BENCH_ISA)) -ffast-math '-DPEER(name)=simd_##name' \
	  -DPEER_LANES=64 -c tests/bench/peers.c -o $(@D)/simd.o
	@gcc $(PEER_CFLAGS) $(PEER_$(BENCH_ISA)) -ffast-math '-DPEER(name)=watch_##name' \
	  -DPEER_LANES=64 -DPEER_WATCH -c tests/bench/peers.c -o $(@D)/watch.o
	@$(CC) $(CFLAGS_ALL) $(ENGINE_$(BENCH_ISA)) -DBRINK_ENGINE=brink_engine_$(BENCH_ISA) \
	  -Isrc/dynamics $(BENCH_SRC) $(@D)/scalar.o $(@D)/simd.o $(@D)/watch.o \
	  $(patsubst src/%.c,$(BUILD)/obj/$(BENCH_ISA)/%.o,$(ISA_SRC)) $(CORE) $(LDLIBS_CORE) -o $@
NETWORK_BENCH_SRC := tests/bench/network.c tests/bench/window.c
$(BUILD)/bench/network: $(NETWORK_BENCH_SRC) tests/bench/window.h src/network/simd.h \
  src/dynamics/simd.h $(CORE)
	@mkdir -p $(@D)
	@echo 'CC  $< ($(BENCH_ISA))'
	@$(CC) $(CFLAGS_ALL) $(ISA_$(BENCH_ISA)) -Isrc/dynamics $(NETWORK_BENCH_SRC) $(CORE) \
	  $(LDLIBS_CORE) -o $@
$(BUILD)/bench/bare: tests/bench/bare.c $(CORE)
	@mkdir -p $(@D)
	@$(CC) $(CFLAGS_ALL) $(YAML_CFLAGS) $(XXHASH_CFLAGS) $< $(CORE) $(LDLIBS_CORE) -o $@

# The explorer: the reference kernel for browsers, and the page it goes into.
EXPLORER := $(BUILD)/explorer
WASM_SRC := analysis/explorer/wasm/replay.c $(wildcard src/objective/*.c) \
	$(addprefix src/,$(addsuffix .c,base/elementary base/softfma base/random dynamics/cell \
	dynamics/measures dynamics/verdict dynamics/trajectory sweep/model_regularity sweep/spec_value))
$(EXPLORER)/replay.wasm: $(WASM_SRC) $(wildcard analysis/explorer/wasm/*.txt) \
  $(wildcard analysis/explorer/wasm/include/*.h include/brink/*/*.h src/*/*.h)
	@sh jobs/setup_explorer.sh $(EXPLORER)
	@echo 'CC  $@'
	@clang --target=wasm32 -std=c11 -O3 -flto -ffreestanding -nostdlib $(NUMERIC) $(WARNINGS) \
	  -DBRINK_SOFT_FMA -Ianalysis/explorer/wasm/include -Iinclude -Isrc/dynamics $(WASM_SRC) \
	  $$(clang -print-resource-dir)/lib/wasi/libclang_rt.builtins-wasm32.a -Wl,--no-entry \
	  -Wl,--allow-undefined-file=analysis/explorer/wasm/imports.txt -Wl,--lto-O3 \
	  -Wl,-z,stack-size=65536 -Wl,--strip-all -o $@
$(EXPLORER)/node_modules: analysis/explorer/package-lock.json
	@sh jobs/setup_explorer.sh $(EXPLORER)
	@cp analysis/explorer/package.json analysis/explorer/package-lock.json $(EXPLORER)
	@cd $(EXPLORER) && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error && touch $(@F)
$(EXPLORER)/page.html: $(EXPLORER)/replay.wasm $(EXPLORER)/node_modules \
  $(wildcard analysis/explorer/src/* analysis/explorer/*.mjs)
	@node analysis/explorer/build.mjs $< $(EXPLORER)/node_modules $@

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)

# ---- targets
# Open MPI wants to be told that root is meant; nobody else needs it.
AS_ROOT := $(if $(filter 0,$(shell id -u)),OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1)
DEMO := $(BUILD)/demo

demo: all
	@mkdir -p $(DEMO)
	@rm -f $(DEMO)/dor.h5
	$(AS_ROOT) mpirun --oversubscribe -n 2 $(BUILD)/brink run jobs/dor.yaml -o $(DEMO)/dor.h5
	PYTHON=$(PYTHON) $(BUILD)/brink plot phase $(DEMO)/dor.h5 -o $(DEMO)/dor.png
	PYTHON=$(PYTHON) $(BUILD)/brink plot convergence $(DEMO)/dor.h5 -o $(DEMO)/convergence.png
	@echo 'look at $(DEMO)/dor.png and $(DEMO)/convergence.png'

check: all $(UNITS) $(BUILD)/tests/faults layers
	@sh jobs/setup.sh $(BUILD)/optional.mk octave || echo 'check: without Octave'
	@BUILD=$(BUILD) PYTHON=$(PYTHON) CC=$(CC) bash tests/run.sh

explorer: $(EXPLORER)/page.html
# The README's picture of it, by a headless Chromium.
explorer-picture: all explorer
	@rm -f $(EXPLORER)/dor.h5
	$(BUILD)/brink run jobs/dor.yaml lr.num=512 record=full -o $(EXPLORER)/dor.h5
	$(BUILD)/brink explore $(EXPLORER)/dor.h5 -o $(EXPLORER)/dor.html
	@sh jobs/setup_explorer.sh $(EXPLORER) chromium
	node analysis/explorer/screenshot.mjs $(EXPLORER)/node_modules \
	  $$(command -v chromium || command -v google-chrome) $(EXPLORER)/dor.html \
	  '#theory=flow.edge&cells=3_386~1_471' analysis/gallery/explorer.png

# The suite but for Slurm with the sanitizers in; leaks of MPI and HDF5 themselves are not ours.
sanitize:
	SANITIZE=1 $(MAKE) BUILD=$(BUILD)/sanitize OPT=-O1 \
	  EXTRA_CFLAGS='-fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer' \
	  EXTRA_LDFLAGS='-fsanitize=address,undefined' check

# MNIST and Fashion-MNIST in IDX, for `data: {source: mnist}`; other folders: BRINK_DATA.
data:
	@sh jobs/data.sh build/data

# Fuzzing of specifications and of damaged results, by clang's libFuzzer: FUZZ_SECONDS each.
FUZZ_SECONDS ?= 60
FUZZ := $(BUILD)/fuzz
# Words are compared by strcmp(), which libFuzzer sees; to follow all numbers too takes half the time.
FUZZ_CFLAGS := -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-coverage=trace-cmp \
	-fsanitize-coverage-allowlist=tests/fuzz/counted.txt -fno-sanitize-recover=all -Wno-pass-failed
fuzz: fuzzers
	BUILD=$(BUILD) bash tests/fuzz/run.sh $(FUZZ_SECONDS)
fuzzers: all
	@mkdir -p $(FUZZ)/corpus-spec $(FUZZ)/corpus-override $(FUZZ)/corpus-verify
	@cp jobs/*.yaml tests/bad/*.yaml $(FUZZ)/corpus-spec
	@cp tests/fuzz/*.txt $(FUZZ)/corpus-override
	@rm -f $(FUZZ)/seed.h5
	@$(AS_ROOT) $(BUILD)/brink run -q tests/fuzz/seed.yaml -o $(FUZZ)/seed.h5
	@$(MAKE) BUILD=$(FUZZ) CC=clang OPT=-O1 ISAS= EXTRA_LDFLAGS='-fsanitize=address,undefined' \
	  EXTRA_CFLAGS='$(FUZZ_CFLAGS)' \
	  $(FUZZ)/fuzz_spec $(FUZZ)/fuzz_override $(FUZZ)/fuzz_verify
$(BUILD)/fuzz_spec $(BUILD)/fuzz_override: LITTLE_MEMORY := -Wl,--wrap=brink_alloc
$(BUILD)/fuzz_spec $(BUILD)/fuzz_override: tests/fuzz/spec_law.h
$(BUILD)/fuzz_%: tests/fuzz/%.c $(HIGH) $(CORE)
	@echo 'CC  $<'
	@$(CC) $(CFLAGS_ALL) $(HDF5_CFLAGS) $(MPI_CFLAGS) -fsanitize=fuzzer \
	  -fno-sanitize-coverage=inline-8bit-counters,pc-table,indirect-calls,trace-cmp \
	  $< $(HIGH) $(CORE) $(LDLIBS_ALL) $(LITTLE_MEMORY) -o $@

# What the tests see of the code, by gcov. Of two threads that count together one may be lost, which
# does not matter: what counts is whether there was any. COVERAGE_MINUTES=6: in pieces. The engines,
# of which only lines are asked for, are optimised.
COVERAGE_CFLAGS := --coverage -fprofile-update=single -Wno-sign-conversion
coverage:
	@mkdir -p $(BUILD)/coverage
	@$(CC) -std=c11 -D_GNU_SOURCE -c tests/coverage_exit.c -o $(BUILD)/coverage/exit.o
	$(MAKE) BUILD=$(BUILD)/coverage OPT=-O0 ISA_OPT=-O2 EXTRA_CFLAGS='$(COVERAGE_CFLAGS)' \
	  EXTRA_LDFLAGS='--coverage $(BUILD)/coverage/exit.o' all units
	@$(PYTHON) tests/coverage.py $(BUILD)/coverage
units: $(UNITS)

# The large sizes of the fault tests, for TRUST_MINUTES; goes on where it stopped and counts in
# tests/faults/TRUST.json, which is no change of the program.
TRUST_MINUTES ?= 60
trust: all $(UNITS) $(BUILD)/tests/faults fuzzers
	BUILD=$(BUILD) CC=$(CC) TRUST_MINUTES=$(TRUST_MINUTES) $(PYTHON) tests/faults/trust.py

# What decides bits, at length: the software fma, lanes = trajectory, every kind of build.
check-long: all $(addprefix $(BUILD)/tests/check_,elementary lanes cycles)
	BRINK_TEST_SCALE=20 CK_TIMEOUT_MULTIPLIER=20 $(BUILD)/tests/check_elementary
	BRINK_TEST_SCALE=10 CK_TIMEOUT_MULTIPLIER=20 $(BUILD)/tests/check_lanes
	BRINK_TEST_SCALE=10 CK_TIMEOUT_MULTIPLIER=20 $(BUILD)/tests/check_cycles
	LONG=1 BUILD=$(BUILD) PYTHON=$(PYTHON) CC=$(CC) bash tests/bits.sh
	BUILD=$(BUILD) PYTHON=$(PYTHON) bash tests/published.sh

# Against numpy, numba and C peers: a table, and $(BUILD)/bench/BENCH.json. Of a quiet machine,
# `make bench bench-table` keeps that as tests/bench/BENCH-(amd or intel).json and in README.md.
MAKER = $(if $(shell grep -m1 AuthenticAMD /proc/cpuinfo),amd,intel)
BENCH_KEPT = tests/bench/BENCH-$(MAKER).json
bench-table:
	cp $(BUILD)/bench/BENCH.json $(BENCH_KEPT)
	$(PYTHON) tests/bench/report.py README.md speed $(sort $(BENCH_KEPT) \
	  $(wildcard tests/bench/BENCH-*.json))
bench: all data $(BUILD)/bench/bench $(BUILD)/bench/bare
	@sh jobs/setup.sh $(BUILD)/bench/config.mk python3-numba || echo 'bench: without numba'
	@$(PYTHON) tests/bench/bench.py $(BUILD) $(BENCH_ISA) $(if $(QUICK),--quick)

# Networks against PyTorch: a table, and $(BUILD)/bench/NETWORK.json, kept as BENCH.json is.
NETWORK_KEPT = tests/bench/NETWORK-$(MAKER).json
bench-network-table:
	cp $(BUILD)/bench/NETWORK.json $(NETWORK_KEPT)
	$(PYTHON) tests/bench/report.py README.md networks $(sort $(NETWORK_KEPT) \
	  $(wildcard tests/bench/NETWORK-*.json))
bench-network: all $(BUILD)/bench/network
	@sh jobs/setup.sh $(BUILD)/bench/config.mk python3-torch python3-scipy \
	  libopenblas0-pthread
	@$(PYTHON) tests/bench/network_bench.py $(BUILD) $(BENCH_ISA) $(if $(QUICK),--quick)
# A whole map on two ranks, and batches of it in PyTorch on as many cores.
bench-fractal: all
	@sh jobs/setup.sh $(BUILD)/bench/config.mk python3-torch
	@mkdir -p $(BUILD)/bench
	@rm -f $(BUILD)/bench/fractal.h5
	$(AS_ROOT) mpirun -n 2 $(BUILD)/brink run jobs/fractal.yaml -o $(BUILD)/bench/fractal.h5 -t 1
	@$(PYTHON) tests/bench/network_map.py $(BUILD)/bench/fractal.h5 --networks 256

# The paper's sweep at 4096 x 4096 cells for 16 starts: $(BUILD)/bench/SCALE.json and its plot.
bench-scale: $(BUILD)/bench/scale $(BUILD)/bench/master
	@BUILD=$(BUILD) PYTHON=$(PYTHON) bash tests/bench/scale.sh

layers:
	@bash tests/layers.sh

SOURCES := $(shell find src include tests -name '*.[ch]')
# One file a call: clang-tidy 14 confuses va_lists when it reads several.
tidy: all
	printf '%s\n' $(filter src/%.c,$(SOURCES)) | xargs -P2 -I{} clang-tidy --quiet {} -- \
	  -std=c11 -D_GNU_SOURCE -fopenmp -Iinclude $(NUMERIC) $(HDF5_CFLAGS) $(MPI_CFLAGS) \
	  -DBRINK_VERSION='""' -DBRINK_COMMIT='""' -DBRINK_FLAGS='""'
	clang-format --dry-run -Werror $(SOURCES)
format:
	clang-format -i $(SOURCES)

share := $(DESTDIR)$(PREFIX)/share/brink
install: all
	install -D -m 755 $(BUILD)/brink $(DESTDIR)$(PREFIX)/bin/brink
	install -d $(share)/analysis $(share)/jobs/sites
	install -m 644 analysis/*.py $(share)/analysis
	if [ -f $(EXPLORER)/page.html ]; then install -D -m 644 -t $(share)/explorer $(EXPLORER)/page.html; fi
	install -m 644 jobs/*.yaml jobs/*.sbatch $(share)/jobs
	install -m 755 jobs/chain.sh $(share)/jobs
	install -m 644 jobs/sites/*.env $(share)/jobs/sites
	install -D -m 644 -t $(DESTDIR)$(PREFIX)/share/man/man1 src/man/brink.1
	install -D -m 644 -t $(DESTDIR)$(PREFIX)/share/man/man5 src/man/brink-spec.5 src/man/brink-file.5

clean:
	rm -rf $(BUILD)
