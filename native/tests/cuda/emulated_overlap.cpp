// What linear distillation is lent to use a second stream, over one of the emulation's. The emulated library exports it,
// as `retort_cuda_emulated_overlap`, for those who know no streams of the emulation's; one call at a time may use it.
#include "emulated_gemm_ex.h"
#include "retort/cuda_linear_distillation.h"
#include "streams.h"

namespace {

struct SecondStream {
  retort::emulation::Streams streams;
  retort::emulation::Stream* stream = streams.create();
  retort::emulation::Event products, matrices;
  int handle = 0;
  retort_cublas cublas{&handle, retort_cuda_emulated_gemm_ex, 0};

  SecondStream() { retort_cuda_emulated_set_stream(&handle, stream); }
};

SecondStream second;

}  // namespace

extern "C" RETORT_API const retort_cuda_overlap retort_cuda_emulated_overlap{
    second.stream, &second.cublas, &second.products, &second.matrices};
