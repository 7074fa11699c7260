// Logit standardisation: (z - mean z) / (epsilon + deviation of z) over the classes that a row does not mask,
// and what it makes of a gradient.
#pragma once

#include "row_tile.cuh"
#include "softmax_sums.cuh"
#include "vector.cuh"

namespace retort::cuda {

// Mean and deviation over the classes of a row that are not masked; the deviation is 0 for one class.
struct Moments {
  float mean = 0;
  float deviation = 0;
  float count = 0;
};

// load(first column, z) reads a tile, -inf past the end of the row. Two sweeps: the sum of squared deviations
// needs the mean.
template <typename Team, typename Element, typename Shape, typename Load>
__device__ Moments moments_of(Team& team, const Columns<Element, Shape>& columns, Load load) {
  float z[Shape::kColumns];
  Totals<float, 2> sums{};
  columns.for_each_tile([&](int first) {
    load(first, z);
#pragma unroll
    for (int i = 0; i < Shape::kColumns; ++i) {
      sums.values[0] += where_masked(z[i], 0, 1);
      sums.values[1] += where_masked(z[i], 0, z[i]);
    }
  });
  sums = team.reduce(sums);
  Moments moments;
  moments.count = sums.values[0];
  moments.mean = sums.values[1] / moments.count;
  Totals<float, 1> squares{};
  columns.for_each_tile([&](int first) {
    if (!columns.one_tile()) load(first, z);
#pragma unroll
    for (int i = 0; i < Shape::kColumns; ++i) {
      const float d = z[i] - moments.mean;
      squares.values[0] += where_masked(z[i], 0, d * d);
    }
  });
  const float sum = team.reduce(squares).values[0];
  moments.deviation = moments.count > 1 ? sqrtf(sum / (moments.count - 1)) : 0 * sum;
  return moments;
}

// What the standardisation z~ = (z - mean) / (epsilon + deviation) of a row makes of a gradient h on z~:
//   g_j = (h_j - mean h) * coefficient - z~_j <h, z~> / ((count - 1) * deviation)
// over the classes that are not masked.
struct StandardizationBackward {
  Moments moments;
  float coefficient;        // 1 / (epsilon + deviation)
  Totals<float, 2> sums{};  // of h, and of h z~

  __device__ void add(float h, float z) {
    sums.values[0] += where_masked(z, 0, h);
    sums.values[1] += where_masked(z, 0, h * z);
  }
  __device__ float gradient(float h, float z) const {
    const float projected = moments.deviation > 0
                                ? sums.values[1] / ((moments.count - 1) * moments.deviation)
                                : 0 * sums.values[1];
    const float g = (h - sums.values[0] / moments.count) * coefficient - z * projected;
    return where_masked(z, 0, g);
  }
};

}  // namespace retort::cuda
