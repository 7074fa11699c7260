#!/usr/bin/env bash
# Installs the build folder $1 into an empty prefix and builds consumer.c against it, once by
# find_package(Retort) and once by pkg-config.
set -euo pipefail
build=$1
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cmake --install "$build" --prefix "$work/prefix" >/dev/null

cmake -S "$here" -B "$work/build" -DCMAKE_PREFIX_PATH="$work/prefix" >/dev/null
cmake --build "$work/build" >/dev/null
"$work/build/consumer"

if command -v pkg-config >/dev/null; then
  export PKG_CONFIG_PATH=$(dirname "$(find "$work/prefix" -name retort.pc)")
  cc "$here/consumer.c" $(pkg-config --cflags --libs retort) -lm -o "$work/consumer"
  LD_LIBRARY_PATH=$(pkg-config --variable=libdir retort) "$work/consumer"
fi
