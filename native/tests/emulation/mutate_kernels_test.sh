#!/usr/bin/env bash
# ci/mutate-kernels on the example kernel: real faults are caught, a harmless change is reported as missed, and a list
# that no longer fits the sources is refused.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../../.."

# Optimising would take longer than it saves.
export CMAKE_BUILD_TYPE=Debug

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

mutate() { # mutate OPTION...: sets output and status
  status=0
  output=$(ci/mutate-kernels --faults "$scratch/faults.txt" --target emulation_example_test \
    --scratch "$scratch" "$@" -- 2>&1) || status=$?
}

expect() { # expect STATUS TEXT...: of the last run
  local wanted=$1 text
  shift
  for text in "$@"; do
    if [ "$status" -ne "$wanted" ] || ! grep -qF "$text" <<<"$output"; then
      printf 'expected status %s and "%s", but got status %s and:\n%s\n' "$wanted" "$text" "$status" "$output"
      exit 1
    fi
  done
}

fault() { # fault NAME OLD NEW: appends one to the list
  printf 'fault: %s\nfile: tests/emulation/example.cu\n-%s\n+%s\n\n' "$1" "$2" "$3" >>"$scratch/faults.txt"
}

fault 'the barrier is gone' '  __syncthreads();' ''
fault 'half the mask' '__shfl_xor_sync(0xffffffff' '__shfl_xor_sync(0x0000ffff'
fault 'the last column is left out' 'c < columns' 'c < columns - 1'
fault 'every block adds up the first row, and leaves a variable unused' 'sum += row[c]' 'sum += values[c]'
mutate --check
expect 0 'each of 4 faults finds its text'
mutate
expect 0 'caught  forward    the barrier is gone' 'caught  forward    half the mask' \
  'caught  forward    the last column is left out' 'caught  forward    every block adds up the first row' \
  '4 of 4 faults caught'

: >"$scratch/faults.txt"
fault 'the warps are added up from the last' 'warp = 1; warp < blockDim.x / 32; ++warp' \
  'warp = blockDim.x / 32 - 1; warp > 0; --warp'
mutate
expect 1 'MISSED             the warps are added up from the last' '0 of 1 faults caught'

: >"$scratch/faults.txt"
fault 'a name is misspelt' 'float sum = 0;' 'float sum = nothing;'
mutate
expect 2 'fault 1 (a name is misspelt) does not compile'

for text in 'no such text' 'sum' ''; do
  : >"$scratch/faults.txt"
  fault 'rotten' "$text" 'x'
  mutate --check
  expect 2 'fault 1 (rotten): its text does not stand exactly once in native/tests/emulation/example.cu'
done
: >"$scratch/faults.txt"
mutate --check
expect 2 'lists no fault'
