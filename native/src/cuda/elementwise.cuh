// Operations on one element at a time.
//
//   relu                y = max(0, x)            gradient: dx = dy where y > 0, else 0
//   linear combination  z = a * x + b * y
//
// Bytes: each input read once, each output written once. A thread has a quad of each array, a block 256 neighbouring
// ones; the blocks of a grid take the array in turns. An operation is a structure that is called with the place of a
// thread's quad in a block, and the block's first element.
#pragma once

#include "launch.cuh"
#include "quads.cuh"
#include "vector.cuh"

namespace retort::cuda {

constexpr int kElementwiseThreads = 256;
constexpr int kElementwiseBlock = kElementwiseThreads * kQuad;

template <typename Operation>
struct ElementwiseParameters {
  Operation operation;
  int64_t size;
  bool aligned;
};

template <typename Operation>
__global__ void __launch_bounds__(kElementwiseThreads)
    elementwise(const __grid_constant__ ElementwiseParameters<Operation> a) {
  const int column = static_cast<int>(threadIdx.x) * kQuad;
  const int64_t step = static_cast<int64_t>(gridDim.x) * kElementwiseBlock;
  for (int64_t first = static_cast<int64_t>(blockIdx.x) * kElementwiseBlock; first < a.size;
       first += step) {
    const int64_t left = a.size - first;
    if (a.aligned && left >= kElementwiseBlock) {
      a.operation(QuadOfRow<true>{column, kElementwiseBlock}, first);
    } else {
      const int columns = left < kElementwiseBlock ? static_cast<int>(left) : kElementwiseBlock;
      const QuadOfRow<false> place{column, columns};
      if (place.exists()) a.operation(place, first);
    }
  }
}

// `arrays`: those that the operation reads and writes.
template <typename Operation>
retort_status launch_elementwise(int64_t size, const Operation& operation,
                                 std::initializer_list<const void*> arrays, void* stream) {
  if (size == 0) return RETORT_OK;
  const int64_t blocks = (size - 1) / kElementwiseBlock + 1;
  return launch(elementwise<Operation>, {std::min(blocks, kMostBlocks), kElementwiseThreads, 1, 0},
                stream, ElementwiseParameters<Operation>{operation, size, begin_on_quads(arrays)});
}

struct ReluForward {
  const float* input;
  float* output;

  template <typename Place>
  __device__ void operator()(const Place& place, int64_t first) const {
    const Quad x = place.load(input + first);
    place.store(output + first, quad_of([&](int i) { return maximum(0.0F, x.at(i)); }));
  }
};

struct ReluBackward {
  const float* output;
  const float* output_gradient;
  float* input_gradient;

  template <typename Place>
  __device__ void operator()(const Place& place, int64_t first) const {
    const Quad y = place.load(output + first), dy = place.load(output_gradient + first);
    place.store(input_gradient + first,
                quad_of([&](int i) { return keep_where_positive(y.at(i), dy.at(i)); }));
  }
};

struct LinearCombination {
  float a;
  float b;
  const float* x;
  const float* y;
  float* output;

  template <typename Place>
  __device__ void operator()(const Place& place, int64_t first) const {
    const Quad in_x = place.load(x + first), in_y = place.load(y + first);
    place.store(output + first,
                quad_of([&](int i) { return multiply_add(a, in_x.at(i), b * in_y.at(i)); }));
  }
};

}  // namespace retort::cuda
