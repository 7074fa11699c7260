// What is CUDA's own of the operations of cuda_network.h, over the emulation: arrays that lie anywhere, matrices of
// many chunks, sizes beyond 32 bits, the CPU as another opinion over random shapes. What the operations mean, the tests
// of network.h check, which run on these kernels too.
#include "network_testing.h"
#include "reachable_memory.h"
#include "reference/batch_norm.h"
#include "reference/elementwise.h"
#include "retort/cuda_network.h"

namespace retort::testing {
namespace {

using reference::Row;

// Hands out arrays that begin a given number of floats behind a multiple of 16 bytes, one after the other.
class Places {
 public:
  explicit Places(std::initializer_list<int64_t> offsets) : offsets_(offsets) {}

  Floats of(int64_t size) { return Floats(size, offsets_[next_++ % offsets_.size()]); }
  Floats of(const Floats& values) {
    Floats floats = of(values.size());
    for (int64_t i = 0; i < values.size(); ++i) floats[i] = values[i];
    return floats;
  }

 private:
  std::vector<int64_t> offsets_;
  size_t next_ = 0;
};

void expect_same_values(const std::vector<Floats>& actual, const std::vector<Floats>& expected) {
  ASSERT_EQ(actual.size(), expected.size());
  for (size_t k = 0; k < actual.size(); ++k) {
    EXPECT_TRUE(actual[k].guards_hold()) << "array " << k;
    EXPECT_EQ(std::memcmp(actual[k].data(), expected[k].data(),
                          static_cast<size_t>(actual[k].size()) * sizeof(float)),
              0)
        << "array " << k;
  }
}

// compute(places) gives the same bits again, and wherever its arrays lie.
void expect_same_bits_anywhere(const std::function<std::vector<Floats>(Places)>& compute) {
  const std::vector<Floats> aligned = compute(Places({0}));
  expect_same_values(compute(Places({0})), aligned);
  for (const int64_t offset : {1, 2, 3}) {
    SCOPED_TRACE(offset);
    expect_same_values(compute(Places({offset})), aligned);
  }
  expect_same_values(compute(Places({0, 1, 2, 3, 2})), aligned);
}

void expect_ok(retort_status status) {
  ASSERT_EQ(status, RETORT_OK) << retort_cuda_last_error();
  wait_for_device();
}

constexpr std::initializer_list<int64_t> kChannels = {3, 4, 5, 12, 32, 128, 132};

TEST(CudaNetwork, WhereArraysLieChangesNoBitOfAnElementwiseOperation) {
  std::mt19937_64 random(1);
  for (const int64_t size : {1, 3, 4, 7, 1023, 1024, 1025, 3000, 4096}) {
    SCOPED_TRACE(size);
    const Floats x = Floats::normal(random, size), y = Floats::normal(random, size);
    Floats squares = Floats::normal(random, size);
    for (int64_t i = 0; i < size; ++i) squares[i] *= squares[i];
    const retort_adam adam{0.01f, 0.9f, 0.99f, 1e-8f, 0.1f, 1, 3};
    expect_same_bits_anywhere([&](Places at) {
      const Floats in_x = at.of(x), in_y = at.of(y);
      Floats relu = at.of(size), gradient = at.of(size), combined = at.of(size);
      Floats velocity = at.of(y), by_sgd = at.of(x), by_plain_sgd = at.of(x);
      Floats first = at.of(y), second = at.of(squares), by_adam = at.of(x);
      expect_ok(retort_cuda_relu_forward(size, in_x.data(), relu.data(), nullptr));
      expect_ok(
          retort_cuda_relu_backward(size, in_x.data(), in_y.data(), gradient.data(), nullptr));
      expect_ok(retort_cuda_linear_combination(size, 2, in_x.data(), 0.3f, in_y.data(),
                                               combined.data(), nullptr));
      expect_ok(retort_cuda_sgd_step(size, 0.1f, 0.9f, 1, 0.01f, in_y.data(), velocity.data(),
                                     by_sgd.data(), nullptr));
      expect_ok(retort_cuda_sgd_step(size, 0.1f, 0, 0, 0.01f, in_y.data(), nullptr,
                                     by_plain_sgd.data(), nullptr));
      expect_ok(retort_cuda_adam_step(&adam, size, in_x.data(), first.data(), second.data(),
                                      by_adam.data(), nullptr));
      return std::vector<Floats>{relu,         gradient, combined, velocity, by_sgd,
                                 by_plain_sgd, first,    second,   by_adam};
    });
  }
}

TEST(CudaNetwork, WhereMatricesLieChangesNoBitOfASumOverTheirRows) {
  std::mt19937_64 random(2);
  for (const int64_t channels : kChannels) {
    for (const int64_t rows : {1, 9, 300}) {
      for (const bool rectify : {false, true}) {
        SCOPED_TRACE(::testing::Message() << rows << " x " << channels << ' ' << rectify);
        const retort_batch_norm options{rows, channels, 1e-5f, rectify, nullptr};
        const Floats x = Floats::normal(random, rows * channels, 2, 1);
        const Floats g = Floats::normal(random, x.size());
        const Floats scale = Floats::normal(random, channels);
        const Floats shift = Floats::normal(random, channels);
        expect_same_bits_anywhere([&](Places at) {
          const Floats input = at.of(x), dy = at.of(g), in_scale = at.of(scale);
          const Floats in_shift = at.of(shift);
          Floats space = at.of(retort_cuda_batch_norm_workspace(&options));
          Floats mean = at.of(channels), deviation = at.of(channels), y = at.of(x.size());
          Floats running_mean = at.of(shift), running_variance = at.of(scale);
          Floats inferred = at.of(x.size()), dx = at.of(x.size()), tangent = at.of(x.size());
          Floats dscale = at.of(channels), dshift = at.of(channels), sums = at.of(channels);
          Floats added = at.of(x),
                 more_space = at.of(retort_cuda_column_sums_workspace(rows, channels));
          expect_ok(retort_cuda_batch_norm_training(
              &options, input.data(), in_scale.data(), in_shift.data(), 0.1f, running_mean.data(),
              running_variance.data(), mean.data(), deviation.data(), y.data(), space.data(),
              nullptr));
          expect_ok(retort_cuda_batch_norm_inference(&options, input.data(), in_scale.data(),
                                                     in_shift.data(), mean.data(), deviation.data(),
                                                     inferred.data(), nullptr));
          expect_ok(retort_cuda_batch_norm_backward(&options, input.data(), in_scale.data(),
                                                    in_shift.data(), mean.data(), deviation.data(),
                                                    dy.data(), dx.data(), dscale.data(),
                                                    dshift.data(), space.data(), nullptr));
          expect_ok(retort_cuda_batch_norm_tangent(&options, input.data(), in_scale.data(),
                                                   in_shift.data(), mean.data(), deviation.data(),
                                                   dy.data(), in_shift.data(), in_scale.data(),
                                                   tangent.data(), space.data(), nullptr));
          expect_ok(retort_cuda_column_sums(rows, channels, input.data(), sums.data(),
                                            more_space.data(), nullptr));
          expect_ok(
              retort_cuda_add_to_rows(rows, channels, in_scale.data(), added.data(), nullptr));
          EXPECT_TRUE(space.guards_hold() && more_space.guards_hold());
          return std::vector<Floats>{mean,     deviation, y,      running_mean, running_variance,
                                     inferred, dx,        dscale, dshift,       tangent,
                                     sums,     added};
        });
      }
    }
  }
}

retort_pooling draw_pooling(std::mt19937_64& random) {
  const int64_t kernel = pick(random, {1, 2, 3, 4, 7});
  return {pick(random, {0, 1, 2, 5}),
          kernel + pick(random, {0, 1, 4, 9}),
          kernel + pick(random, {0, 1, 5, 13}),
          pick(random, {1, 3, 4, 8, 13, 64, 130}),
          kernel,
          pick(random, {1, 2, 3, 5, 100}),
          static_cast<int64_t>(random() % static_cast<uint64_t>(kernel))};
}

struct PoolingArrays {
  Floats x, u, dy;

  PoolingArrays(std::mt19937_64& random, const retort_pooling& p)
      : x(p.images * p.input_height * p.input_width * p.channels),
        u(Floats::normal(random, x.size())),
        dy(Floats::normal(
            random, p.images * side(p, p.input_height) * side(p, p.input_width) * p.channels)) {
    // Few values, so that most windows have several winners, and some that are none.
    for (int64_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(random() % 4);
    for (int64_t i = 0; i < x.size(); i += 37) x[i] = random() % 2 == 0 ? kNaN : -kInfinity;
  }

  static int64_t side(const retort_pooling& p, int64_t input) {
    return (input + 2 * p.padding - p.kernel) / p.stride + 1;
  }
};

std::string describe(const retort_pooling& p) {
  ::testing::Message text;
  text << p.images << " x " << p.input_height << " x " << p.input_width << " x " << p.channels
       << ", kernel " << p.kernel << ", stride " << p.stride << ", padding " << p.padding;
  return text.GetString();
}

TEST(CudaNetwork, WhereImagesLieChangesNoBitOfPooling) {
  std::mt19937_64 random(3);
  for (int round = 0; round < 40; ++round) {
    const retort_pooling p = draw_pooling(random);
    SCOPED_TRACE(describe(p));
    const PoolingArrays a(random, p);
    expect_same_bits_anywhere([&](Places at) {
      const Floats x = at.of(a.x), u = at.of(a.u), dy = at.of(a.dy);
      Floats y = at.of(dy.size()), mean = at.of(dy.size()), tangent = at.of(dy.size());
      Floats dx = at.of(x.size()), spread = at.of(x.size());
      expect_ok(retort_cuda_max_pool_forward(&p, x.data(), y.data(), nullptr));
      expect_ok(retort_cuda_max_pool_tangent(&p, x.data(), u.data(), tangent.data(), nullptr));
      expect_ok(retort_cuda_max_pool_backward(&p, x.data(), dy.data(), dx.data(), nullptr));
      expect_ok(retort_cuda_average_pool_forward(&p, u.data(), mean.data(), nullptr));
      expect_ok(retort_cuda_average_pool_backward(&p, dy.data(), spread.data(), nullptr));
      return std::vector<Floats>{y, tangent, dx, mean, spread};
    });
  }
}

// Images whose edges cut windows off, or do not, in chunks of which there are several.
TEST(CudaNetwork, WhereImagesLieChangesNoBitOfBatchNormalisationWithPooling) {
  std::mt19937_64 random(7);
  for (const retort_pooling& p : {retort_pooling{3, 6, 8, 5, 2, 2, 0},
                                  {70, 7, 5, 12, 2, 2, 0},
                                  {40, 9, 6, 132, 2, 2, 0},
                                  {2, 7, 11, 8, 3, 3, 0}}) {
    SCOPED_TRACE(describe(p));
    const PoolingArrays a(random, p);
    const retort_batch_norm options{p.images * p.input_height * p.input_width, p.channels, 1e-5f, 1,
                                    &p};
    const Floats scale = Floats::normal(random, p.channels);
    const Floats shift = Floats::normal(random, p.channels);
    expect_same_bits_anywhere([&](Places at) {
      const Floats x = at.of(a.u), u = at.of(a.x), dy = at.of(a.dy), in_scale = at.of(scale);
      const Floats in_shift = at.of(shift);
      Floats space = at.of(retort_cuda_batch_norm_workspace(&options));
      Floats mean = at.of(p.channels), deviation = at.of(p.channels), y = at.of(dy.size());
      Floats inferred = at.of(dy.size()), tangent = at.of(dy.size()), still = at.of(dy.size());
      Floats dx = at.of(x.size()), dscale = at.of(p.channels), dshift = at.of(p.channels);
      expect_ok(retort_cuda_batch_norm_training(
          &options, x.data(), in_scale.data(), in_shift.data(), 0.1f, nullptr, nullptr, mean.data(),
          deviation.data(), y.data(), space.data(), nullptr));
      expect_ok(retort_cuda_batch_norm_inference(&options, x.data(), in_scale.data(),
                                                 in_shift.data(), mean.data(), deviation.data(),
                                                 inferred.data(), nullptr));
      expect_ok(retort_cuda_batch_norm_backward(
          &options, x.data(), in_scale.data(), in_shift.data(), mean.data(), deviation.data(),
          dy.data(), dx.data(), dscale.data(), dshift.data(), space.data(), nullptr));
      expect_ok(retort_cuda_batch_norm_tangent(
          &options, x.data(), in_scale.data(), in_shift.data(), mean.data(), deviation.data(),
          u.data(), in_shift.data(), in_scale.data(), tangent.data(), space.data(), nullptr));
      expect_ok(retort_cuda_batch_norm_tangent(
          &options, x.data(), in_scale.data(), in_shift.data(), mean.data(), deviation.data(),
          nullptr, in_shift.data(), nullptr, still.data(), space.data(), nullptr));
      EXPECT_TRUE(space.guards_hold());
      return std::vector<Floats>{mean, deviation, y, inferred, tangent, still, dx, dscale, dshift};
    });
  }
}

void expect_all_close(const Floats& actual, const Floats& expected, double bound,
                      const char* what) {
  EXPECT_TRUE(actual.guards_hold()) << what;
  for (int64_t i = 0; i < actual.size(); ++i) expect_close(actual[i], expected[i], bound, what);
}

TEST(CudaNetwork, PoolingAgreesWithTheCpu) {
  std::mt19937_64 random(4);
  for (int round = 0; round < 150; ++round) {
    const retort_pooling p = draw_pooling(random);
    SCOPED_TRACE(describe(p));
    const PoolingArrays a(random, p);
    const auto both = [&](int64_t size, const auto& on_cuda, const auto& on_cpu, double bound,
                          const char* what) {
      Floats actual(size), expected(size);
      expect_ok(on_cuda(actual.data()));
      ASSERT_EQ(on_cpu(expected.data()), RETORT_OK) << retort_last_error();
      expect_all_close(actual, expected, bound, what);
    };
    // A window's mean, and a pixel's gradient of as many windows, round once an addend.
    const double error = kEpsilon * static_cast<double>(p.kernel * p.kernel + 1) * 5;
    both(
        a.dy.size(),
        [&](float* y) { return retort_cuda_max_pool_forward(&p, a.x.data(), y, nullptr); },
        [&](float* y) { return retort_max_pool_forward(&p, a.x.data(), y, nullptr); }, 0, "max");
    both(
        a.dy.size(),
        [&](float* y) {
          return retort_cuda_max_pool_tangent(&p, a.x.data(), a.u.data(), y, nullptr);
        },
        [&](float* y) { return retort_max_pool_tangent(&p, a.x.data(), a.u.data(), y, nullptr); },
        0, "tangent");
    both(
        a.x.size(),
        [&](float* dx) {
          return retort_cuda_max_pool_backward(&p, a.x.data(), a.dy.data(), dx, nullptr);
        },
        [&](float* dx) {
          return retort_max_pool_backward(&p, a.x.data(), a.dy.data(), dx, nullptr);
        },
        error, "gradient of the max");
    both(
        a.dy.size(),
        [&](float* y) { return retort_cuda_average_pool_forward(&p, a.u.data(), y, nullptr); },
        [&](float* y) { return retort_average_pool_forward(&p, a.u.data(), y, nullptr); }, error,
        "mean");
    both(
        a.x.size(),
        [&](float* dx) { return retort_cuda_average_pool_backward(&p, a.dy.data(), dx, nullptr); },
        [&](float* dx) { return retort_average_pool_backward(&p, a.dy.data(), dx, nullptr); },
        error, "gradient of the mean");
  }
}

TEST(CudaNetwork, SumsOfSmoothedRelusAgreeWithTheCpuForEveryNumberOfLanes) {
  std::mt19937_64 random(5);
  for (const int64_t neurons : {1, 2, 3, 4, 6, 8, 15, 16, 17, 32, 33, 70}) {
    for (const int64_t patches : {1, 3, 4, 5, 9}) {
      SCOPED_TRACE(::testing::Message() << neurons << " neurons, " << patches << " patches");
      const retort_smoothed_relu_sum sum{7, patches, 3, 5, neurons, 3, 0.7f};
      const Floats a = Floats::normal(random, 7 * patches * 15 * neurons, 1);
      const Floats dy = Floats::normal(random, 3 * 7 * 5);
      Floats y(dy.size()), expected_y(dy.size()), da(a.size()), expected_da(a.size());
      expect_ok(retort_cuda_smoothed_relu_sum_forward(&sum, a.data(), y.data(), nullptr));
      expect_ok(
          retort_cuda_smoothed_relu_sum_backward(&sum, a.data(), dy.data(), da.data(), nullptr));
      retort_smoothed_relu_sum_forward(&sum, a.data(), expected_y.data(), nullptr);
      retort_smoothed_relu_sum_backward(&sum, a.data(), dy.data(), expected_da.data(), nullptr);
      // All addends are positive, and each may round once in either sum; the power rounds degree + 4 times.
      const double additions = static_cast<double>(2 * patches * neurons);
      for (int64_t i = 0; i < y.size(); ++i) {
        expect_close(y[i], expected_y[i], kEpsilon / 2 * (additions + 14) * expected_y[i],
                     "output");
      }
      for (int64_t i = 0; i < da.size(); ++i) {
        expect_close(da[i], expected_da[i], kEpsilon * 7 * std::fabs(expected_da[i]), "gradient");
      }
      EXPECT_TRUE(y.guards_hold() && da.guards_hold());
    }
  }
}

// As many chunks as a reduction has at the most, each with whole tiles of rows and some left over.
TEST(CudaNetwork, StatisticsAndSumsOfManyChunksMatchTheReferenceFarFromZero) {
  std::mt19937_64 random(6);
  constexpr int64_t kRows = 45011, kColumns = 128;
  constexpr float kMean = 300;
  const retort_batch_norm options{kRows, kColumns, 1e-5f, 0, nullptr};
  const Floats x = Floats::normal(random, kRows * kColumns, 1, kMean);
  Floats scale(kColumns), shift(kColumns), mean(kColumns), deviation(kColumns), sums(kColumns);
  Floats y(x.size()), space(retort_cuda_batch_norm_workspace(&options));
  for (int64_t c = 0; c < kColumns; ++c) scale[c] = 1, shift[c] = 0;
  expect_ok(retort_cuda_batch_norm_training(&options, x.data(), scale.data(), shift.data(), 0,
                                            nullptr, nullptr, mean.data(), deviation.data(),
                                            y.data(), space.data(), nullptr));
  EXPECT_TRUE(space.guards_hold());
  expect_ok(retort_cuda_column_sums(kRows, kColumns, x.data(), sums.data(), space.data(), nullptr));
  const Row ones(kColumns, 1), zeros(kColumns, 0);
  const auto moments =
      reference::batch_norm_moments({kRows, kColumns, 1e-5f, false, ones, zeros}, x.values());
  const Row expected_sums = reference::column_sums(kColumns, x.values());
  // A thread has a tile and four single rows of a chunk, and a block eight threads a column: half an epsilon for each
  // of the merges, and as much for each addition within a tile.
  constexpr double kRoundings = 8 + 5 + 3 + 2;
  for (int64_t c = 0; c < kColumns; ++c) {
    const auto at = static_cast<size_t>(c);
    const double mean_error = kEpsilon / 2 * kRoundings * (kMean + 6);
    const double inverse = 1 / std::sqrt(moments.variance[at] + 1e-5);
    expect_close(mean[c], moments.mean[at], mean_error, "mean");
    expect_close(
        deviation[c], inverse,
        inverse * (kEpsilon / 2 * (kRoundings + 2) + mean_error * mean_error * inverse * inverse),
        "inverse deviation");
    expect_close(sums[c], expected_sums[at], kEpsilon / 2 * kRoundings * expected_sums[at], "sum");
  }
}

}  // namespace
}  // namespace retort::testing
