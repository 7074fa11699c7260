// Order between two streams of a caller's: an event notes how far one has come, and the other waits for that. The host
// waits for neither, and both calls may be captured in a graph.
#pragma once

#include "launch.cuh"

namespace retort::cuda {

#if defined(__CUDACC__)

inline retort_status record(void* event, void* stream) {
  return device_status("recording an event", cudaEventRecord(static_cast<cudaEvent_t>(event),
                                                             static_cast<cudaStream_t>(stream)));
}

inline retort_status wait_for(void* event, void* stream) {
  return device_status(
      "waiting for an event",
      cudaStreamWaitEvent(static_cast<cudaStream_t>(stream), static_cast<cudaEvent_t>(event), 0));
}

#else

inline retort_status record(void* event, void* stream) {
  emulation::record(event, stream);
  return RETORT_OK;
}

inline retort_status wait_for(void* event, void* stream) {
  emulation::wait_for(event, stream);
  return RETORT_OK;
}

#endif

}  // namespace retort::cuda
