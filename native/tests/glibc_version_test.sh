#!/usr/bin/env bash
# Fails where a library or program asks for a newer glibc than Ubuntu 22.04 has:
#
#   glibc_version_test.sh FILE...
#
# Status 77, skipped, on a machine whose own glibc is newer than Debian 12's: what is built there is for there.
set -euo pipefail

newest=2.35
# newer A B: whether version A is newer than B.
newer() { [ "$1" != "$2" ] && [ "$(printf '%s\n' "$1" "$2" | sort -V | tail -n 1)" = "$1" ]; }

if newer "$(getconf GNU_LIBC_VERSION | cut -d' ' -f2)" 2.36; then
  echo 'glibc_version_test: this glibc is newer than those that the libraries are built with'
  exit 77
fi
for file in "$@"; do
  asked=$(objdump -T "$file" | grep -oE 'GLIBC_[0-9.]+' | cut -d_ -f2 | sort -Vu | tail -n 1)
  if newer "$asked" "$newest"; then
    echo "$file asks for glibc $asked, more than $newest:" >&2
    objdump -T "$file" | grep "GLIBC_$asked" >&2
    exit 1
  fi
  echo "$file asks for glibc $asked"
done
