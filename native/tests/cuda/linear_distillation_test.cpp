// What is CUDA's own of linear distillation, over the emulation: half precision, chunks whose rows are padded, a cuBLAS
// that refuses. What it means, the conformance suite checks.
#include <cstring>
#include <memory>
#include <vector>

#include "device_cublas.h"
#include "narrow_format.h"
#include "network_testing.h"
#include "retort/cuda_linear_distillation.h"
#include "typed_matrix.h"

namespace retort::testing {
namespace {

using conformance::device_cublas;

constexpr int64_t kEverything = int64_t{1} << 40;

std::vector<float> memory_of(int64_t bytes) {
  return std::vector<float>(static_cast<size_t>(bytes) / sizeof(float) + 4);
}

void* aligned(std::vector<float>& memory) {
  const auto address = reinterpret_cast<uintptr_t>(memory.data());
  return reinterpret_cast<void*>((address + 15) / 16 * 16);
}

// The element nearest to x, rounded once.
float nearest(retort_dtype dtype, double x) {
  for (const Format& format : kFormats) {
    if (format.dtype == dtype) return decode(format, encode(format, x));
  }
  return static_cast<float>(x);
}

struct HalfLayer {
  TypedMatrix hidden;
  TypedMatrix weights;
  std::vector<float> bias;

  HalfLayer(retort_dtype dtype, int64_t rows, int64_t classes, int64_t size,
            std::mt19937_64& random)
      : hidden(dtype, rows, size, size + 3, 1), weights(dtype, classes, size, size + 2, 1) {
    hidden.fill_normal(random, 1);
    weights.fill_normal(random, 3 / std::sqrt(static_cast<float>(size)));
    std::normal_distribution<float> normal;
    for (int64_t j = 0; j < classes && random() % 2; ++j) bias.push_back(normal(random));
    bias.resize(bias.empty() ? 0 : static_cast<size_t>(classes));
  }

  retort_linear_layer argument() const {
    return {hidden.classes, hidden.data(),  hidden.stride,
            weights.data(), weights.stride, bias.empty() ? nullptr : bias.data()};
  }

  // Rounded as a product leaves them, which adds to the rounded bias.
  TypedMatrix logits() const {
    TypedMatrix logits(hidden.dtype, hidden.rows, weights.rows, weights.rows);
    for (int64_t i = 0; i < hidden.rows; ++i) {
      for (int64_t j = 0; j < weights.rows; ++j) {
        if (!bias.empty()) logits.set(i, j, bias[static_cast<size_t>(j)]);
        const double start = bias.empty() ? 0 : static_cast<double>(logits.at(i, j));
        const double sum = inner_product(hidden.row(i), weights.row(j));
        logits.set(i, j, nearest(logits.dtype, sum + start));
      }
    }
    return logits;
  }
};

struct Outputs {
  TypedMatrix hidden;
  Floats weights;
  Floats bias;
  Floats row_loss;
  retort_distillation_totals totals{};

  Outputs(const HalfLayer& student)
      : hidden(student.hidden.dtype, student.hidden.rows, student.hidden.classes,
               student.hidden.classes + 1, 1),
        weights(student.weights.rows * student.weights.classes),
        bias(student.weights.rows),
        row_loss(student.hidden.rows) {}
};

struct HalfCase {
  retort_distillation_loss_options options = retort_distillation_loss_options_default();
  HalfLayer student;
  std::vector<HalfLayer> teachers;
  std::vector<int32_t> labels;
  int64_t budget = kEverything;

  HalfCase(retort_dtype dtype, int64_t rows, int64_t classes, int64_t count,
           std::mt19937_64& random)
      : student(dtype, rows, classes, 13, random) {
    options.dtype = dtype;
    options.temperature = 2;
    options.alpha = 0.7f;
    for (int64_t k = 0; k < count; ++k) teachers.emplace_back(dtype, rows, classes, 6 + k, random);
    for (int64_t i = 0; i < rows; ++i)
      labels.push_back(static_cast<int32_t>(random() % static_cast<uint64_t>(classes)));
  }

  int64_t rows() const { return student.hidden.rows; }
  int64_t classes() const { return student.weights.rows; }
  int64_t count() const { return static_cast<int64_t>(teachers.size()); }

  retort_status run(Outputs* out, const retort_cublas* cublas = device_cublas()) {
    const retort_linear_layer layer = student.argument();
    std::vector<retort_linear_layer> layers;
    for (const HalfLayer& teacher : teachers) layers.push_back(teacher.argument());
    const retort_linear_gradient gradient{out->hidden.data(), out->hidden.stride,
                                          out->weights.data(), layer.hidden_size, out->bias.data()};
    std::vector<float> workspace = memory_of(retort_cuda_linear_distillation_workspace(
        &options, rows(), classes(), layer.hidden_size, count(), budget));
    return retort_cuda_linear_distillation(&options, rows(), classes(), &layer, layers.data(),
                                           count(), nullptr, labels.data(), nullptr, &gradient,
                                           out->row_loss.data(), &out->totals, budget,
                                           aligned(workspace), cublas, nullptr);
  }

  // The loss of whole logits, and what the products make of its gradient.
  Outputs by_steps() {
    Outputs out(student);
    TypedMatrix logits = student.logits();
    std::vector<TypedMatrix> seen;
    std::vector<const void*> pointers;
    for (const HalfLayer& teacher : teachers) seen.push_back(teacher.logits());
    for (const TypedMatrix& matrix : seen) pointers.push_back(matrix.data());
    std::vector<float> workspace =
        memory_of(static_cast<int64_t>(retort_cuda_workspace(rows(), count())));
    EXPECT_EQ(retort_cuda_distillation_loss(
                  &options, rows(), classes(), logits.data(), logits.stride, pointers.data(),
                  count(), classes(), nullptr, labels.data(), nullptr, logits.data(), logits.stride,
                  out.row_loss.data(), &out.totals, aligned(workspace), nullptr),
              RETORT_OK)
        << retort_cuda_last_error();
    for (int64_t i = 0; i < rows(); ++i) {
      for (int64_t h = 0; h < student.hidden.classes; ++h) {
        double sum = 0;
        for (int64_t j = 0; j < classes(); ++j)
          sum +=
              static_cast<double>(logits.at(i, j)) * static_cast<double>(student.weights.at(j, h));
        out.hidden.set(i, h, nearest(options.dtype, sum));
      }
    }
    for (int64_t j = 0; j < classes(); ++j) {
      double bias = 0;
      for (int64_t i = 0; i < rows(); ++i) bias += static_cast<double>(logits.at(i, j));
      out.bias[j] = static_cast<float>(bias);
      for (int64_t h = 0; h < student.hidden.classes; ++h) {
        double sum = 0;
        for (int64_t i = 0; i < rows(); ++i) {
          if (labels[static_cast<size_t>(i)] != options.ignore_index)
            sum +=
                static_cast<double>(logits.at(i, j)) * static_cast<double>(student.hidden.at(i, h));
        }
        out.weights[j * student.hidden.classes + h] = static_cast<float>(sum);
      }
    }
    return out;
  }
};

void expect_same(const Outputs& actual, const Outputs& expected) {
  EXPECT_TRUE(actual.row_loss.same_bits(expected.row_loss));
  for (int64_t i = 0; i < expected.hidden.rows; ++i)
    EXPECT_EQ(actual.hidden.row(i), expected.hidden.row(i));
  EXPECT_EQ(actual.totals.total, expected.totals.total);
  EXPECT_TRUE(actual.row_loss.guards_hold());
}

// Sums over rows are added chunk by chunk in f32, and by warp: a rounding an addition.
void expect_close_sums(const Outputs& actual, const Outputs& expected, double largest,
                       int64_t rows) {
  const double bound = kEpsilon * static_cast<double>(rows) * largest;
  for (int64_t i = 0; i < static_cast<int64_t>(expected.weights.values().size()); ++i)
    expect_close(actual.weights[i], static_cast<double>(expected.weights[i]), bound, "weights");
  for (int64_t j = 0; j < static_cast<int64_t>(expected.bias.values().size()); ++j)
    expect_close(actual.bias[j], static_cast<double>(expected.bias[j]), bound, "bias");
  EXPECT_TRUE(actual.weights.guards_hold());
  EXPECT_TRUE(actual.bias.guards_hold());
}

TEST(CudaLinearDistillation, InEveryTypeAndAnyChunksItIsTheLossOfWholeLogitsBetweenProducts) {
  std::mt19937_64 random(1);
  for (const retort_dtype dtype : kDtypes) {
    for (const int64_t classes : {1, 5, 8, 33, 130}) {
      for (const int64_t chunk : {1, 16, 1000}) {
        for (const bool standardizes : {false, true}) {
          SCOPED_TRACE(::testing::Message()
                       << dtype << ' ' << classes << ' ' << chunk << ' ' << standardizes);
          // Of standardised logits several teachers stand apart; a sum or a mixture would be rounded on its way.
          HalfCase c(dtype, 37, classes, standardizes ? 3 : 1, random);
          c.options.standardize_logits = standardizes ? 1 : 0;
          const int64_t padded = (classes * 4 + 15) / 16 * 16;
          c.budget = padded * (1 + c.count()) * chunk;
          c.labels[3] = static_cast<int32_t>(c.options.ignore_index);
          Outputs actual(c.student);
          ASSERT_EQ(c.run(&actual), RETORT_OK) << retort_cuda_last_error();
          const Outputs expected = c.by_steps();
          expect_same(actual, expected);
          // A row's gradient is at most 2 T / rows, and hidden states here are below 5.
          expect_close_sums(actual, expected, 37 * 5 * 4.0 / 36, 37);
        }
      }
    }
  }
}

TEST(CudaLinearDistillation, AMeanOfManyTeachersIsThatOfTheirLogits) {
  std::mt19937_64 random(2);
  for (const retort_mean mean : {RETORT_MEAN_OF_LOGITS, RETORT_MEAN_OF_PROBABILITIES}) {
    HalfCase c(RETORT_F32, 9, 21, 5, random);
    c.options.mean = mean;
    c.budget = 24 * 4 * 3 * 4;
    Outputs actual(c.student);
    ASSERT_EQ(c.run(&actual), RETORT_OK) << retort_cuda_last_error();
    const Outputs expected = c.by_steps();
    // Logits of up to some 15, rounded once a teacher.
    for (int64_t i = 0; i < 9; ++i)
      expect_close(actual.row_loss[i], static_cast<double>(expected.row_loss[i]),
                   4 * 5 * 15 * kEpsilon, "row loss");
  }
}

TEST(CudaLinearDistillation, ARowThatDoesNotCountAddsNothingWhateverItHolds) {
  std::mt19937_64 random(3);
  for (const retort_dtype dtype : kDtypes) {
    HalfCase c(dtype, 20, 9, 1, random);
    for (const int64_t row : {0, 7, 19}) {
      c.labels[static_cast<size_t>(row)] = static_cast<int32_t>(c.options.ignore_index);
      float held = kNaN;
      if (row == 7) held = kInfinity;
      c.student.hidden.set(row, 2, held);
    }
    Outputs actual(c.student);
    ASSERT_EQ(c.run(&actual), RETORT_OK) << retort_cuda_last_error();
    for (const double x : actual.weights.values()) EXPECT_TRUE(std::isfinite(x));
    for (const int64_t row : {0, 7, 19}) {
      for (int64_t h = 0; h < 13; ++h) EXPECT_EQ(actual.hidden.at(row, h), 0);
    }
  }
}

TEST(CudaLinearDistillation, OfNoRowsTheGradientsAreZero) {
  std::mt19937_64 random(4);
  HalfCase c(RETORT_F32, 0, 40, 1, random);
  Outputs out(c.student);
  for (int64_t i = 0; i < 40 * 13; ++i) out.weights[i] = kNaN;
  for (int64_t j = 0; j < 40; ++j) out.bias[j] = kNaN;
  ASSERT_EQ(c.run(&out), RETORT_OK) << retort_cuda_last_error();
  for (const double x : out.weights.values()) EXPECT_EQ(x, 0);
  for (const double x : out.bias.values()) EXPECT_EQ(x, 0);
  EXPECT_EQ(out.totals.total, 0);
  EXPECT_TRUE(out.weights.guards_hold());
}

TEST(CudaLinearDistillation, ACublasThatRefusesIsToldWithTheProduct) {
  std::mt19937_64 random(5);
  HalfCase c(RETORT_BF16, 4, 10, 1, random);
  Outputs out(c.student);
  int handle = 0;
  const auto refuse = [](void*, int, int, int, int, int, const void*, const void*, int, int,
                         const void*, int, int, const void*, void*, int, int, int,
                         int) { return 14; };
  const retort_cublas refusing{&handle, refuse, 0};
  EXPECT_EQ(c.run(&out, &refusing), RETORT_DEVICE_ERROR);
  EXPECT_NE(std::strstr(retort_cuda_last_error(), "product of [4, 13] and [13, 10]: status 14"),
            nullptr)
      << retort_cuda_last_error();
}

TEST(CudaLinearDistillation, ACublasThatIsNotThereIsRefused) {
  std::mt19937_64 random(6);
  HalfCase c(RETORT_F32, 4, 10, 1, random);
  Outputs out(c.student);
  const auto expect_named = [&](const retort_cublas* cublas, const char* name) {
    EXPECT_EQ(c.run(&out, cublas), RETORT_INVALID_ARGUMENT);
    EXPECT_NE(std::strstr(retort_cuda_last_error(), name), nullptr) << retort_cuda_last_error();
  };
  retort_cublas cublas = *device_cublas();
  expect_named(nullptr, "cublas must not be null");
  cublas.handle = nullptr;
  expect_named(&cublas, "cublas handle");
  cublas = *device_cublas();
  cublas.gemm_ex = nullptr;
  expect_named(&cublas, "cublas gemm_ex");
}

TEST(CudaLinearDistillation, AWorkspaceThatNoMemoryHoldsIsRefused) {
  retort_distillation_loss_options options = retort_distillation_loss_options_default();
  EXPECT_EQ(retort_cuda_linear_distillation_workspace(&options, INT64_MAX, 1000, 64, 1, 1 << 20),
            -1);
  EXPECT_EQ(
      retort_cuda_linear_distillation_workspace(&options, INT64_MAX, 1, INT32_MAX, 1, INT64_MAX),
      -1);
  EXPECT_EQ(retort_cuda_linear_distillation_workspace(&options, 10, 1000, 0, 1, 1 << 20), -1);
  EXPECT_EQ(retort_cuda_linear_distillation_workspace(&options, 10, 1000, 64, 1, 4000), -1);
  EXPECT_GT(retort_cuda_linear_distillation_workspace(&options, 10, 1000, 64, 1, 1 << 20), 0);
}

}  // namespace
}  // namespace retort::testing
