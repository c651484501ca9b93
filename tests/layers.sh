#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# No include runs up a floor, and each foreign library has its one door.
set -u
cd "$(dirname "$0")/.." || exit 1
floor() {
    case $1 in
        base) echo 0 ;; objective) echo 1 ;; dynamics | network) echo 2 ;; sweep) echo 3 ;;
        store) echo 4 ;; cluster) echo 5 ;; cli) echo 6 ;; *) echo 99 ;;
    esac
}
bad=0
while IFS=: read -r file line include; do
    from=${file#src/}; from=${from#include/brink/}; from=${from%%/*}
    to=${include#*brink/}; to=${to%%/*}
    if [ "$(floor "$to")" -gt "$(floor "$from")" ]; then
        echo "$file:$line: floor $from includes $to, which is above it" >&2
        bad=1
    fi
done < <(grep -rnE '^\s*#\s*include "brink/' src include --include='*.[ch]')
door() { # header pattern, folders that may include it
    if grep -rnE "^\s*#\s*include [<\"]($1)" src include --include='*.[ch]' |
        grep -vE "^(src|include/brink)/($2)/"; then
        echo "layers: $1 belongs to $2 alone" >&2
        bad=1
    fi
}
door 'mpi\.h' cluster
door 'hdf5' store
door 'yaml\.h' sweep
door 'dlfcn\.h' network
if grep -rnE '\bMPI_[A-Z][a-z]\w*\s*\(' src/store; then
    echo "layers: store calls no MPI function" >&2
    bad=1
fi
[ $bad = 0 ] && echo "layers: clean"
exit $bad
