// Two streams of the device with all that linear distillation is lent to use both: a GPU's, or the emulation's, which run
// beside each other as badly as they may.
#pragma once

#include <cstddef>
#include <memory>

#include "retort/cuda_linear_distillation.h"

namespace retort::testing {

class DeviceStreams {
 public:
  DeviceStreams();
  ~DeviceStreams();
  DeviceStreams(const DeviceStreams&) = delete;
  DeviceStreams& operator=(const DeviceStreams&) = delete;

  void* stream() const;
  const retort_cublas* cublas() const;
  const retort_cuda_overlap* overlap() const;

  // In its turn on the stream.
  void copy(void* to, const void* from, size_t bytes);
  // Until the stream has done what it was given; the second one does what that needs.
  void synchronize();
  bool second_is_busy() const;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace retort::testing
