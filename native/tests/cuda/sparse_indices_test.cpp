// Sparse teachers' indices on a device cannot be refused before the call returns: what the kernel makes of wrong ones.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <memory>
#include <vector>

#include "retort/cuda.h"

namespace {

constexpr int64_t kRows = 3;
constexpr int64_t kClasses = 40;
constexpr int64_t kEntries = 2;

struct Outcome {
  std::vector<float> loss;
  std::vector<float> gradient;

  bool row_is_nan(int64_t row) const {
    for (int64_t j = 0; j < kClasses; ++j) {
      if (!std::isnan(gradient[static_cast<size_t>(row * kClasses + j)])) return false;
    }
    return std::isnan(loss[static_cast<size_t>(row)]);
  }
  bool row_has_nan(int64_t row) const {
    for (int64_t j = 0; j < kClasses; ++j) {
      if (std::isnan(gradient[static_cast<size_t>(row * kClasses + j)])) return true;
    }
    return std::isnan(loss[static_cast<size_t>(row)]);
  }
};

// Two teachers that list two classes of each row; `indices` are those of the first one's second row.
Outcome loss_with_indices(std::vector<int32_t> indices) {
  std::vector<int32_t> first = {0, 1, 2, 3, 4, 5}, second = first;
  std::copy(indices.begin(), indices.end(), first.begin() + kEntries);
  const std::vector<float> values(kRows * kEntries, std::log(0.25F));
  const std::vector<float> student(kRows * kClasses, 0.5F);
  const int32_t* const all_indices[] = {first.data(), second.data()};
  const float* const all_values[] = {values.data(), values.data()};
  retort_sparse_distillation_loss_options options =
      retort_sparse_distillation_loss_options_default();
  options.loss.alpha = 1;
  options.loss.reduction = RETORT_REDUCTION_SUM;
  Outcome outcome{std::vector<float>(kRows), std::vector<float>(kRows * kClasses)};
  const std::unique_ptr<void, decltype(&std::free)> workspace(
      std::aligned_alloc(16, (retort_cuda_workspace(kRows, 2) + 15) / 16 * 16), &std::free);
  EXPECT_EQ(retort_cuda_sparse_distillation_loss(
                &options, kRows, kClasses, student.data(), kClasses, all_indices, all_values, 2,
                kEntries, kEntries, nullptr, nullptr, nullptr, outcome.gradient.data(), kClasses,
                outcome.loss.data(), nullptr, workspace.get(), nullptr),
            RETORT_OK)
      << retort_cuda_last_error();
  return outcome;
}

void expect_second_row_alone_is_nan(const Outcome& outcome) {
  EXPECT_FALSE(outcome.row_has_nan(0));
  EXPECT_TRUE(outcome.row_is_nan(1));
  EXPECT_FALSE(outcome.row_has_nan(2));
}

TEST(SparseIndices, RightOnesMakeNoRowNan) {
  const Outcome outcome = loss_with_indices({7, -1});
  for (int64_t row = 0; row < kRows; ++row) EXPECT_FALSE(outcome.row_has_nan(row));
}

TEST(SparseIndices, AClassThatDoesNotExistMakesItsRowNan) {
  for (const int32_t index : {40, 41, -2, INT32_MAX, INT32_MIN})
    expect_second_row_alone_is_nan(loss_with_indices({2, index}));
}

TEST(SparseIndices, AClassTwiceInOneTeacherMakesItsRowNan) {
  expect_second_row_alone_is_nan(loss_with_indices({3, 3}));
}

// Marks are kept modulo a power of two, and rows of the conformance suite are shorter than that.
TEST(SparseIndices, ClassesPowersOfTwoApartFromAListedOneAreNotListed) {
  constexpr int64_t kManyClasses = 140000;
  constexpr int32_t kListed = 5;
  const int32_t index = kListed;
  const float value = std::log(0.5F);
  const int32_t* const indices[] = {&index};
  const float* const values[] = {&value};
  const std::vector<float> student(kManyClasses, 0.0F);
  std::vector<float> gradient(kManyClasses);
  retort_sparse_distillation_loss_options options =
      retort_sparse_distillation_loss_options_default();
  options.loss.alpha = 1;
  const std::unique_ptr<void, decltype(&std::free)> workspace(
      std::aligned_alloc(16, (retort_cuda_workspace(1, 1) + 15) / 16 * 16), &std::free);
  ASSERT_EQ(retort_cuda_sparse_distillation_loss(&options, 1, kManyClasses, student.data(),
                                                 kManyClasses, indices, values, 1, 1, 1, nullptr,
                                                 nullptr, nullptr, gradient.data(), kManyClasses,
                                                 nullptr, nullptr, workspace.get(), nullptr),
            RETORT_OK)
      << retort_cuda_last_error();
  EXPECT_LT(gradient[kListed], 0);
  for (int64_t apart = 1; kListed + apart < kManyClasses; apart *= 2)
    EXPECT_EQ(gradient[static_cast<size_t>(kListed + apart)], gradient[0]) << apart;
}

}  // namespace
