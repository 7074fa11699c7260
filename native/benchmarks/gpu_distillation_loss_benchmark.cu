// The distillation loss on a GPU beside a copy of the bytes it must move: (K + 2) * classes * element size a row, K
// teachers and the student read, the gradient written. Prints CSV, one line a case:
//
//   gpu_distillation_loss_benchmark --device-name "H200" --commit "$(git rev-parse --short HEAD)"
//
// Every repetition is timed by events on one stream and begins with a cold second-level cache: twice its size is
// written first. Loss and copy take turns. A figure is the median of the repetitions, with the 20th and 80th
// percentile beside it; the share is the copy's median over the loss's.
#include <cuda_runtime.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "retort/cuda.h"

namespace retort::benchmark {
namespace {

struct Settings {
  std::vector<int64_t> classes{10, 100, 256, 1000, 8192, 32000, 128256, 262144};
  std::vector<int64_t> teachers{1, 4, 16};
  std::vector<std::string> means{"logits", "probabilities"};
  std::vector<std::string> dtypes{"f32", "bf16"};
  int64_t megabytes = 1024;
  int repeats = 101;
  std::string device_name;
  std::string commit = "unknown";
};

void check(cudaError_t error, const char* what) {
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

// Logits of some spread, the same in every run.
__global__ void fill(uint32_t* words, int64_t count, bool half) {
  const int64_t step = static_cast<int64_t>(gridDim.x) * blockDim.x;
  for (int64_t i = blockIdx.x * static_cast<int64_t>(blockDim.x) + threadIdx.x; i < count;
       i += step) {
    const auto mixed = static_cast<uint32_t>(i * 2654435761u);
    const float x = (static_cast<float>(mixed >> 8) * 0x1p-24f - 0.5f) * 8;
    const uint32_t bits = __float_as_uint(x);
    words[i] = half ? (bits >> 16) * 0x10001u : bits;
  }
}

__global__ void fill_labels(int32_t* labels, int64_t rows, int64_t classes) {
  const int64_t i = blockIdx.x * static_cast<int64_t>(blockDim.x) + threadIdx.x;
  if (i < rows) labels[i] = static_cast<int32_t>(i * 7 % classes);
}

class Timer {
 public:
  Timer() {
    int device = 0, cache = 0;
    check(cudaGetDevice(&device), "looking for a GPU");
    check(cudaDeviceGetAttribute(&cache, cudaDevAttrL2CacheSize, device), "asking for the cache");
    flushed_ = 2 * static_cast<size_t>(cache);
    flush_.reset(new DeviceMemory(flushed_));
    check(cudaEventCreate(&start_), "creating an event");
    check(cudaEventCreate(&end_), "creating an event");
  }
  ~Timer() {
    cudaEventDestroy(start_);
    cudaEventDestroy(end_);
  }
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

  double nanoseconds(const std::function<void()>& body) {
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

// The operands of one case.
class Case {
 public:
  Case(const Settings& settings, int64_t classes, int64_t teachers, const std::string& mean,
       const std::string& dtype)
      : classes_(classes),
        teachers_(teachers),
        element_(dtype == "f32" ? 4 : 2),
        rows_(std::max<int64_t>(1, (settings.megabytes << 20) / row_bytes())),
        arena_(static_cast<size_t>(model_bytes())),
        copy_(static_cast<size_t>(model_bytes() / 2)),
        labels_(static_cast<size_t>(rows_) * sizeof(int32_t)),
        workspace_(retort_cuda_workspace(rows_, teachers)) {
    options_ = {};
    options_.dtype = dtype == "f32" ? RETORT_F32 : dtype == "f16" ? RETORT_F16 : RETORT_BF16;
    options_.mean = mean == "logits" ? RETORT_MEAN_OF_LOGITS : RETORT_MEAN_OF_PROBABILITIES;
    options_.reduction = RETORT_REDUCTION_MEAN;
    options_.temperature = 4;
    options_.alpha = 0.9f;
    options_.scale_by_temperature_squared = 1;
    options_.ignore_index = -100;
    options_.denominator = static_cast<double>(rows_);
    fill<<<4096, 256>>>(reinterpret_cast<uint32_t*>(arena_.bytes()), model_bytes() / 4,
                        dtype != "f32");
    fill_labels<<<static_cast<unsigned>((rows_ + 255) / 256), 256>>>(
        reinterpret_cast<int32_t*>(labels_.bytes()), rows_, classes);
    check(cudaGetLastError(), "filling the operands");
    for (int64_t k = 0; k < teachers; ++k) pointers_.push_back(matrix(k + 1));
  }

  int64_t rows() const { return rows_; }
  int64_t model_bytes() const { return rows_ * row_bytes(); }

  void loss() {
    const retort_status status = retort_cuda_distillation_loss(
        &options_, rows_, classes_, matrix(0), classes_, pointers_.data(), teachers_, classes_,
        nullptr, labels_.bytes(), nullptr, matrix(teachers_ + 1), classes_, nullptr, nullptr,
        workspace_.bytes(), nullptr);
    if (status != RETORT_OK) throw std::runtime_error(retort_cuda_last_error());
  }

  void copy() {
    check(cudaMemcpyAsync(copy_.bytes(), arena_.bytes(), static_cast<size_t>(model_bytes() / 2),
                          cudaMemcpyDeviceToDevice),
          "copying");
  }

 private:
  int64_t row_bytes() const { return (teachers_ + 2) * classes_ * element_; }
  void* matrix(int64_t place) const { return arena_.bytes() + place * rows_ * classes_ * element_; }

  int64_t classes_;
  int64_t teachers_;
  int64_t element_;
  int64_t rows_;
  DeviceMemory arena_;
  DeviceMemory copy_;
  DeviceMemory labels_;
  DeviceMemory workspace_;
  std::vector<const void*> pointers_;
  retort_distillation_loss_options options_;
};

void measure(const Settings& settings, Timer& timer, int64_t classes, int64_t teachers,
             const std::string& mean, const std::string& dtype) {
  Case operands(settings, classes, teachers, mean, dtype);
  Times loss, copy;
  constexpr int kWarmUps = 10;
  for (int i = 0; i < kWarmUps + settings.repeats; ++i) {
    const double of_loss = timer.nanoseconds([&] { operands.loss(); });
    const double of_copy = timer.nanoseconds([&] { operands.copy(); });
    if (i < kWarmUps) continue;
    loss.values.push_back(of_loss);
    copy.values.push_back(of_copy);
  }
  const double median = loss.at(0.5);
  std::printf(
      "distillation-loss-of-%s,retort-cuda,%lld,%lld,%lld,%s,,%.0f,%.0f,%.0f,%lld,%.1f,%.4f,\"%s\","
      "%s\n",
      mean.c_str(), static_cast<long long>(operands.rows()), static_cast<long long>(classes),
      static_cast<long long>(teachers), dtype.c_str(), median, loss.at(0.2), loss.at(0.8),
      static_cast<long long>(operands.model_bytes()),
      static_cast<double>(operands.model_bytes()) / median, copy.at(0.5) / median,
      settings.device_name.c_str(), settings.commit.c_str());
  std::fflush(stdout);
}

std::string name_of_device() {
  cudaDeviceProp properties{};
  check(cudaGetDeviceProperties(&properties, 0), "looking for a GPU");
  return properties.name;
}

int run(int argc, char** argv) {
  Settings settings;
  CLI::App app{"The distillation loss on a GPU beside a copy of the same bytes, as CSV"};
  app.add_option("--classes", settings.classes, "Class counts")
      ->delimiter(',')
      ->capture_default_str();
  app.add_option("--teachers", settings.teachers, "Numbers of teachers")
      ->delimiter(',')
      ->capture_default_str();
  app.add_option("--mean", settings.means, "logits, probabilities")
      ->delimiter(',')
      ->capture_default_str();
  app.add_option("--dtype", settings.dtypes, "f32, f16, bf16")
      ->delimiter(',')
      ->capture_default_str();
  app.add_option("--megabytes", settings.megabytes, "The working set")->capture_default_str();
  app.add_option("--repeats", settings.repeats, "Repetitions a case")->capture_default_str();
  app.add_option("--device-name", settings.device_name,
                 "As the results name the GPU; the driver's name by default");
  app.add_option("--commit", settings.commit, "As the results name the code")
      ->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  if (settings.device_name.empty()) settings.device_name = name_of_device();
  Timer timer;
  std::printf(
      "kernel,provider,rows,classes,teachers,dtype,threads,median_ns,p20_ns,p80_ns,model_bytes,"
      "gigabytes_per_second,share_of_copy,machine,commit\n");
  for (const std::string& dtype : settings.dtypes) {
    for (const int64_t teachers : settings.teachers) {
      for (const int64_t classes : settings.classes) {
        for (const std::string& mean : settings.means)
          measure(settings, timer, classes, teachers, mean, dtype);
      }
    }
  }
  return 0;
}

}  // namespace
}  // namespace retort::benchmark

int main(int argc, char** argv) {
  try {
    return retort::benchmark::run(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
