// retort_cuda_max_pool_forward, _backward and _tangent, and retort_cuda_average_pool_forward and _backward: checks
// and launches.
#include "pooling.cuh"

#include "arguments.h"
#include "pooling_arguments.h"
#include "retort/cuda_network.h"

namespace retort::cuda {
namespace {

// Sums of three sides fit 32 bits.
retort_status check_side(const char* name, int64_t side) {
  constexpr int64_t kMost = int64_t{1} << 28;
  if (side <= kMost) return RETORT_OK;
  return fail(RETORT_UNSUPPORTED, "%s must be at most %lld on CUDA, got %lld", name,
              static_cast<long long>(kMost), static_cast<long long>(side));
}

retort_status check_sizes(const PoolingGeometry& geometry) {
  const retort_pooling& pooling = geometry.pooling;
  RETORT_CHECK(check_side("kernel", pooling.kernel));
  RETORT_CHECK(check_side("input_height", pooling.input_height));
  RETORT_CHECK(check_side("input_width", pooling.input_width));
  RETORT_CHECK(check_countable("channels", pooling.channels));
  const int64_t height = std::max(pooling.input_height, geometry.output_height);
  const int64_t width = std::max(pooling.input_width, geometry.output_width);
  RETORT_CHECK(check_countable("width x channels", width * pooling.channels));
  return check_countable("images x height", pooling.images * height);
}

// A stride beyond every sum of sides leaves one window, however long it is.
PoolingSide side_of(const retort_pooling& pooling, int64_t input, int64_t output) {
  return {static_cast<int>(input), static_cast<int>(output), static_cast<int>(pooling.kernel),
          static_cast<int>(std::min(pooling.stride, int64_t{1} << 30)),
          static_cast<int>(pooling.padding)};
}

// A kernel that writes pixels [images, height, width].
struct PoolingLaunch {
  PoolingParameters parameters;
  LaunchShape shape;

  PoolingLaunch(const PoolingGeometry& geometry, int64_t height, int64_t width, const float* input,
                const float* direction, float* output)
      : parameters{}, shape{} {
    const retort_pooling& pooling = geometry.pooling;
    const int64_t row = width * ((pooling.channels - 1) / kQuad + 1),
                  rows = pooling.images * height;
    unsigned lanes = 1;
    while (lanes < kPoolingThreads && lanes < row) lanes *= 2;
    const int64_t rows_at_once = kPoolingThreads / lanes;
    parameters = {static_cast<unsigned>(pooling.images),
                  static_cast<int>(pooling.channels),
                  lanes,
                  side_of(pooling, pooling.input_height, geometry.output_height),
                  side_of(pooling, pooling.input_width, geometry.output_width),
                  input,
                  direction,
                  output};
    shape = {(rows + rows_at_once - 1) / rows_at_once, kPoolingThreads, 1, 0};
  }
};

PoolingLaunch to_output(const PoolingGeometry& geometry, const float* input, const float* direction,
                        float* output) {
  return {geometry, geometry.output_height, geometry.output_width, input, direction, output};
}

PoolingLaunch to_input(const PoolingGeometry& geometry, const float* input, const float* direction,
                       float* output) {
  return {geometry, geometry.pooling.input_height, geometry.pooling.input_width, input, direction,
          output};
}

using PoolingKernel = void (*)(PoolingParameters);

retort_status launch_pooling(PoolingKernel aligned, PoolingKernel anywhere,
                             const PoolingLaunch& pooling, void* stream) {
  const PoolingParameters& a = pooling.parameters;
  if (a.images == 0) return RETORT_OK;
  const bool whole_quads = are_whole_quads(a.channels, {a.input, a.direction, a.output});
  return launch(whole_quads ? aligned : anywhere, pooling.shape, stream, a);
}

}  // namespace
}  // namespace retort::cuda

retort_status retort_cuda_max_pool_forward(const retort_pooling* pooling, const float* input,
                                           float* output, void* stream) {
  using namespace retort::cuda;
  retort::PoolingGeometry geometry{};
  RETORT_CHECK(retort::check_max_pool_forward(pooling, input, output, &geometry));
  RETORT_CHECK(check_sizes(geometry));
  return launch_pooling(max_pool_forward<true>, max_pool_forward<false>,
                        to_output(geometry, input, nullptr, output), stream);
}

retort_status retort_cuda_max_pool_backward(const retort_pooling* pooling, const float* input,
                                            const float* output_gradient, float* input_gradient,
                                            void* stream) {
  using namespace retort::cuda;
  retort::PoolingGeometry geometry{};
  RETORT_CHECK(
      retort::check_max_pool_backward(pooling, input, output_gradient, input_gradient, &geometry));
  RETORT_CHECK(check_sizes(geometry));
  return launch_pooling(max_pool_backward<true>, max_pool_backward<false>,
                        to_input(geometry, input, output_gradient, input_gradient), stream);
}

retort_status retort_cuda_max_pool_tangent(const retort_pooling* pooling, const float* input,
                                           const float* input_tangent, float* output_tangent,
                                           void* stream) {
  using namespace retort::cuda;
  retort::PoolingGeometry geometry{};
  RETORT_CHECK(
      retort::check_max_pool_tangent(pooling, input, input_tangent, output_tangent, &geometry));
  RETORT_CHECK(check_sizes(geometry));
  return launch_pooling(max_pool_tangent<true>, max_pool_tangent<false>,
                        to_output(geometry, input, input_tangent, output_tangent), stream);
}

retort_status retort_cuda_average_pool_forward(const retort_pooling* pooling, const float* input,
                                               float* output, void* stream) {
  using namespace retort::cuda;
  retort::PoolingGeometry geometry{};
  RETORT_CHECK(retort::check_average_pool_forward(pooling, input, output, &geometry));
  RETORT_CHECK(check_sizes(geometry));
  return launch_pooling(average_pool_forward<true>, average_pool_forward<false>,
                        to_output(geometry, input, nullptr, output), stream);
}

retort_status retort_cuda_average_pool_backward(const retort_pooling* pooling,
                                                const float* output_gradient, float* input_gradient,
                                                void* stream) {
  using namespace retort::cuda;
  retort::PoolingGeometry geometry{};
  RETORT_CHECK(
      retort::check_average_pool_backward(pooling, output_gradient, input_gradient, &geometry));
  RETORT_CHECK(check_sizes(geometry));
  return launch_pooling(average_pool_backward<true>, average_pool_backward<false>,
                        to_input(geometry, nullptr, output_gradient, input_gradient), stream);
}
