#include <cuda_runtime.h>

#include <stdexcept>
#include <string>

#include "device_streams.h"
#include "gpu_cublas.h"

namespace retort::testing {
namespace {

void check(cudaError_t error, const char* what) {
  if (error != cudaSuccess)
    throw std::runtime_error(std::string(what) + ": " + cudaGetErrorString(error));
}

cudaStream_t make_stream() {
  cudaStream_t stream = nullptr;
  check(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking), "creating a stream");
  return stream;
}

cudaEvent_t make_event() {
  cudaEvent_t event = nullptr;
  check(cudaEventCreateWithFlags(&event, cudaEventDisableTiming), "creating an event");
  return event;
}

}  // namespace

struct DeviceStreams::Parts {
  cudaStream_t first = make_stream();
  cudaStream_t second = make_stream();
  cudaEvent_t products = make_event();
  cudaEvent_t matrices = make_event();
  retort_cublas cublas = conformance::new_cublas(first);
  retort_cublas second_cublas = conformance::new_cublas(second);
  retort_cuda_overlap overlap{second, &second_cublas, products, matrices};
};

DeviceStreams::DeviceStreams() : parts_(new Parts) {}

DeviceStreams::~DeviceStreams() {
  conformance::free_cublas(parts_->cublas);
  conformance::free_cublas(parts_->second_cublas);
  cudaEventDestroy(parts_->products);
  cudaEventDestroy(parts_->matrices);
  cudaStreamDestroy(parts_->first);
  cudaStreamDestroy(parts_->second);
}

void* DeviceStreams::stream() const { return parts_->first; }
const retort_cublas* DeviceStreams::cublas() const { return &parts_->cublas; }
const retort_cuda_overlap* DeviceStreams::overlap() const { return &parts_->overlap; }

void DeviceStreams::copy(void* to, const void* from, size_t bytes) {
  check(cudaMemcpyAsync(to, from, bytes, cudaMemcpyDefault, parts_->first), "copying");
}

void DeviceStreams::synchronize() {
  check(cudaStreamSynchronize(parts_->first), "waiting for a stream");
}

bool DeviceStreams::second_is_busy() const {
  return cudaStreamQuery(parts_->second) == cudaErrorNotReady;
}

}  // namespace retort::testing
