// retort_cuda_convert: checks and launches.
#include "convert.cuh"

#include "retort/cuda_network.h"

namespace retort::cuda {
namespace {

retort_status check_convert(retort_dtype from, retort_dtype to, int64_t size, const void* input,
                            const void* output) {
  RETORT_CHECK(check_enum("from", "retort_dtype", from, 3));
  RETORT_CHECK(check_enum("to", "retort_dtype", to, 3));
  RETORT_CHECK(check_at_least("size", size, 0));
  const MatrixArgument in{"input", from, input, size, 1, 1};
  const MatrixArgument out{"output", to, output, size, 1, 1};
  RETORT_CHECK(check_matrix(in));
  RETORT_CHECK(check_matrix(out));
  return size_of(from) == size_of(to) ? check_no_partial_overlap(out, in) : check_apart(out, in);
}

}  // namespace
}  // namespace retort::cuda

retort_status retort_cuda_convert(retort_dtype from, retort_dtype to, int64_t size,
                                  const void* input, void* output, void* stream) {
  using namespace retort::cuda;
  RETORT_CHECK(check_convert(from, to, size, input, output));
  if (size == 0) return RETORT_OK;
  const int64_t blocks = std::min((size - 1) / kConvertBlock + 1, kMostBlocks);
  return with_element(from, [&](auto in) {
    return with_element(to, [&](auto out) {
      return launch(convert<decltype(in), decltype(out)>, {blocks, kConvertThreads, 1, 0}, stream,
                    ConvertParameters{size, input, output});
    });
  });
}
