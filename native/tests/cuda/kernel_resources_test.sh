#!/usr/bin/env bash
# Prints every kernel's registers, shared memory and stack as ptxas reported them to the build in FOLDER, and fails where
# one spills or has local memory: its numbers then go through memory that the kernel was written to do without.
set -euo pipefail
folder=${1:?'usage: kernel_resources_test.sh FOLDER'}

find "$folder" -name '*.resources' -print0 | xargs -0 cat | c++filt | awk '
  /Compiling entry function/ {
    architecture = $NF
    gsub(/[^a-z0-9_]/, "", architecture)
    name = $0
    sub(/.*Compiling entry function ./, "", name)
    sub(/. for .sm_.*/, "", name)
    sub(/^void retort::cuda::/, "", name)
    gsub(/retort::cuda::|\(anonymous namespace\)::|\([^(]*Parameters\)$/, "", name)
  }
  /bytes stack frame/ { stack = $1; spills = $5 + $9 }
  /Used [0-9]+ registers/ {
    match($0, /Used [0-9]+/)
    registers = substr($0, RSTART + 5, RLENGTH - 5)
    shared = match($0, /[0-9]+ bytes smem/) ? substr($0, RSTART, RLENGTH - 11) : 0
    printf "%-8s %9d %8d %8d %8d  %s\n", architecture, registers, shared, stack, spills, name | "sort -u"
    ++kernels
    if (stack > 0 || spills > 0) bad = bad "\n  " architecture " " name
  }
  END {
    close("sort -u")
    printf "%d kernels; columns: architecture, registers, static shared memory, stack, spilled bytes\n", kernels
    if (kernels == 0) { print "no kernel was reported: was the library built?"; exit 1 }
    if (bad != "") { print "with local memory:" bad; exit 1 }
  }'
