// Times of a GPU: by events, each repetition with a cold second-level cache.
#pragma once

#include <cuda_runtime.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace retort::benchmark {

inline void check(cudaError_t error, const char* what) {
  if (error != cudaSuccess)
    throw std::runtime_error(std::string(what) + ": " + cudaGetErrorString(error));
}

class DeviceMemory {
 public:
  explicit DeviceMemory(size_t bytes) { check(cudaMalloc(&data_, bytes), "allocating on the GPU"); }
  ~DeviceMemory() { cudaFree(data_); }
  DeviceMemory(const DeviceMemory&) = delete;
  DeviceMemory& operator=(const DeviceMemory&) = delete;

  char* bytes() const { return static_cast<char*>(data_); }

 private:
  void* data_ = nullptr;
};

// On the default stream.
class Timer {
 public:
  Timer() {
    int device = 0, cache = 0;
    check(cudaGetDevice(&device), "looking for a GPU");
    check(cudaDeviceGetAttribute(&cache, cudaDevAttrL2CacheSize, device), "asking for the cache");
    flushed_ = 2 * static_cast<size_t>(cache);
    flush_ = std::make_unique<DeviceMemory>(flushed_);
    check(cudaEventCreate(&start_), "creating an event");
    check(cudaEventCreate(&end_), "creating an event");
  }
  ~Timer() {
    cudaEventDestroy(start_);
    cudaEventDestroy(end_);
  }
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

  double nanoseconds(const std::function<void()>& body) const {
    check(cudaMemsetAsync(flush_->bytes(), 0, flushed_), "cooling the cache");
    check(cudaEventRecord(start_), "timing");
    body();
    check(cudaEventRecord(end_), "timing");
    check(cudaEventSynchronize(end_), "running");
    float milliseconds = 0;
    check(cudaEventElapsedTime(&milliseconds, start_, end_), "timing");
    return static_cast<double>(milliseconds) * 1e6;
  }

 private:
  size_t flushed_ = 0;
  std::unique_ptr<DeviceMemory> flush_;
  cudaEvent_t start_{}, end_{};
};

struct Times {
  std::vector<double> values;

  double at(double share) {
    std::sort(values.begin(), values.end());
    return values[static_cast<size_t>(std::lround(share * static_cast<double>(values.size() - 1)))];
  }
};

}  // namespace retort::benchmark
