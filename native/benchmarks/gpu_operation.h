// The operations of a GPU that are timed, each ready to be called on operands of its own.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "retort/retort.h"

namespace retort::benchmark {

struct Shape {
  retort_dtype dtype;
  int64_t classes;
  int64_t teachers;
};

struct Operation {
  std::string kernel;
  std::string provider;
  int64_t rows;
  int64_t model_bytes;  // every operand once
  std::function<void()> call;
};

// Of one name, for one shape: means of logits and of probabilities, say.
struct OperationKind {
  const char* name;
  bool has_teachers;
  std::vector<Operation> (*make)(const Shape& shape, int64_t bytes);  // with operands of some bytes
};

const std::vector<OperationKind>& operation_kinds();

// Of gpu_linear_distillation.cu.
std::vector<Operation> make_linear_distillation(const Shape& shape, int64_t bytes);

// Numbers of some spread in every element, the same in every run.
void fill(retort_dtype dtype, void* elements, int64_t bytes);
void fill_labels(int32_t* labels, int64_t rows, int64_t classes);

// Throws what the library says of a call that failed.
void check(retort_status status);

inline int64_t element_bytes(retort_dtype dtype) { return dtype == RETORT_F32 ? 4 : 2; }

retort_distillation_loss_options loss_options(retort_dtype dtype, retort_mean mean, int64_t rows);

}  // namespace retort::benchmark
