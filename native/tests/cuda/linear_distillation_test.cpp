// What is CUDA's own of linear distillation, over the emulation and on a GPU: half precision, chunks whose rows are padded,
// a second stream, a cuBLAS that refuses. What it means, the conformance suite checks.
//
// Hidden states and weights are small multiples of 1 / 4, so that in whatever order a product adds them up, its sums are
// exact in f32 and logits have the bits that rounding them once gives.
#include <cstring>
#include <memory>
#include <vector>

#include "device_cublas.h"
#include "device_streams.h"
#include "narrow_format.h"
#include "network_testing.h"
#include "reachable_memory.h"
#include "retort/cuda_linear_distillation.h"
#include "typed_matrix.h"

namespace retort::testing {
namespace {

using conformance::device_cublas;

constexpr int64_t kEverything = int64_t{1} << 40;

template <typename T>
using DeviceVector = std::vector<T, ReachableAllocator<T>>;

// The element nearest to x, rounded once.
float nearest(retort_dtype dtype, double x) {
  for (const Format& format : kFormats) {
    if (format.dtype == dtype) return decode(format, encode(format, x));
  }
  return static_cast<float>(x);
}

void fill_with_quarters(TypedMatrix& matrix, int largest, std::mt19937_64& random) {
  std::uniform_int_distribution<int> quarters(-4 * largest, 4 * largest);
  for (int64_t i = 0; i < matrix.rows; ++i) {
    for (int64_t j = 0; j < matrix.classes; ++j)
      matrix.set(i, j, static_cast<float>(quarters(random)) / 4);
  }
}

struct HalfLayer {
  TypedMatrix hidden;
  TypedMatrix weights;
  DeviceVector<float> bias;

  HalfLayer(retort_dtype dtype, int64_t rows, int64_t classes, int64_t size,
            std::mt19937_64& random)
      : hidden(dtype, rows, size, size + 3, 1), weights(dtype, classes, size, size + 2, 1) {
    fill_with_quarters(hidden, 1, random);
    fill_with_quarters(weights, 2, random);
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
  DeviceVector<retort_distillation_totals> totals{1};

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
  DeviceVector<int32_t> labels;
  int64_t budget = kEverything;
  DeviceVector<float> workspace;  // until the device has done with it

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

  // For the student's logits and those of `teacher_matrices` more.
  void set_chunk(int64_t chunk_rows, int64_t teacher_matrices) {
    const int64_t unit = options.dtype == RETORT_F32 ? 4 : 8;
    const int64_t row = (classes() + unit - 1) / unit * 16;
    budget = row * (1 + teacher_matrices) * chunk_rows;
  }

  void* lend_workspace(int64_t bytes) {
    workspace.assign(static_cast<size_t>(bytes) / sizeof(float) + 4, kNaN);
    const auto address = reinterpret_cast<uintptr_t>(workspace.data());
    return reinterpret_cast<void*>((address + 15) / 16 * 16);
  }

  // Does not wait for the device.
  retort_status start(Outputs* out, const retort_cublas* cublas, const retort_cuda_overlap* overlap,
                      void* stream) {
    const retort_linear_layer layer = student.argument();
    std::vector<retort_linear_layer> layers;
    for (const HalfLayer& teacher : teachers) layers.push_back(teacher.argument());
    const retort_linear_gradient gradient{out->hidden.data(), out->hidden.stride,
                                          out->weights.data(), layer.hidden_size, out->bias.data()};
    void* const lent = lend_workspace(retort_cuda_linear_distillation_workspace(
        &options, rows(), classes(), layer.hidden_size, count(), budget, overlap != nullptr));
    return retort_cuda_linear_distillation(&options, rows(), classes(), &layer, layers.data(),
                                           count(), nullptr, labels.data(), nullptr, &gradient,
                                           out->row_loss.data(), out->totals.data(), budget, lent,
                                           cublas, overlap, stream);
  }

  retort_status run(Outputs* out, const retort_cublas* cublas = device_cublas()) {
    const retort_status status = start(out, cublas, nullptr, nullptr);
    wait_for_device();
    return status;
  }

  // The gradient on whole logits, with the loss beside it.
  TypedMatrix gradient_on_logits(Outputs* out) {
    TypedMatrix logits = student.logits();
    std::vector<TypedMatrix> seen;
    std::vector<const void*> pointers;
    for (const HalfLayer& teacher : teachers) seen.push_back(teacher.logits());
    for (const TypedMatrix& matrix : seen) pointers.push_back(matrix.data());
    void* const lent = lend_workspace(static_cast<int64_t>(retort_cuda_workspace(rows(), count())));
    EXPECT_EQ(retort_cuda_distillation_loss(
                  &options, rows(), classes(), logits.data(), logits.stride, pointers.data(),
                  count(), classes(), nullptr, labels.data(), nullptr, logits.data(), logits.stride,
                  out->row_loss.data(), out->totals.data(), lent, nullptr),
              RETORT_OK)
        << retort_cuda_last_error();
    wait_for_device();
    return logits;
  }
};

// A sum in f32 in any order, stored in an element: a rounding a term, and one of the element's.
class Sum {
 public:
  void add(double a, double b) {
    ++terms_;
    value_ += a * b;
    magnitude_ += std::fabs(a * b);
  }
  double value() const { return value_; }
  double bound(const TypedMatrix& of) const {
    const double sum_bound = bound();
    return sum_bound + of.rounding(magnitude_ + sum_bound);
  }
  double bound() const { return kEpsilon * static_cast<double>(terms_) * magnitude_; }

 private:
  int64_t terms_ = 0;
  double value_ = 0;
  double magnitude_ = 0;
};

// What the products make of the gradient on the logits.
void expect_products(const HalfCase& c, const Outputs& actual, const TypedMatrix& gradient) {
  const auto at = [](const TypedMatrix& matrix, int64_t i, int64_t j) {
    return static_cast<double>(matrix.at(i, j));
  };
  const int64_t size = c.student.hidden.classes;
  for (int64_t i = 0; i < c.rows(); ++i) {
    for (int64_t h = 0; h < size; ++h) {
      Sum sum;
      for (int64_t j = 0; j < c.classes(); ++j)
        sum.add(at(gradient, i, j), at(c.student.weights, j, h));
      expect_close(at(actual.hidden, i, h), sum.value(), sum.bound(actual.hidden), "hidden");
    }
  }
  for (int64_t j = 0; j < c.classes(); ++j) {
    Sum bias;
    for (int64_t i = 0; i < c.rows(); ++i) bias.add(at(gradient, i, j), 1);
    expect_close(actual.bias[j], bias.value(), bias.bound(), "bias");
    for (int64_t h = 0; h < size; ++h) {
      Sum sum;
      for (int64_t i = 0; i < c.rows(); ++i) {
        if (c.labels[static_cast<size_t>(i)] != c.options.ignore_index)
          sum.add(at(gradient, i, j), at(c.student.hidden, i, h));
      }
      expect_close(actual.weights[j * size + h], sum.value(), sum.bound(), "weights");
    }
  }
  EXPECT_TRUE(actual.hidden.guards_hold());
  EXPECT_TRUE(actual.weights.guards_hold());
  EXPECT_TRUE(actual.bias.guards_hold());
}

int64_t bytes_of(const TypedMatrix& matrix) {
  return matrix.rows * matrix.stride * (matrix.dtype == RETORT_F32 ? 4 : 2);
}

void fill_with_nan(TypedMatrix& matrix) {
  for (int64_t i = 0; i < matrix.rows; ++i) {
    for (int64_t j = 0; j < matrix.classes; ++j) matrix.set(i, j, kNaN);
  }
}

void expect_same_bits(const Outputs& actual, const Outputs& expected) {
  EXPECT_TRUE(actual.row_loss.same_bits(expected.row_loss));
  EXPECT_TRUE(actual.hidden.same_bits(expected.hidden));
  EXPECT_TRUE(actual.weights.same_bits(expected.weights));
  EXPECT_TRUE(actual.bias.same_bits(expected.bias));
  EXPECT_EQ(actual.totals[0].total, expected.totals[0].total);
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
          c.set_chunk(chunk, c.count());
          c.labels[3] = static_cast<int32_t>(c.options.ignore_index);
          Outputs actual(c.student);
          ASSERT_EQ(c.run(&actual), RETORT_OK) << retort_cuda_last_error();
          Outputs expected(c.student);
          expect_products(c, actual, c.gradient_on_logits(&expected));
          EXPECT_TRUE(actual.row_loss.same_bits(expected.row_loss));
          EXPECT_EQ(actual.totals[0].total, expected.totals[0].total);
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
    c.set_chunk(4, 2);
    Outputs actual(c.student);
    ASSERT_EQ(c.run(&actual), RETORT_OK) << retort_cuda_last_error();
    Outputs expected(c.student);
    c.gradient_on_logits(&expected);
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
  EXPECT_EQ(out.totals[0].total, 0);
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
  const auto bytes = [&](int64_t rows, int64_t classes, int64_t hidden_size, int64_t budget,
                         int32_t overlaps) {
    return retort_cuda_linear_distillation_workspace(&options, rows, classes, hidden_size, 1,
                                                     budget, overlaps);
  };
  for (const int32_t overlaps : {0, 1}) {
    EXPECT_EQ(bytes(INT64_MAX, 1000, 64, 1 << 20, overlaps), -1);
    EXPECT_EQ(bytes(INT64_MAX, 1, INT32_MAX, INT64_MAX, overlaps), -1);
    EXPECT_EQ(bytes(10, 1000, 0, 1 << 20, overlaps), -1);
    EXPECT_EQ(bytes(10, 1000, 64, 4000, overlaps), -1);
    EXPECT_GT(bytes(10, 1000, 64, 1 << 20, overlaps), 0);
  }
}

TEST(CudaLinearDistillation, ASecondStreamAsksForTheMatricesOfAnotherChunkWhereThereIsOne) {
  retort_distillation_loss_options options = retort_distillation_loss_options_default();
  const auto bytes = [&](int64_t rows, int32_t overlaps) {
    return retort_cuda_linear_distillation_workspace(&options, rows, 1000, 64, 1, 16 * 8000,
                                                     overlaps);
  };
  EXPECT_EQ(bytes(16, 1), bytes(16, 0));
  EXPECT_EQ(bytes(17, 1), bytes(17, 0) + 16 * 8000);
}

// How the teachers' logits are staged.
struct StagingCase {
  int64_t teachers;
  retort_mean mean;
  bool standardizes;
  int64_t matrices;
};
constexpr StagingCase kStagings[] = {{1, RETORT_MEAN_OF_LOGITS, false, 1},
                                     {3, RETORT_MEAN_OF_LOGITS, false, 1},
                                     {3, RETORT_MEAN_OF_PROBABILITIES, false, 2},
                                     {3, RETORT_MEAN_OF_LOGITS, true, 3}};

HalfCase staged_case(retort_dtype dtype, const StagingCase& staging, int64_t chunk,
                     std::mt19937_64& random) {
  HalfCase c(dtype, 37, 21, staging.teachers, random);
  c.options.mean = staging.mean;
  c.options.standardize_logits = staging.standardizes ? 1 : 0;
  c.labels[3] = static_cast<int32_t>(c.options.ignore_index);
  c.set_chunk(chunk, staging.matrices);
  return c;
}

TEST(CudaLinearDistillation, ASecondStreamChangesNoBit) {
  std::mt19937_64 random(7);
  for (const retort_dtype dtype : kDtypes) {
    for (const StagingCase& staging : kStagings) {
      for (const int64_t chunk : {1, 7, 16, 1000}) {
        SCOPED_TRACE(::testing::Message() << dtype << ' ' << staging.matrices << ' ' << chunk);
        HalfCase c = staged_case(dtype, staging, chunk, random);
        Outputs expected(c.student), actual(c.student);
        ASSERT_EQ(c.run(&expected), RETORT_OK) << retort_cuda_last_error();
        DeviceStreams streams;
        // The stream still brings the hidden states when the call is made.
        const TypedMatrix hidden = c.student.hidden;
        fill_with_nan(c.student.hidden);
        streams.copy(c.student.hidden.data(), hidden.data(), bytes_of(hidden));
        ASSERT_EQ(c.start(&actual, streams.cublas(), streams.overlap(), streams.stream()),
                  RETORT_OK)
            << retort_cuda_last_error();
        streams.synchronize();
        EXPECT_FALSE(streams.second_is_busy());
        expect_same_bits(actual, expected);
      }
    }
  }
}

TEST(CudaLinearDistillation, CallsInARowShareAWorkspaceAndASecondStream) {
  std::mt19937_64 random(8);
  HalfCase c = staged_case(RETORT_F32, kStagings[2], 16, random);
  Outputs expected(c.student), first(c.student), second(c.student);
  ASSERT_EQ(c.run(&expected), RETORT_OK) << retort_cuda_last_error();
  DeviceStreams streams;
  for (Outputs* out : {&first, &second}) {
    ASSERT_EQ(c.start(out, streams.cublas(), streams.overlap(), streams.stream()), RETORT_OK)
        << retort_cuda_last_error();
  }
  streams.synchronize();
  expect_same_bits(first, expected);
  expect_same_bits(second, expected);
}

TEST(CudaLinearDistillation, ASecondStreamIsNoLongerBusyWhenTheStreamHasPassedACallThatFailed) {
  std::mt19937_64 random(9);
  HalfCase c = staged_case(RETORT_F32, kStagings[0], 16, random);
  Outputs out(c.student);
  DeviceStreams streams;
  static retort_cublas lent;
  static int products_left;
  lent = *streams.overlap()->cublas;
  products_left = 3;  // those of one chunk, and the student's of the next
  retort_cublas refusing = lent;
  refusing.gemm_ex = [](void* handle, int ta, int tb, int m, int n, int k, const void* alpha,
                        const void* a, int a_type, int lda, const void* b, int b_type, int ldb,
                        const void* beta, void* d, int d_type, int ldd, int compute,
                        int algorithm) {
    if (products_left-- == 0) return 14;
    return lent.gemm_ex(handle, ta, tb, m, n, k, alpha, a, a_type, lda, b, b_type, ldb, beta, d,
                        d_type, ldd, compute, algorithm);
  };
  retort_cuda_overlap overlap = *streams.overlap();
  overlap.cublas = &refusing;
  EXPECT_EQ(c.start(&out, streams.cublas(), &overlap, streams.stream()), RETORT_DEVICE_ERROR);
  EXPECT_NE(std::strstr(retort_cuda_last_error(), "status 14"), nullptr)
      << retort_cuda_last_error();
  streams.synchronize();
  EXPECT_FALSE(streams.second_is_busy());
}

TEST(CudaLinearDistillation, ASecondStreamThatIsNoneIsRefused) {
  std::mt19937_64 random(10);
  HalfCase c(RETORT_F32, 4, 10, 1, random);
  Outputs out(c.student);
  DeviceStreams streams;
  const auto expect_named = [&](const retort_cuda_overlap& overlap, const char* name) {
    EXPECT_EQ(c.start(&out, streams.cublas(), &overlap, streams.stream()), RETORT_INVALID_ARGUMENT);
    EXPECT_NE(std::strstr(retort_cuda_last_error(), name), nullptr) << retort_cuda_last_error();
  };
  const auto with = [&](auto change) {
    retort_cuda_overlap overlap = *streams.overlap();
    change(overlap);
    return overlap;
  };
  expect_named(with([](auto& o) { o.stream = nullptr; }), "overlap stream must not be null");
  expect_named(with([&](auto& o) { o.stream = streams.stream(); }), "another than the call's");
  expect_named(with([](auto& o) { o.cublas = nullptr; }), "overlap cublas must not be null");
  expect_named(with([&](auto& o) { o.cublas = streams.cublas(); }), "another handle");
  expect_named(with([](auto& o) { o.products_event = nullptr; }), "products_event");
  expect_named(with([](auto& o) { o.matrices_event = nullptr; }), "matrices_event");
  expect_named(with([](auto& o) { o.matrices_event = o.products_event; }),
               "another than products_event");
}

}  // namespace
}  // namespace retort::testing
