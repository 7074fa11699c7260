// How a kernel over rows is launched: the shape that rows of some number of classes get, the size of its grid and
// of its clusters.
#pragma once

#include <cstdlib>

#include "errors.h"
#include "row_tile.cuh"

#if defined(__CUDACC__)
#include <cuda_runtime.h>
#else
#include "cuda_emulation.h"
#endif

namespace retort::cuda {

struct LaunchShape {
  int64_t blocks;
  int threads;
  int cluster;
  size_t shared_bytes;
};

#if defined(__CUDACC__)

inline retort_status device_status(const char* what, cudaError_t error) {
  if (error == cudaSuccess) return RETORT_OK;
  return fail(RETORT_DEVICE_ERROR, "%s failed: %s (%s)", what, cudaGetErrorString(error),
              cudaGetErrorName(error));
}

struct LaunchConfiguration : cudaLaunchConfig_t {
  cudaLaunchAttribute cluster_attribute;

  LaunchConfiguration(const LaunchShape& shape, void* stream) : cudaLaunchConfig_t{} {
    gridDim = dim3(static_cast<unsigned>(shape.blocks));
    blockDim = dim3(shape.threads);
    dynamicSmemBytes = shape.shared_bytes;
    this->stream = static_cast<cudaStream_t>(stream);
    if (shape.cluster == 1) return;
    cluster_attribute.id = cudaLaunchAttributeClusterDimension;
    cluster_attribute.val.clusterDim = {static_cast<unsigned>(shape.cluster), 1, 1};
    attrs = &cluster_attribute;
    numAttrs = 1;
  }
};

// Whether the device runs clusters of that size; more than 8 blocks are not every device's.
template <typename... Parameters>
bool runs_cluster(void (*kernel)(Parameters...), const LaunchShape& shape) {
  int device = 0, major = 0, clusters = 0;
  if (cudaGetDevice(&device) != cudaSuccess ||
      cudaDeviceGetAttribute(&major, cudaDevAttrComputeCapabilityMajor, device) != cudaSuccess ||
      major < 9)
    return false;
  const auto* const function = reinterpret_cast<const void*>(kernel);
  cudaFuncSetAttribute(function, cudaFuncAttributeNonPortableClusterSizeAllowed, 1);
  LaunchConfiguration configuration(shape, nullptr);
  const bool runs =
      cudaOccupancyMaxActiveClusters(&clusters, function, &configuration) == cudaSuccess &&
      clusters > 0;
  cudaGetLastError();  // a size that is too large is no error of ours
  return runs;
}

// More shared memory than every device gives unasked. A kernel's limit is the process's, not the launch's: always
// asking for all that the device has keeps one thread's launch from lowering it before another's.
template <typename... Parameters>
retort_status allow_shared_bytes(void (*kernel)(Parameters...), size_t bytes) {
  constexpr size_t kUnasked = 48 * 1024;
  if (bytes <= kUnasked) return RETORT_OK;
  const auto* const function = reinterpret_cast<const void*>(kernel);
  const char* const asking = "asking for shared memory";
  int device = 0, most = 0;
  cudaFuncAttributes attributes;
  RETORT_CHECK(device_status(asking, cudaGetDevice(&device)));
  RETORT_CHECK(device_status(
      asking, cudaDeviceGetAttribute(&most, cudaDevAttrMaxSharedMemoryPerBlockOptin, device)));
  RETORT_CHECK(device_status(asking, cudaFuncGetAttributes(&attributes, function)));
  return device_status(asking,
                       cudaFuncSetAttribute(function, cudaFuncAttributeMaxDynamicSharedMemorySize,
                                            most - static_cast<int>(attributes.sharedSizeBytes)));
}

template <typename... Parameters, typename... Arguments>
retort_status launch(void (*kernel)(Parameters...), const LaunchShape& shape, void* stream,
                     const Arguments&... arguments) {
  LaunchConfiguration configuration(shape, stream);
  return device_status("launching a kernel",
                       cudaLaunchKernelEx(&configuration, kernel, arguments...));
}

#else

template <typename... Parameters>
bool runs_cluster(void (*)(Parameters...), const LaunchShape& shape) {
  const char* const most = std::getenv("RETORT_EMULATION_CLUSTER");
  return shape.cluster <= (most == nullptr ? 16 : std::atoi(most));
}

template <typename... Parameters>
retort_status allow_shared_bytes(void (*)(Parameters...), size_t) {
  return RETORT_OK;
}

template <typename... Parameters, typename... Arguments>
retort_status launch(void (*kernel)(Parameters...), const LaunchShape& shape, void* stream,
                     const Arguments&... arguments) {
  emulation::Launch emulated;
  emulated.grid = dim3(static_cast<unsigned>(shape.blocks));
  emulated.block = dim3(static_cast<unsigned>(shape.threads));
  emulated.cluster = static_cast<unsigned>(shape.cluster);
  emulated.shared_bytes = shape.shared_bytes;
  try {
    emulation::launch_on(stream, emulated, kernel, arguments...);
    return RETORT_OK;
  } catch (const emulation::Error& error) {
    return fail(RETORT_DEVICE_ERROR, "%s", error.what());
  }
}

#endif

// Of a grid; further rows are taken by the same blocks.
constexpr int64_t kMostBlocks = int64_t{1} << 30;

// A row takes as many blocks as hold it in registers, where the device has clusters of so many.
template <typename Shape, typename Parameters>
LaunchShape row_launch(void (*kernel)(Parameters), int64_t rows, int64_t classes,
                       size_t bytes_of_long_rows) {
  using Team = typename Shape::Team;
  LaunchShape shape{0, Team::kThreads, 1, 0};
  while (shape.cluster < Team::kMostCluster && Shape::kTile * shape.cluster < classes)
    shape.cluster *= 2;
  do {
    const bool one_tile = Shape::kTile * shape.cluster >= classes;
    shape.shared_bytes = Team::shared_bytes(shape.cluster, one_tile ? 0 : bytes_of_long_rows);
    const int64_t blocks = (rows + Team::kRowsPerBlock - 1) / Team::kRowsPerBlock;
    shape.blocks = std::min(blocks, kMostBlocks / shape.cluster) * shape.cluster;
  } while (shape.cluster > 1 && !runs_cluster(kernel, shape) && (shape.cluster /= 2) > 0);
  return shape;
}

template <typename Shape, typename Parameters>
retort_status launch_rows(void (*kernel)(Parameters), const Parameters& parameters,
                          size_t bytes_of_long_rows, void* stream) {
  if (parameters.rows == 0) return RETORT_OK;
  const LaunchShape shape =
      row_launch<Shape>(kernel, parameters.rows, parameters.classes, bytes_of_long_rows);
  return launch(kernel, shape, stream, parameters);
}

// A block a row, however long it is, with `bytes` of shared memory beside the team's.
template <typename Team, typename Parameters>
retort_status launch_blocks(void (*kernel)(Parameters), const Parameters& parameters, size_t bytes,
                            void* stream) {
  if (parameters.rows == 0) return RETORT_OK;
  const size_t shared_bytes = Team::shared_bytes(1, bytes);
  RETORT_CHECK(allow_shared_bytes(kernel, shared_bytes));
  return launch(kernel, {std::min(parameters.rows, kMostBlocks), Team::kThreads, 1, shared_bytes},
                stream, parameters);
}

// body(shape) for the shape that rows of so many classes get. Not measured yet: the limits are those of the
// registers, which hold 32 columns of two numbers a thread without spilling.
template <typename Body>
retort_status with_row_shape(int64_t classes, Body body) {
  // Rows of a few classes: several to a warp, so that its lanes are full and its accesses touch whole lines.
  if (classes <= 16) return body(RowShape<WarpTeam<4>, 4, false>{});
  if (classes <= 32) return body(RowShape<WarpTeam<8>, 4, false>{});
  if (classes <= 64) return body(RowShape<WarpTeam<16>, 4, false>{});
  // A warp a row: sums without a barrier.
  if (classes <= 128) return body(RowShape<WarpTeam<32>, 4, false>{});
  if (classes <= 256) return body(RowShape<WarpTeam<32>, 8, true>{});
  if (classes <= 512) return body(RowShape<WarpTeam<32>, 16, true>{});
  if (classes <= 1024) return body(RowShape<WarpTeam<32>, 32, true>{});
  // A block a row: as small a block as holds the row, so that several run on a multiprocessor and one's sums
  // overlap with another's loads.
  if (classes <= 4096) return body(RowShape<BlockTeam<128>, 32, true>{});
  // A block, or a cluster of up to 16: 131,072 classes. Longer rows are read once more for every sweep. Blocks of
  // 512 threads have 128 registers a thread, which 32 columns and what is under way do not fit in.
  return body(RowShape<BlockTeam<256>, 32, true>{});
}

// The same for kernels that are asked for less often, or keep more numbers a column: fewer and smaller shapes, so
// that the library stays small and is built in minutes.
template <typename Body>
retort_status with_general_row_shape(int64_t classes, Body body) {
  if (classes <= 32) return body(RowShape<WarpTeam<8>, 4, false>{});
  if (classes <= 256) return body(RowShape<WarpTeam<32>, 8, true>{});
  return body(RowShape<BlockTeam<256>, 8, true>{});
}

// body(an element of the type).
template <typename Body>
retort_status with_element(retort_dtype dtype, Body body) {
  switch (dtype) {
    case RETORT_F16:
      return body(Float16{});
    case RETORT_BF16:
      return body(BFloat16{});
    default:
      return body(float{});
  }
}

}  // namespace retort::cuda
