#!/bin/sh
# SPDX-License-Identifier: MIT
# Installs what `make explorer` needs beyond the rest: node and npm, clang and lld for WebAssembly,
# and any packages named, when it may. Usage: setup_explorer.sh FOLDER [PACKAGE ...].
set -eu
folder=$1
shift
mkdir -p "$folder"
# A node from elsewhere brings its own npm, which Debian's package would collide with.
packages="clang lld libclang-rt-dev-wasm32"
command -v node >/dev/null 2>&1 || packages="$packages nodejs"
command -v npm >/dev/null 2>&1 || packages="$packages npm"
# shellcheck disable=SC2086 # words
sh "$(dirname "$0")/setup.sh" "$folder/config.mk" $packages "$@"
