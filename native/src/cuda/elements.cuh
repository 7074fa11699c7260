// The elements of a row that one thread reads and writes at a time.
//
// A chunk of 16 bytes is one access where it lies on a multiple of 16. Where a row begins elsewhere, which
// odd strides make it do, a chunk is cut out of the two aligned ones that it lies in: the second is the
// first of the neighbouring thread and comes out of the first-level cache. Only what lies within the row
// is read; a chunk at an end of it goes element by element, and what is past the end counts as `rest`.
#pragma once

#include "arch.cuh"

namespace retort::cuda {

template <typename Element, int kSize>
struct Chunk;

// One element.
template <typename Element>
struct Chunk<Element, 1> {
  Element element;

  __device__ void load(const Element* row, int column, int classes, Element rest) {
    element = column < classes ? row[column] : rest;
  }
  __device__ void store(Element* row, int column, int classes) const {
    if (column < classes) row[column] = element;
  }
  __device__ float at(int) const { return to_float(element); }
  __device__ void set(int, float x) { from_float(x, &element); }
};

// 16 bytes.
template <typename Element, int kSize>
struct alignas(16) Chunk {
  static_assert(kSize * sizeof(Element) == 16, "a chunk is one element or 16 bytes");
  uint32_t words[4];

  __device__ void load(const Element* row, int column, int classes, Element rest) {
    const Element* const first = row + column;
    const auto shift = static_cast<uint32_t>(reinterpret_cast<uintptr_t>(first) & 15);
    if (column + kSize <= classes && shift == 0) {
      *this = *reinterpret_cast<const Chunk*>(first);
    } else if (column + 2 * kSize <= classes && column >= kSize) {
      const auto* const aligned =
          reinterpret_cast<const Chunk*>(reinterpret_cast<const char*>(first) - shift);
      cut_out(aligned[0], aligned[1], shift);
    } else {
#pragma unroll
      for (int i = 0; i < kSize; ++i) put(i, column + i < classes ? first[i] : rest);
    }
  }

  __device__ void store(Element* row, int column, int classes) const {
    Element* const first = row + column;
    if (column + kSize <= classes && (reinterpret_cast<uintptr_t>(first) & 15) == 0) {
      *reinterpret_cast<Chunk*>(first) = *this;
      return;
    }
#pragma unroll
    for (int i = 0; i < kSize; ++i) {
      if (column + i < classes) first[i] = get(i);
    }
  }

  __device__ float at(int i) const { return to_float(get(i)); }
  __device__ void set(int i, float x) {
    Element element;
    from_float(x, &element);
    put(i, element);
  }

 private:
  static constexpr int kPerWord = 4 / static_cast<int>(sizeof(Element));

  __device__ Element get(int i) const {
    if constexpr (kPerWord == 1) {
      return __uint_as_float(words[i]);
    } else {
      return {static_cast<uint16_t>(words[i / 2] >> (i % 2 * 16))};
    }
  }
  __device__ void put(int i, Element element) {
    if constexpr (kPerWord == 1) {
      words[i] = __float_as_uint(element);
    } else {
      const uint32_t kept = words[i / 2] & (i % 2 == 0 ? 0xffff0000u : 0xffffu);
      words[i / 2] = kept | static_cast<uint32_t>(element.bits) << (i % 2 * 16);
    }
  }

  // The 16 bytes from byte `shift` of two chunks on. A word's place must be known to the compiler, or the
  // words would go to memory: hence halving steps.
  __device__ void cut_out(const Chunk& low, const Chunk& high, uint32_t shift) {
    const uint32_t in[8] = {low.words[0],  low.words[1],  low.words[2],  low.words[3],
                            high.words[0], high.words[1], high.words[2], high.words[3]};
    uint32_t by_two[6], by_one[5];
#pragma unroll
    for (int i = 0; i < 6; ++i) by_two[i] = shift & 8 ? in[i + 2] : in[i];
#pragma unroll
    for (int i = 0; i < 5; ++i) by_one[i] = shift & 4 ? by_two[i + 1] : by_two[i];
#pragma unroll
    for (int i = 0; i < 4; ++i) {
      words[i] = __funnelshift_r(by_one[i], by_one[i + 1], (shift & 2) * 8);
    }
  }
};

}  // namespace retort::cuda
