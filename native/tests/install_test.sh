#!/usr/bin/env bash
# Installs the build folder $1 into an empty prefix, then builds and runs the C program that embeds the
# library against it, once by find_package(Retort) and once by pkg-config.
set -euo pipefail
build=$1
program=$(cd "$(dirname "$0")/../../tests/embedding/c" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cmake --install "$build" --prefix "$work/prefix" >/dev/null

echo 'by find_package(Retort)'
cmake -S "$program" -B "$work/build" -DCMAKE_PREFIX_PATH="$work/prefix" >/dev/null
cmake --build "$work/build" >/dev/null
"$work/build/distil"

echo 'by pkg-config'
PKG_CONFIG_PATH=$(dirname "$(find "$work/prefix" -name retort.pc)")
export PKG_CONFIG_PATH
read -ra flags <<<"$(pkg-config --cflags --libs retort)"
cc -std=c99 -Wall -Wextra -Werror "$program/distil.c" "${flags[@]}" -lm -o "$work/distil"
LD_LIBRARY_PATH=$(pkg-config --variable=libdir retort) "$work/distil"
