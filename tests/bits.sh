#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The same bits from every compiler, optimisation and fma: builds tests/bits.c with each and
# compares the hashes. Also: the coefficients in the sources are those of their generator.
# Environment: BUILD (build), CC (gcc), PYTHON. Last line: "bits: N passed, N failed".
set -u
cd "$(dirname "$0")/.." || exit 1
work=${BUILD:-build}/bits
mkdir -p "$work" || exit 1
passed=0 failed=0 expected=
golden=244df283e9093a9a # of BRINK_KERNEL_VERSION 4

judge() { # what, words if it failed
    if [ -z "$2" ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAIL $1: $2"
    fi
}

sources=(src/base/elementary.c src/base/random.c src/base/softfma.c src/objective/*.c
    src/dynamics/{cell,measures,verdict,trajectory}.c)
numeric=(-std=c11 -D_GNU_SOURCE -ffp-contract=off -fno-math-errno -fno-trapping-math -Iinclude)

complaint=$("${PYTHON:-/usr/bin/python3}" tests/gen_coefficients.py --check src/base/elementary.c \
    src/objective/*.[ch] include/brink/base/*.h include/brink/objective/*.h 2>&1)
judge coefficients "$complaint"

try() { # compiler, flags...
    local name="$*" out problem=
    if ! "$@" "${numeric[@]}" tests/bits.c "${sources[@]}" -lm -o "$work/bits" 2>"$work/log"; then
        problem="does not build: $(head -3 "$work/log")"
    elif ! out=$("$work/bits"); then
        problem="does not run"
    else
        expected=${expected:-$out}
        echo "${out%% *} $name"
        [ "$out" = "$expected" ] || problem="other bits than the first"
    fi
    judge "$name" "$problem"
}

compilers=("${CC:-gcc}")
for compiler in gcc clang; do
    if [ "$compiler" != "${CC:-gcc}" ] && command -v "$compiler" >/dev/null; then
        compilers+=("$compiler")
    fi
done
hardware=()
grep -qw fma /proc/cpuinfo && hardware=(-mfma)
for compiler in "${compilers[@]}"; do
    for level in -O0 -O1 -O2 -O3; do
        try "$compiler" $level
        [ ${#hardware[@]} = 0 ] || try "$compiler" $level "${hardware[@]}"
    done
    try "$compiler" -O2 -DBRINK_SOFT_FMA
done
[ ${#hardware[@]} = 0 ] || try "${compilers[0]}" -O3 -march=native
# The fast engine, its basic kernels and its full ones: every instruction set this CPU has, of whole
# builds. Made before: this build and the other compiler's, both with the engine at -O3; with LONG=1
# also each level for all files, and the software fma.
try_engines() { # folder with libbrink-core.a, words for make...
    local build=$1 isa out problem
    shift
    if ! make "$@" BUILD="$build" "$build/tests/bits" >"$work/log" 2>&1; then
        judge "$build" "does not build: $(grep -m3 error "$work/log")"
        return
    fi
    for isa in avx512 avx2 portable; do
        if [ $isa = avx512 ] && ! grep -qw avx512dq /proc/cpuinfo; then continue; fi
        if [ $isa = avx2 ] && ! grep -qw avx2 /proc/cpuinfo; then continue; fi
        problem=
        if ! out=$("$build/tests/bits" $isa 2>&1); then problem="does not run: $out"; fi
        echo "${out%% *} engine $isa, $*"
        [ "$out" = "$expected" ] || problem=${problem:-other bits than the reference}
        judge "$isa $*" "$problem"
    done
}
build=${BUILD:-build}
other=clang
[ "${CC:-gcc}" = clang ] && other=gcc
try_engines "$build" CC="${CC:-gcc}"
try_engines "$build/$other" CC=$other OPT=-O2 EXTRA_CFLAGS= EXTRA_LDFLAGS= # as style.sh
if [ -n "${LONG:-}" ]; then
    for compiler in "${compilers[@]}"; do
        for level in -O1 -O2 -O3; do
            try_engines "$build/bits-$compiler$level" CC="$compiler" OPT=$level ISA_OPT= \
                EXTRA_CFLAGS=-Wno-error # what is warned of depends on the level
        done
        try_engines "$build/bits-$compiler-soft" CC="$compiler" \
            EXTRA_CFLAGS="-DBRINK_SOFT_FMA -Wno-error"
    done
fi
echo "${expected#* }"
if [ "${expected%% *}" = $golden ]; then
    judge golden ""
else
    judge golden "the arithmetic changed: raise BRINK_KERNEL_VERSION, and write the new hash here"
fi
# A hash over cells that all end alike would prove little.
for status in converged stationary_start saddle axis diverged periodic bounded unsettled \
    undefined; do
    case $expected in
        *" $status="[1-9]*) judge "$status" "" ;;
        *) judge "$status" "no cell ends so" ;;
    esac
done
echo "bits: $passed passed, $failed failed"
[ $failed = 0 ]
