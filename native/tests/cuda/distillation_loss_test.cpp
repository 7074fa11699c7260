// What is CUDA's own of the distillation loss, over the emulation: the shapes of its kernels, labels that nobody can
// look at beforehand, members that do not fit the parameters, the workspace. What it means, the conformance suite
// checks.
#include <cstdlib>
#include <memory>

#include "distillation_case.h"
#include "retort/cuda.h"

namespace retort::testing {
namespace {

struct Lent {
  std::unique_ptr<void, decltype(&std::free)> memory;

  explicit Lent(size_t bytes)
      : memory(std::aligned_alloc(16, (bytes + 15) / 16 * 16), &std::free) {}
  void* get() const { return memory.get(); }
};

struct Result {
  GuardedMatrix gradient;
  std::vector<float> row_loss;
  retort_distillation_totals totals{};
  retort_status status = RETORT_OK;
};

Result run(Case& c, int64_t gradient_padding = 0) {
  const int64_t rows = c.student.rows, classes = c.student.classes;
  const std::vector<const void*> pointers = c.teacher_pointers();
  const auto teachers = static_cast<int64_t>(pointers.size());
  const Lent workspace(retort_cuda_workspace(rows, teachers));
  Result result{GuardedMatrix(rows, classes, classes + gradient_padding),
                std::vector<float>(static_cast<size_t>(rows))};
  result.status = retort_cuda_distillation_loss(
      &c.options, rows, classes, c.student.data(), c.student.stride, pointers.data(), teachers,
      c.teacher_stride(), c.teacher_weight_data(), c.label_data(), c.row_weight_data(),
      result.gradient.data(), result.gradient.stride, result.row_loss.data(), &result.totals,
      workspace.get(), nullptr);
  return result;
}

void expect_matches_reference(Case& c) {
  Result result = run(c, 1);
  ASSERT_EQ(result.status, RETORT_OK) << retort_cuda_last_error();
  for (int64_t i = 0; i < c.student.rows; ++i) {
    const reference::DistillationLoss expected = c.expected(i);
    const double error = c.gradient_error(i), scale = c.weight(i) / c.denominator();
    expect_close(result.row_loss[static_cast<size_t>(i)], c.weight(i) * expected.total,
                 c.loss_error(i), "row loss");
    for (int64_t j = 0; j < c.student.classes; ++j) {
      expect_close(result.gradient.at(i, j), scale * expected.gradient[static_cast<size_t>(j)],
                   error, "gradient");
    }
  }
  EXPECT_TRUE(result.gradient.guards_hold());
}

TEST(CudaDistillationLoss, MatchesTheReferenceOnBothSidesOfEveryLimitOfItsShapes) {
  std::mt19937_64 random(1);
  for (const int64_t classes :
       {16,  17,   32,   33,   64,   65,   128,  129,  256,  257,   512,
        513, 1024, 1025, 2048, 2049, 4096, 4097, 8192, 8193, 16384, 16385}) {
    for (const retort_mean mean : kMeans) {
      for (const retort_divergence divergence : {RETORT_FORWARD_KL, RETORT_DECOUPLED}) {
        SCOPED_TRACE(::testing::Message() << classes << ' ' << mean << ' ' << divergence);
        Case c(2, classes, 2, random, 3, 1);
        c.options.mean = mean;
        c.options.divergence = divergence;
        c.options.temperature = 2;
        expect_matches_reference(c);
      }
    }
  }
}

TEST(CudaDistillationLoss, MatchesTheReferenceOnRowsOfSeveralBlocksAndOfSeveralTiles) {
  std::mt19937_64 random(2);
  for (const int64_t classes : {32769, 50257, 131072, 131073}) {
    for (const retort_mean mean : kMeans) {
      for (const bool standardized : {false, true}) {
        SCOPED_TRACE(::testing::Message() << classes << ' ' << mean << ' ' << standardized);
        Case c(1, classes, 2, random, 3, 1);
        c.options.mean = mean;
        c.options.standardize_logits = standardized;
        expect_matches_reference(c);
      }
    }
  }
}

TEST(CudaDistillationLoss, TakesMoreMembersThanTravelWithTheKernel) {
  std::mt19937_64 random(3);
  for (const int64_t teachers : {16, 17, 96, 97, 200}) {
    for (const retort_mean mean : kMeans) {
      SCOPED_TRACE(::testing::Message() << teachers << ' ' << mean);
      Case c(3, 33, teachers, random);
      c.options.mean = mean;
      expect_matches_reference(c);
    }
  }
}

TEST(CudaDistillationLoss, ALabelOutOfRangeOrABadWeightMakesItsOwnRowNaNAndTheTotals) {
  std::mt19937_64 random(4);
  for (const int bad : {0, 1, 2, 3}) {
    Case c(5, 10, 2, random);
    c.options.reduction = RETORT_REDUCTION_SUM;
    const Result sound = run(c);
    if (bad == 0) c.labels[2] = 10;
    if (bad == 1) c.labels[2] = -1;
    if (bad == 2) c.row_weights[2] = -0.5f;
    if (bad == 3) c.row_weights[2] = kInfinity;
    const Result result = run(c);
    ASSERT_EQ(result.status, RETORT_OK) << retort_cuda_last_error();
    EXPECT_TRUE(std::isnan(result.totals.total));
    for (int64_t i = 0; i < 5; ++i) {
      for (int64_t j = 0; j < 10; ++j) {
        const float g = result.gradient.at(i, j);
        if (i == 2) {
          EXPECT_TRUE(std::isnan(g));
        } else {
          EXPECT_EQ(g, sound.gradient.at(i, j));
        }
      }
    }
  }
}

TEST(CudaDistillationLoss, ARowHasTheSameBitsAloneAndAmongOthersWhereverItLies) {
  std::mt19937_64 random(5);
  for (const int64_t classes : {10, 100, 1000, 5000}) {
    Case many(7, classes, 3, random, 3, 1);
    many.options.reduction = RETORT_REDUCTION_SUM;
    const Result all = run(many);
    Case one(1, classes, 3, random, 3, 0);
    one.options.reduction = RETORT_REDUCTION_SUM;
    one.teacher_weights = many.teacher_weights;
    one.labels[0] = many.labels[5];
    one.row_weights[0] = many.row_weights[5];
    for (int64_t j = 0; j < classes; ++j) {
      one.student.at(0, j) = many.student.at(5, j);
      for (size_t k = 0; k < 3; ++k) one.teachers[k].at(0, j) = many.teachers[k].at(5, j);
    }
    const Result alone = run(one);
    EXPECT_EQ(alone.row_loss[0], all.row_loss[5]);
    for (int64_t j = 0; j < classes; ++j)
      ASSERT_EQ(alone.gradient.at(0, j), all.gradient.at(5, j)) << classes << ' ' << j;
  }
}

TEST(CudaDistillationLoss, AWorkspaceThatIsMissingOrMisalignedIsAnError) {
  std::mt19937_64 random(6);
  Case c(2, 10, 2, random);
  const std::vector<const void*> pointers = c.teacher_pointers();
  const Lent workspace(retort_cuda_workspace(2, 2) + 16);
  for (void* const bad :
       {static_cast<void*>(nullptr), static_cast<void*>(static_cast<char*>(workspace.get()) + 4)}) {
    EXPECT_EQ(retort_cuda_distillation_loss(&c.options, 2, 10, c.student.data(), c.student.stride,
                                            pointers.data(), 2, c.teacher_stride(), nullptr,
                                            c.label_data(), nullptr, nullptr, 0, nullptr, nullptr,
                                            bad, nullptr),
              RETORT_INVALID_ARGUMENT);
    EXPECT_NE(std::string(retort_cuda_last_error()).find("workspace"), std::string::npos);
  }
}

TEST(CudaDistillationLoss, MoreClassesThanAThreadCountsAreUnsupported) {
  retort_distillation_loss_options options = retort_distillation_loss_options_default();
  const int64_t classes = (int64_t{1} << 30) + 1;
  float logit = 0;
  const void* teacher = &logit;
  const Lent workspace(retort_cuda_workspace(0, 1));
  EXPECT_EQ(retort_cuda_distillation_loss(&options, 0, classes, &logit, classes, &teacher, 1,
                                          classes, nullptr, nullptr, nullptr, nullptr, 0, nullptr,
                                          nullptr, workspace.get(), nullptr),
            RETORT_UNSUPPORTED);
}

}  // namespace
}  // namespace retort::testing
