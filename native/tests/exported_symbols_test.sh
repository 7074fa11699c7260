#!/usr/bin/env bash
# Fails unless what the shared library $1 exports is what exported_symbols.txt lists: an export nobody meant
# is a promise nobody keeps, and one that is gone breaks whoever links to it.
set -euo pipefail
library=$1
list=$(dirname "$0")/exported_symbols.txt

exported() {
  nm -D --defined-only --format=posix "$library" | cut -d' ' -f1 | LC_ALL=C sort
}

if [ "${2:-}" = --update ]; then
  exported >"$list"
fi
if stray=$(exported | grep -v '^retort_'); then
  printf 'exported, but not named retort_*:\n%s\n' "$stray" >&2
  exit 1
fi
if ! diff -u --label exported_symbols.txt --label "$(basename "$library")" "$list" <(exported) >&2; then
  echo "If the change of the C interface is meant: $0 $library --update" >&2
  exit 1
fi
