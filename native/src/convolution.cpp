// retort_convolution_*: checks, then tasks of bands of output rows.
//
// The gradient on the input is a sum of forward convolutions. Input pixel (y, x) meets the taps (i,
// j) with i = y + padding and j = x + padding modulo the stride, and no others; so for each
// remainder there is one correlation of the output's gradient with every stride-th tap, flipped, at
// stride 1, whose results lie stride pixels apart.
#include <algorithm>
#include <cstring>

#include "cpu/kernels.h"
#include "errors.h"
#include "retort/network.h"
#include "tasks.h"

namespace retort {
namespace {

// A band's tile stays in the second-level cache, and much of it in the first.
constexpr int64_t kTileFloats = 16384;
// Enough tasks to keep threads level, few enough that their tiles are small beside the images.
constexpr int64_t kMostTasks = 64;
// A task is worth handing to another thread from about this many products.
constexpr int64_t kProductsPerTask = int64_t{1} << 18;
// Output channels that packing and the gradient on the weights give to one task: two of the widest
// vectors.
constexpr int64_t kChannelsPerTask = 32;
// Floats of the widest vector, which is also a cache line. Packed channels are padded to it, and
// the parts of the workspace aligned: a vector that straddles two lines takes two loads.
constexpr int64_t kMostLanes = 16;
// Tasks that the gradient on the weights aims at. Each holds the sums of its channels, so this
// bounds the workspace to kWeightsTasks * taps * kChannelsPerTask floats, or one set of weights
// where that is larger.
constexpr int64_t kWeightsTasks = 32;

constexpr int64_t kLargestSize = INT32_MAX;
constexpr int64_t kMostFloats = INT64_MAX / 16;

int64_t divide_up(int64_t a, int64_t b) { return (a + b - 1) / b; }

// a * b of sizes, at most kMostFloats + 1.
int64_t times(int64_t a, int64_t b) {
  int64_t product;
  return __builtin_mul_overflow(a, b, &product) ? kMostFloats + 1
                                                : std::min(product, kMostFloats + 1);
}

int64_t round_up(int64_t floats) { return divide_up(floats, kMostLanes) * kMostLanes; }

float* aligned(float* workspace) {
  constexpr uintptr_t kLine = kMostLanes * sizeof(float);
  return reinterpret_cast<float*>((reinterpret_cast<uintptr_t>(workspace) + kLine - 1) / kLine *
                                  kLine);
}

int64_t output_size(int64_t input, int64_t padding, int64_t kernel, int64_t stride) {
  return (input + 2 * padding - kernel) / stride + 1;
}

Correlation forward_correlation(const retort_convolution& a) {
  return {a.input_height,
          a.input_width,
          a.input_channels,
          a.kernel_height,
          a.kernel_width,
          a.stride,
          a.padding,
          a.padding,
          output_size(a.input_height, a.padding, a.kernel_height, a.stride),
          output_size(a.input_width, a.padding, a.kernel_width, a.stride),
          a.output_channels};
}

ConvolutionWeights forward_weights(const retort_convolution& a, const float* weights,
                                   const float* bias) {
  const int64_t row = a.kernel_width * a.input_channels;
  return {weights, a.kernel_height * row, row, a.input_channels, 1, bias};
}

// Along one axis, the pixels of the input whose position + padding leaves `remainder` modulo the
// stride.
struct Phase {
  int64_t taps;  // that meet these pixels: remainder, remainder + stride, ...
  int64_t last_tap;
  int64_t first_pixel;
  int64_t pixels;
  int64_t padding;  // of the output's gradient

  Phase(int64_t remainder, int64_t input, int64_t input_padding, int64_t kernel, int64_t stride) {
    taps = divide_up(kernel - remainder, stride);
    last_tap = remainder + (taps - 1) * stride;
    const int64_t difference = (remainder - input_padding) % stride;
    first_pixel = difference < 0 ? difference + stride : difference;
    pixels = first_pixel < input ? divide_up(input - first_pixel, stride) : 0;
    padding = taps - 1 - (first_pixel + input_padding) / stride;
  }
};

Correlation backward_correlation(const retort_convolution& a, const Phase& rows,
                                 const Phase& columns) {
  return {output_size(a.input_height, a.padding, a.kernel_height, a.stride),
          output_size(a.input_width, a.padding, a.kernel_width, a.stride),
          a.output_channels,
          rows.taps,
          columns.taps,
          1,
          rows.padding,
          columns.padding,
          rows.pixels,
          columns.pixels,
          a.input_channels};
}

ConvolutionWeights backward_weights(const retort_convolution& a, const float* weights,
                                    const Phase& rows, const Phase& columns) {
  const int64_t row = a.kernel_width * a.input_channels;
  const float* last = weights + rows.last_tap * row + columns.last_tap * a.input_channels;
  return {last, 1, -a.stride * row, -a.stride * a.input_channels, a.kernel_height * row, nullptr};
}

// body(rows, columns) for the phases that any tap meets.
template <typename Body>
void for_each_phase(const retort_convolution& a, const Body& body) {
  for (int64_t i = 0; i < std::min(a.stride, a.kernel_height); ++i) {
    for (int64_t j = 0; j < std::min(a.stride, a.kernel_width); ++j) {
      const Phase rows(i, a.input_height, a.padding, a.kernel_height, a.stride);
      const Phase columns(j, a.input_width, a.padding, a.kernel_width, a.stride);
      if (rows.pixels > 0 && columns.pixels > 0) body(rows, columns);
    }
  }
}

// The bands of all images, one after the other, and the tile that one of them needs.
struct Bands {
  int64_t rows;
  int64_t rows_per_band;
  int64_t bands_per_image;
  int64_t count;
  int64_t tile;
  int64_t products;

  Bands(const Correlation& a, int64_t images) : rows(a.output_height) {
    const int64_t row = times((a.output_width - 1) * a.stride + a.kernel_width, a.source_channels);
    const int64_t fitting = (kTileFloats / row - a.kernel_height) / a.stride + 1;
    bands_per_image = divide_up(rows, std::clamp<int64_t>(fitting, 1, rows));
    rows_per_band = divide_up(rows, bands_per_image);
    bands_per_image = divide_up(rows, rows_per_band);
    count = images * bands_per_image;
    tile = round_up(times(row, (rows_per_band - 1) * a.stride + a.kernel_height));
    products =
        times(times(times(images, a.output_height * a.output_width), a.output_channels), a.taps());
  }

  // The most tasks worth starting.
  int64_t tasks(int64_t most) const {
    return std::clamp<int64_t>(std::min(count, products / kProductsPerTask),
                               std::min<int64_t>(1, count), most);
  }

  // body(image, first_row, end_row) for each band of one part of `parts`.
  template <typename Body>
  void for_each(int64_t part, int64_t parts, const Body& body) const {
    const auto start = [&](int64_t i) { return i * (count / parts) + std::min(i, count % parts); };
    for (int64_t band = start(part); band < start(part + 1); ++band) {
      const int64_t first_row = band % bands_per_image * rows_per_band;
      body(band / bands_per_image, first_row, std::min(rows, first_row + rows_per_band));
    }
  }
};

int64_t packed_floats(const Correlation& a) {
  return times(a.taps() + 1, round_up(a.output_channels));
}

int64_t correlation_workspace(const Correlation& a, int64_t images) {
  const Bands bands(a, images);
  return std::min(kMostFloats + 1, packed_floats(a) + times(bands.tile, bands.tasks(kMostTasks)));
}

// How the gradient on the weights is cut: into groups of channels, and the bands into parts whose
// sums are added at the end.
struct WeightsParts {
  Bands bands;
  int64_t groups;
  int64_t parts;
  int64_t part_floats;

  WeightsParts(const Correlation& a, int64_t images)
      : bands(a, images),
        groups(divide_up(a.output_channels, kChannelsPerTask)),
        parts(divide_up(bands.tasks(std::max(kWeightsTasks, groups)), groups)),
        part_floats(times(a.taps(), round_up(a.output_channels))) {}

  int64_t tasks() const { return parts * groups; }
  int64_t workspace() const {
    return std::min(kMostFloats + 1, times(parts, part_floats) + times(tasks(), bands.tile));
  }
};

int64_t workspace_floats(const retort_convolution& a) {
  const Correlation forward = forward_correlation(a);
  int64_t floats = std::max(correlation_workspace(forward, a.images),
                            WeightsParts(forward, a.images).workspace());
  for_each_phase(a, [&](const Phase& rows, const Phase& columns) {
    floats =
        std::max(floats, correlation_workspace(backward_correlation(a, rows, columns), a.images));
  });
  return std::min(kMostFloats + 1, floats + kMostLanes - 1);
}

// ---- checks
// --------------------------------------------------------------------------------------------

retort_status check_size(const char* name, int64_t size, int64_t least) {
  if (size >= least && size <= kLargestSize) return RETORT_OK;
  return fail(RETORT_INVALID_ARGUMENT, "%s must be in [%lld, %lld], got %lld", name,
              static_cast<long long>(least), static_cast<long long>(kLargestSize),
              static_cast<long long>(size));
}

retort_status check_kernel(const char* name, int64_t kernel, const char* input_name, int64_t input,
                           int64_t padding) {
  RETORT_CHECK(check_size(name, kernel, 1));
  if (padding >= kernel) {
    return fail(RETORT_INVALID_ARGUMENT, "padding must be less than %s %lld, got %lld", name,
                static_cast<long long>(kernel), static_cast<long long>(padding));
  }
  if (kernel > input + 2 * padding) {
    return fail(RETORT_INVALID_ARGUMENT,
                "%s must be at most %s %lld and twice padding %lld, got %lld", name, input_name,
                static_cast<long long>(input), static_cast<long long>(padding),
                static_cast<long long>(kernel));
  }
  return RETORT_OK;
}

int64_t input_floats(const retort_convolution& a) {
  return times(times(a.images, a.input_height * a.input_width), a.input_channels);
}

int64_t weights_floats(const retort_convolution& a) {
  return times(times(a.kernel_height * a.kernel_width, a.input_channels), a.output_channels);
}

int64_t output_floats(const retort_convolution& a) {
  const Correlation forward = forward_correlation(a);
  return times(times(a.images, forward.output_height * forward.output_width), a.output_channels);
}

retort_status check_convolution(const retort_convolution* a) {
  if (a == nullptr) return fail(RETORT_INVALID_ARGUMENT, "convolution must not be null");
  RETORT_CHECK(check_size("images", a->images, 0));
  RETORT_CHECK(check_size("input_height", a->input_height, 1));
  RETORT_CHECK(check_size("input_width", a->input_width, 1));
  RETORT_CHECK(check_size("input_channels", a->input_channels, 1));
  RETORT_CHECK(check_size("output_channels", a->output_channels, 1));
  RETORT_CHECK(check_size("stride", a->stride, 1));
  RETORT_CHECK(check_size("padding", a->padding, 0));
  RETORT_CHECK(
      check_kernel("kernel_height", a->kernel_height, "input_height", a->input_height, a->padding));
  RETORT_CHECK(
      check_kernel("kernel_width", a->kernel_width, "input_width", a->input_width, a->padding));
  const auto too_large = [](const char* what) {
    return fail(RETORT_INVALID_ARGUMENT, "convolution: its %s overflows 64 bits", what);
  };
  if (weights_floats(*a) > kMostFloats) return too_large("weights");
  if (input_floats(*a) > kMostFloats) return too_large("input");
  if (output_floats(*a) > kMostFloats) return too_large("output");
  if (workspace_floats(*a) > kMostFloats) return too_large("workspace");
  return RETORT_OK;
}

MatrixArgument floats_argument(const char* name, const float* data, int64_t floats) {
  return {name, data, floats > 0 ? 1 : 0, floats, floats};
}

retort_status check_arguments(const MatrixArgument& output, const MatrixArgument& first,
                              const MatrixArgument& second, const MatrixArgument& workspace) {
  RETORT_CHECK(check_matrix(first));
  RETORT_CHECK(check_matrix(second));
  RETORT_CHECK(check_matrix(output));
  RETORT_CHECK(check_matrix(workspace));
  RETORT_CHECK(check_apart(output, first));
  RETORT_CHECK(check_apart(output, second));
  RETORT_CHECK(check_apart(workspace, first));
  RETORT_CHECK(check_apart(workspace, second));
  return check_apart(workspace, output);
}

// ---- work
// ----------------------------------------------------------------------------------------------

// A correlation of every image; `output` is that of the first image.
void correlate(const Correlation& a, int64_t images, const float* source,
               const ConvolutionWeights& weights, const ConvolutionOutput& output,
               int64_t output_image_stride, float* workspace, const retort_executor* executor) {
  float* packed = aligned(workspace);
  run_tasks(executor, divide_up(a.output_channels, kChannelsPerTask), [&](int64_t task) {
    const int64_t first = task * kChannelsPerTask;
    kernels().convolution_pack(a, weights, first,
                               std::min(a.output_channels, first + kChannelsPerTask), packed);
  });
  const Bands bands(a, images);
  const int64_t tasks = bands.tasks(kMostTasks);
  const int64_t source_image = a.source_height * a.source_width * a.source_channels;
  run_tasks(executor, tasks, [&](int64_t task) {
    float* tile = packed + packed_floats(a) + task * bands.tile;
    bands.for_each(task, tasks, [&](int64_t image, int64_t first_row, int64_t end_row) {
      const ConvolutionOutput of_image{output.first + image * output_image_stride,
                                       output.row_stride, output.pixel_stride};
      kernels().convolution_rows(a, source + image * source_image, packed, of_image, first_row,
                                 end_row, tile);
    });
  });
}

void set_zero(float* data, int64_t floats, const retort_executor* executor) {
  const RowTasks tasks(floats, 1);
  run_tasks(executor, tasks.count, [&](int64_t task) {
    std::memset(data + tasks.first(task), 0,
                static_cast<size_t>(tasks.end(task) - tasks.first(task)) * sizeof(float));
  });
}

void sum_over_bands(const Correlation& a, const WeightsParts& parts, const float* input,
                    const float* output_gradient, float* workspace,
                    const retort_executor* executor) {
  const int64_t input_image = a.source_height * a.source_width * a.source_channels;
  const int64_t output_image = a.output_height * a.output_width * a.output_channels;
  float* tiles = workspace + parts.parts * parts.part_floats;
  run_tasks(executor, parts.tasks(), [&](int64_t task) {
    const int64_t part = task / parts.groups;
    const int64_t first = task % parts.groups * kChannelsPerTask;
    const int64_t end = std::min(a.output_channels, first + kChannelsPerTask);
    float* sums = workspace + part * parts.part_floats;
    std::memset(sums + first * a.taps(), 0,
                static_cast<size_t>(round_up(end - first) * a.taps()) * sizeof(float));
    parts.bands.for_each(part, parts.parts, [&](int64_t image, int64_t first_row, int64_t end_row) {
      kernels().convolution_weights_rows(a, input + image * input_image,
                                         output_gradient + image * output_image, first_row, end_row,
                                         first, end, tiles + task * parts.bands.tile, sums);
    });
  });
}

}  // namespace
}  // namespace retort

int64_t retort_convolution_workspace(const retort_convolution* convolution) {
  using namespace retort;
  return check_convolution(convolution) == RETORT_OK ? workspace_floats(*convolution) : -1;
}

retort_status retort_convolution_forward(const retort_convolution* convolution, const float* input,
                                         const float* weights, const float* bias, float* output,
                                         float* workspace, const retort_executor* executor) {
  using namespace retort;
  RETORT_CHECK(check_convolution(convolution));
  const retort_convolution& a = *convolution;
  const MatrixArgument out = floats_argument("output", output, output_floats(a));
  const MatrixArgument work = floats_argument("workspace", workspace, workspace_floats(a));
  RETORT_CHECK(check_arguments(out, floats_argument("input", input, input_floats(a)),
                               floats_argument("weights", weights, weights_floats(a)), work));
  if (bias != nullptr) {
    const MatrixArgument added = floats_argument("bias", bias, a.output_channels);
    RETORT_CHECK(check_matrix(added));
    RETORT_CHECK(check_apart(out, added));
    RETORT_CHECK(check_apart(work, added));
  }
  const Correlation forward = forward_correlation(a);
  const int64_t row = forward.output_width * a.output_channels;
  correlate(forward, a.images, input, forward_weights(a, weights, bias),
            {output, row, a.output_channels}, forward.output_height * row, workspace, executor);
  return RETORT_OK;
}

retort_status retort_convolution_backward_input(const retort_convolution* convolution,
                                                const float* output_gradient, const float* weights,
                                                float* input_gradient, float* workspace,
                                                const retort_executor* executor) {
  using namespace retort;
  RETORT_CHECK(check_convolution(convolution));
  const retort_convolution& a = *convolution;
  RETORT_CHECK(
      check_arguments(floats_argument("input_gradient", input_gradient, input_floats(a)),
                      floats_argument("output_gradient", output_gradient, output_floats(a)),
                      floats_argument("weights", weights, weights_floats(a)),
                      floats_argument("workspace", workspace, workspace_floats(a))));
  const int64_t row = a.input_width * a.input_channels;
  if (a.stride > std::min(a.kernel_height, a.kernel_width)) {
    set_zero(input_gradient, input_floats(a), executor);  // some pixels meet no window
  }
  for_each_phase(a, [&](const Phase& rows, const Phase& columns) {
    float* first = input_gradient + rows.first_pixel * row + columns.first_pixel * a.input_channels;
    correlate(backward_correlation(a, rows, columns), a.images, output_gradient,
              backward_weights(a, weights, rows, columns),
              {first, a.stride * row, a.stride * a.input_channels}, a.input_height * row, workspace,
              executor);
  });
  return RETORT_OK;
}

retort_status retort_convolution_backward_weights(const retort_convolution* convolution,
                                                  const float* input, const float* output_gradient,
                                                  float* weights_gradient, float* workspace,
                                                  const retort_executor* executor) {
  using namespace retort;
  RETORT_CHECK(check_convolution(convolution));
  const retort_convolution& a = *convolution;
  RETORT_CHECK(
      check_arguments(floats_argument("weights_gradient", weights_gradient, weights_floats(a)),
                      floats_argument("input", input, input_floats(a)),
                      floats_argument("output_gradient", output_gradient, output_floats(a)),
                      floats_argument("workspace", workspace, workspace_floats(a))));
  if (a.images == 0) {
    set_zero(weights_gradient, weights_floats(a), executor);
    return RETORT_OK;
  }
  const Correlation forward = forward_correlation(a);
  const WeightsParts parts(forward, a.images);
  float* sums = aligned(workspace);
  sum_over_bands(forward, parts, input, output_gradient, sums, executor);
  run_tasks(executor, parts.groups, [&](int64_t group) {
    const int64_t first = group * kChannelsPerTask;
    kernels().convolution_weights_sum(forward, parts.parts, sums, parts.part_floats, first,
                                      std::min(a.output_channels, first + kChannelsPerTask),
                                      weights_gradient);
  });
  return RETORT_OK;
}
