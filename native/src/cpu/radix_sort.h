// A stable sort by unsigned keys, a byte a pass from the lowest on. A byte that all keys share costs its
// count alone.
#pragma once

#include <stdint.h>
#include <string.h>

namespace {

struct Keyed {
  uint32_t key;
  int32_t place;
};

// Sorts by the keys' lowest `bits`, which hold all there is of them. Either array is used; returns the
// one with the result.
Keyed* radix_sort(Keyed* entries, Keyed* spare, int64_t count, int bits) {
  for (int shift = 0; shift < bits; shift += 8) {
    int64_t starts[256] = {};
    for (int64_t i = 0; i < count; ++i) ++starts[entries[i].key >> shift & 255];
    if (count == 0 || starts[entries[0].key >> shift & 255] == count) continue;
    int64_t start = 0;
    for (int64_t& bucket : starts) {
      const int64_t size = bucket;
      bucket = start;
      start += size;
    }
    for (int64_t i = 0; i < count; ++i) spare[starts[entries[i].key >> shift & 255]++] = entries[i];
    Keyed* const sorted = spare;
    spare = entries;
    entries = sorted;
  }
  return entries;
}

// A key whose order is that of the numbers; both zeros have one.
inline uint32_t ordered(float number) {
  number += 0.0f;
  uint32_t bits;
  memcpy(&bits, &number, sizeof bits);
  return bits & 0x80000000u ? ~bits : bits | 0x80000000u;
}

inline float number_of(uint32_t key) {
  const uint32_t bits = key & 0x80000000u ? key & 0x7fffffffu : ~key;
  float number;
  memcpy(&number, &bits, sizeof number);
  return number;
}

}  // namespace
