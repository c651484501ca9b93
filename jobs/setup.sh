#!/bin/sh
# SPDX-License-Identifier: MIT
# Installs the Debian packages brink needs, and any others named, when it may, and writes what make
# needs to know of the libraries. Usage: setup.sh CONFIG.MK [PACKAGE ...]. Libraries named in the
# environment (HDF5_CFLAGS, HDF5_LIBS, MPI_CFLAGS, MPI_LIBS) are taken as given: for clusters with
# modules.
set -eu
config=$1
shift

packages="pkg-config openmpi-bin libopenmpi-dev libhdf5-openmpi-dev hdf5-tools libyaml-dev
libxxhash-dev check slurm-wlm munge python3-h5py python3-xarray python3-h5netcdf python3-netcdf4
python3-matplotlib python3-xxhash netcdf-bin mandoc shellcheck clang libomp-dev
libclang-rt-dev faketime libopenblas0-pthread"

missing=
for package in $packages "$@"; do
    status=$(dpkg-query -W -f '${Status}' "$package" 2>/dev/null || true)
    [ "$status" = "install ok installed" ] || missing="$missing $package"
done
if [ -n "$missing" ] && command -v apt-get >/dev/null 2>&1; then
    install="apt-get install -y --no-install-recommends$missing"
    if [ "$(id -u)" = 0 ]; then
        run=
    elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
        run="sudo -n"
    else
        echo "brink needs some Debian packages. Run, then make again:" >&2
        echo "  sudo sh -c 'apt-get update && $install'" >&2
        exit 1
    fi
    echo "setup: installing$missing" >&2
    $run apt-get update -qq
    # shellcheck disable=SC2086 # words of a command
    $run env DEBIAN_FRONTEND=noninteractive $install -qq >&2
fi

have() { pkg-config --exists "$1" 2>/dev/null; }
# Headers of others are system headers: our warnings are errors, theirs are theirs.
system() { pkg-config --cflags "$1" | sed 's/-I/-isystem /g'; }
if [ -z "${HDF5_LIBS:-}" ]; then
    have hdf5-openmpi || {
        echo "setup: no parallel HDF5 found by pkg-config (hdf5-openmpi): set HDF5_CFLAGS," \
            "HDF5_LIBS, MPI_CFLAGS and MPI_LIBS, for instance from 'h5pcc -show'" >&2
        exit 1
    }
    HDF5_CFLAGS=$(system hdf5-openmpi)
    HDF5_LIBS=$(pkg-config --libs hdf5-openmpi | sed 's/-lhdf5\b/-lhdf5_hl -lhdf5/')
fi
if [ -z "${MPI_LIBS:-}" ] && have ompi-c; then
    MPI_CFLAGS=$(system ompi-c)
    MPI_LIBS=$(pkg-config --libs ompi-c)
fi
cat > "$config" <<MK
HDF5_CFLAGS := ${HDF5_CFLAGS:-}
HDF5_LIBS := $HDF5_LIBS
MPI_CFLAGS := ${MPI_CFLAGS:-}
MPI_LIBS := ${MPI_LIBS:-}
YAML_CFLAGS := $(system yaml-0.1)
YAML_LIBS := $(pkg-config --libs yaml-0.1)
XXHASH_CFLAGS := $(system libxxhash)
XXHASH_LIBS := $(pkg-config --libs libxxhash)
CHECK_CFLAGS := $(system check)
CHECK_LIBS := $(pkg-config --libs check)
MK
