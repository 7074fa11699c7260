// retort_cuda_top_k: checks and launches.
#include "top_k.cuh"

#include "arguments.h"
#include "launch.cuh"
#include "retort/cuda.h"
#include "top_k_arguments.h"

retort_status retort_cuda_top_k(retort_dtype dtype, int64_t rows, int64_t classes,
                                const void* logits, int64_t logits_stride, int64_t k,
                                retort_form form, float temperature, int32_t* indices,
                                int64_t indices_stride, float* values, int64_t values_stride,
                                void* stream) {
  using namespace retort;
  using namespace retort::cuda;
  // An index is as wide as an f32.
  RETORT_CHECK(check_top_k({"logits", dtype, logits, rows, classes, logits_stride}, form,
                           temperature, {"indices", indices, rows, k, indices_stride},
                           {"values", values, rows, k, values_stride}));
  RETORT_CHECK(check_classes(classes));
  const TopKParameters a{rows,
                         static_cast<int>(classes),
                         static_cast<int>(k),
                         form,
                         temperature,
                         {logits, logits_stride},
                         indices,
                         indices_stride,
                         values,
                         values_stride};
  return with_element(dtype, [&](auto element) {
    using Row = TopKRow<decltype(element)>;
    return launch_blocks<typename Row::Team>(cuda::top_k<decltype(element)>, a,
                                             sizeof(typename Row::Shared), stream);
  });
}
