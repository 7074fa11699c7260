// Writes past the cache, for a result that is larger than it: a line that is written whole need not be read
// first, which saves the result's bytes once.
#pragma once

#include "vector.h"

namespace {

constexpr int64_t kLineBytes = 64;

// Copies bytes; lines that are written in part go through the cache. finish_streams() afterwards.
void stream_bytes(void* destination, const void* source, int64_t bytes) {
  char* to = static_cast<char*>(destination);
  const char* from = static_cast<const char*>(source);
  const auto past_line = static_cast<int64_t>(reinterpret_cast<uintptr_t>(to) % kLineBytes);
  const int64_t to_next_line = past_line == 0 ? 0 : kLineBytes - past_line;
  const int64_t head = to_next_line < bytes ? to_next_line : bytes;
  memcpy(to, from, static_cast<size_t>(head));
  int64_t i = head;
  for (; i + kLineBytes <= bytes; i += kLineBytes) stream_line(to + i, from + i);
  memcpy(to + i, from + i, static_cast<size_t>(bytes - i));
}

}  // namespace
