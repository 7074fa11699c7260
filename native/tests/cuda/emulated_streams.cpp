#include <cstring>

#include "device_streams.h"
#include "emulated_gemm_ex.h"
#include "streams.h"

namespace retort::testing {

struct DeviceStreams::Parts {
  emulation::Streams streams;
  emulation::Stream* first = streams.create();
  emulation::Stream* second = streams.create();
  emulation::Event products, matrices;
  int handles[2] = {0, 0};
  retort_cublas cublas{&handles[0], retort_cuda_emulated_gemm_ex, 0};
  retort_cublas second_cublas{&handles[1], retort_cuda_emulated_gemm_ex, 0};
  retort_cuda_overlap overlap{second, &second_cublas, &products, &matrices};
};

DeviceStreams::DeviceStreams() : parts_(new Parts) {
  retort_cuda_emulated_set_stream(&parts_->handles[0], parts_->first);
  retort_cuda_emulated_set_stream(&parts_->handles[1], parts_->second);
}

DeviceStreams::~DeviceStreams() {
  for (int& handle : parts_->handles) retort_cuda_emulated_set_stream(&handle, nullptr);
}

void* DeviceStreams::stream() const { return parts_->first; }
const retort_cublas* DeviceStreams::cublas() const { return &parts_->cublas; }
const retort_cuda_overlap* DeviceStreams::overlap() const { return &parts_->overlap; }

void DeviceStreams::copy(void* to, const void* from, size_t bytes) {
  parts_->first->run([=] { std::memcpy(to, from, bytes); });
}

void DeviceStreams::synchronize() { parts_->streams.synchronize(parts_->first); }

bool DeviceStreams::second_is_busy() const { return parts_->second->is_busy(); }

}  // namespace retort::testing
