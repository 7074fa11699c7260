// Rows so far apart that the third begins beyond 2^31 elements: an index of 32 bits would meet another row.
// The memory is reserved, and only what the rows touch is there.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <vector>

#include "distillation.h"
#include "implementation.h"

namespace retort::conformance {
namespace {

constexpr int64_t kRows = 3, kColumns = 1000, kStride = (int64_t{1} << 30) + 12345;
constexpr size_t kBytes = ((kRows - 1) * kStride + kColumns) * sizeof(float);

// A matrix of rows far apart, and the same close together.
struct FarApart {
  FarApart() : memory(static_cast<float*>(implementation().reserve(kBytes))) {}
  ~FarApart() {
    if (memory != nullptr) implementation().release_reserved(memory, kBytes);
  }
  FarApart(const FarApart&) = delete;
  FarApart& operator=(const FarApart&) = delete;

  void fill(Random& random) {
    std::normal_distribution<float> normal(0, 3);
    for (float& x : close) x = normal(random);
    for (int64_t i = 0; i < kRows; ++i)
      implementation().write(memory + i * kStride, &close[static_cast<size_t>(i * kColumns)],
                             kColumns * sizeof(float));
  }
  std::vector<float> read() const {
    std::vector<float> values(kRows * kColumns);
    for (int64_t i = 0; i < kRows; ++i)
      implementation().read(&values[static_cast<size_t>(i * kColumns)], memory + i * kStride,
                            kColumns * sizeof(float));
    return values;
  }

  float* memory;
  std::vector<float> close = std::vector<float>(kRows * kColumns);
};

// The same call on rows close together.
class HugeStride : public ::testing::Test {
 protected:
  void SetUp() override {
    if (student.memory == nullptr || teacher.memory == nullptr || output.memory == nullptr)
      GTEST_SKIP() << "no memory to reserve";
    student.fill(random);
    teacher.fill(random);
    for (Matrix* matrix : {&near_student, &near_teacher, &near_output})
      *matrix = memory.matrix(RETORT_F32, kRows, kColumns, kColumns);
    for (int64_t i = 0; i < kRows; ++i) {
      for (int64_t j = 0; j < kColumns; ++j) {
        const auto place = static_cast<size_t>(i * kColumns + j);
        near_student.set(i, j, student.close[place]);
        near_teacher.set(i, j, teacher.close[place]);
      }
    }
    memory.send();
  }

  void expect_same() {
    memory.receive();
    const std::vector<float> far = output.read();
    for (int64_t i = 0; i < kRows; ++i)
      EXPECT_EQ(std::memcmp(&far[static_cast<size_t>(i * kColumns)], near_output.bits(i).data(),
                            kColumns * sizeof(float)),
                0)
          << "row " << i;
  }

  Random random{5};
  FarApart student, teacher, output;
  Memory memory;
  Matrix near_student, near_teacher, near_output;
};

TEST_F(HugeStride, Softmax) {
  const auto run = [](const void* logits, int64_t stride, void* result) {
    ASSERT_EQ(implementation().softmax(RETORT_F32, kRows, kColumns, logits, stride, 2, result,
                                       stride, nullptr),
              RETORT_OK);
  };
  run(student.memory, kStride, output.memory);
  run(near_student.data(), kColumns, near_output.data());
  expect_same();
}

TEST_F(HugeStride, SoftmaxBackward) {
  const auto run = [](const void* p, const void* gradient, int64_t stride, void* result) {
    ASSERT_EQ(implementation().softmax_backward(RETORT_F32, kRows, kColumns, p, stride, gradient,
                                                stride, 2, result, stride, nullptr),
              RETORT_OK);
  };
  run(student.memory, teacher.memory, kStride, output.memory);
  run(near_student.data(), near_teacher.data(), kColumns, near_output.data());
  expect_same();
}

TEST_F(HugeStride, EnsembleMean) {
  const auto run = [](const void* a, const void* b, int64_t stride, void* result) {
    retort_ensemble_mean_options options = retort_ensemble_mean_options_default();
    options.mean = RETORT_MEAN_OF_PROBABILITIES;
    const void* members[] = {a, b};
    ASSERT_EQ(implementation().ensemble_mean(&options, kRows, kColumns, members, 2, stride, result,
                                             stride, nullptr),
              RETORT_OK);
  };
  run(student.memory, teacher.memory, kStride, output.memory);
  run(near_student.data(), near_teacher.data(), kColumns, near_output.data());
  expect_same();
}

retort_distillation_loss_options soft_options() {
  retort_distillation_loss_options options = retort_distillation_loss_options_default();
  options.alpha = 1;
  options.temperature = 2;
  return options;
}

TEST_F(HugeStride, DistillationLoss) {
  const auto run = [](const void* z, const void* t, int64_t stride, void* result) {
    const retort_distillation_loss_options options = soft_options();
    ASSERT_EQ(implementation().distillation_loss(&options, kRows, kColumns, z, stride, &t, 1,
                                                 stride, nullptr, nullptr, nullptr, result, stride,
                                                 nullptr, nullptr, nullptr),
              RETORT_OK);
  };
  run(student.memory, teacher.memory, kStride, output.memory);
  run(near_student.data(), near_teacher.data(), kColumns, near_output.data());
  expect_same();
}

TEST_F(HugeStride, DistillationTangent) {
  // The student stands for the tangent too.
  const auto run = [](const void* z, const void* t, int64_t stride, void* result) {
    const retort_distillation_loss_options options = soft_options();
    ASSERT_EQ(implementation().distillation_tangent(&options, kRows, kColumns, z, stride, &t, 1,
                                                    stride, nullptr, nullptr, nullptr, z, stride,
                                                    &result, stride, nullptr),
              RETORT_OK);
  };
  run(student.memory, teacher.memory, kStride, output.memory);
  run(near_student.data(), near_teacher.data(), kColumns, near_output.data());
  expect_same();
}

}  // namespace
}  // namespace retort::conformance
