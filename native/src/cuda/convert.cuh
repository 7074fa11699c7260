// Conversions between f32, f16 and bf16.
//
//   output = input, rounded to the nearest, ties to even
//
// Bytes: the input read once, the output written once. A thread has eight neighbouring elements, 16 bytes of the
// narrow type, a block 256 such runs; the blocks of a grid take the array in turns.
#pragma once

#include "elements.cuh"
#include "launch.cuh"

namespace retort::cuda {

constexpr int kConvertThreads = 256;
constexpr int kConvertRun = 8;
constexpr int kConvertBlock = kConvertThreads * kConvertRun;

struct ConvertParameters {
  int64_t size;
  const void* input;
  void* output;
};

// A run of elements as they lie in memory.
template <typename Element>
struct ConvertRun {
  static constexpr int kChunk = 16 / static_cast<int>(sizeof(Element));
  static constexpr int kChunks = kConvertRun / kChunk;
  Chunk<Element, kChunk> chunks[kChunks];

  __device__ void load(const void* array, int64_t first, int column, int columns) {
    const Element* const row = static_cast<const Element*>(array) + first;
#pragma unroll
    for (int c = 0; c < kChunks; ++c) chunks[c].load(row, column + c * kChunk, columns, Element{});
  }
  __device__ void store(void* array, int64_t first, int column, int columns) const {
    Element* const row = static_cast<Element*>(array) + first;
#pragma unroll
    for (int c = 0; c < kChunks; ++c) chunks[c].store(row, column + c * kChunk, columns);
  }
  __device__ float at(int i) const { return chunks[i / kChunk].at(i % kChunk); }
  __device__ void set(int i, float x) { chunks[i / kChunk].set(i % kChunk, x); }
};

template <typename From, typename To>
__global__ void __launch_bounds__(kConvertThreads)
    convert(const __grid_constant__ ConvertParameters a) {
  const int column = static_cast<int>(threadIdx.x) * kConvertRun;
  const int64_t step = static_cast<int64_t>(gridDim.x) * kConvertBlock;
  for (int64_t first = static_cast<int64_t>(blockIdx.x) * kConvertBlock; first < a.size;
       first += step) {
    const int64_t left = a.size - first;
    const int columns = left < kConvertBlock ? static_cast<int>(left) : kConvertBlock;
    ConvertRun<From> in;
    ConvertRun<To> out;
    in.load(a.input, first, column, columns);
#pragma unroll
    for (int i = 0; i < kConvertRun; ++i) out.set(i, in.at(i));
    out.store(a.output, first, column, columns);
  }
}

}  // namespace retort::cuda
