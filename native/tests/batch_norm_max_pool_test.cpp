// Batch normalisation with max pooling in one is what the two give one after the other, each of which has its own test
// against the reference: to the bit, but for the gradients, whose sums run over windows in place of pixels.
#include "network_testing.h"

namespace retort::testing {
namespace {

struct Case {
  retort_pooling pooling;
  retort_batch_norm apart;  // without the pooling
  retort_batch_norm options;
  Floats input, scale, shift, running_mean, running_variance;

  Case(std::mt19937_64& random, const retort_pooling& of, bool rectify)
      : pooling(of),
        apart{of.images * of.input_height * of.input_width, of.channels, 1e-5f, rectify, nullptr},
        options(apart),
        input(Floats::normal(random, apart.rows * of.channels, 2, 0.5f)),
        scale(Floats::normal(random, of.channels)),
        shift(Floats::normal(random, of.channels)),
        running_mean(Floats::normal(random, of.channels)),
        running_variance(Floats::normal(random, of.channels)) {
    for (int64_t i = 0; i < of.channels; ++i) running_variance[i] *= running_variance[i];
    options.max_pool = &pooling;
  }
  Case(const Case&) = delete;
  Case& operator=(const Case&) = delete;

  int64_t channels() const { return options.channels; }
  int64_t outputs() const {
    const int64_t height = pooling.input_height / pooling.kernel;
    return pooling.images * height * (pooling.input_width / pooling.kernel) * channels();
  }
};

struct Results {
  Floats mean, inverse_deviation, running_mean, running_variance, output, inferred, tangent,
      input_gradient, scale_gradient, shift_gradient;

  explicit Results(const Case& c)
      : mean(c.channels()),
        inverse_deviation(c.channels()),
        running_mean(c.running_mean),
        running_variance(c.running_variance),
        output(c.outputs()),
        inferred(c.outputs()),
        tangent(c.outputs()),
        input_gradient(c.input.size()),
        scale_gradient(c.channels()),
        shift_gradient(c.channels()) {}

  bool guards_hold() const {
    bool hold = true;
    for (const Floats* floats :
         {&mean, &inverse_deviation, &running_mean, &running_variance, &output, &inferred, &tangent,
          &input_gradient, &scale_gradient, &shift_gradient}) {
      hold = hold && floats->guards_hold();
    }
    return hold;
  }
};

void expect_ok(retort_status status) { EXPECT_EQ(status, RETORT_OK) << retort_last_error(); }

Results in_one(const Case& c, const Floats& direction, const Floats& output_gradient,
               const retort_executor* executor = nullptr) {
  Results r(c);
  Floats workspace(retort_batch_norm_workspace(&c.options));
  expect_ok(retort_batch_norm_training(&c.options, c.input.data(), c.scale.data(), c.shift.data(),
                                       0.1f, r.running_mean.data(), r.running_variance.data(),
                                       r.mean.data(), r.inverse_deviation.data(), r.output.data(),
                                       workspace.data(), executor));
  expect_ok(retort_batch_norm_inference(&c.options, c.input.data(), c.scale.data(), c.shift.data(),
                                        c.running_mean.data(), c.running_variance.data(),
                                        r.inferred.data(), executor));
  expect_ok(retort_batch_norm_tangent(&c.options, c.input.data(), c.scale.data(), c.shift.data(),
                                      r.mean.data(), r.inverse_deviation.data(), direction.data(),
                                      c.shift.data(), c.scale.data(), r.tangent.data(),
                                      workspace.data(), executor));
  expect_ok(retort_batch_norm_backward(
      &c.options, c.input.data(), c.scale.data(), c.shift.data(), r.mean.data(),
      r.inverse_deviation.data(), output_gradient.data(), r.input_gradient.data(),
      r.scale_gradient.data(), r.shift_gradient.data(), workspace.data(), executor));
  EXPECT_TRUE(r.guards_hold() && workspace.guards_hold());
  return r;
}

// The gradient on the output of the batch normalisation, which `one_by_one` needs and leaves.
Results one_by_one(const Case& c, const Floats& direction, const Floats& output_gradient,
                   Floats* pixel_gradient) {
  Results r(c);
  Floats workspace(retort_batch_norm_workspace(&c.apart)), normalized(c.input.size()),
      tangent(c.input.size());
  expect_ok(retort_batch_norm_inference(&c.apart, c.input.data(), c.scale.data(), c.shift.data(),
                                        c.running_mean.data(), c.running_variance.data(),
                                        normalized.data(), nullptr));
  expect_ok(retort_max_pool_forward(&c.pooling, normalized.data(), r.inferred.data(), nullptr));
  expect_ok(retort_batch_norm_training(&c.apart, c.input.data(), c.scale.data(), c.shift.data(),
                                       0.1f, r.running_mean.data(), r.running_variance.data(),
                                       r.mean.data(), r.inverse_deviation.data(), normalized.data(),
                                       workspace.data(), nullptr));
  expect_ok(retort_max_pool_forward(&c.pooling, normalized.data(), r.output.data(), nullptr));
  expect_ok(retort_batch_norm_tangent(&c.apart, c.input.data(), c.scale.data(), c.shift.data(),
                                      r.mean.data(), r.inverse_deviation.data(), direction.data(),
                                      c.shift.data(), c.scale.data(), tangent.data(),
                                      workspace.data(), nullptr));
  expect_ok(retort_max_pool_tangent(&c.pooling, normalized.data(), tangent.data(), r.tangent.data(),
                                    nullptr));
  expect_ok(retort_max_pool_backward(&c.pooling, normalized.data(), output_gradient.data(),
                                     pixel_gradient->data(), nullptr));
  expect_ok(retort_batch_norm_backward(
      &c.apart, c.input.data(), c.scale.data(), c.shift.data(), r.mean.data(),
      r.inverse_deviation.data(), pixel_gradient->data(), r.input_gradient.data(),
      r.scale_gradient.data(), r.shift_gradient.data(), workspace.data(), nullptr));
  return r;
}

// Additions in a row of either sum on the CPU: a quarter of the pixels of a panel or of the windows of a row, then the
// panels or rows of a task, which has 16384 elements or one row of windows. On CUDA they are fewer.
double additions(const Case& c) {
  const double columns = static_cast<double>(std::min<int64_t>(c.channels(), 256));
  return std::fmax(4096 / columns / 4, static_cast<double>(c.pooling.input_width)) +
         16384 / columns / 4 + 16;
}

void expect_same_gradients(const Case& c, const Results& actual, const Results& expected,
                           const Floats& gradient) {
  const int64_t channels = c.channels(), size = c.input.size();
  const double rows = static_cast<double>(c.options.rows), relative = kEpsilon * additions(c);
  const auto normalized = [&](int64_t i) {
    return (static_cast<double>(c.input[i]) - expected.mean[i % channels]) *
           expected.inverse_deviation[i % channels];
  };
  std::vector<double> sum(static_cast<size_t>(channels)), normalized_sum(sum);
  for (int64_t i = 0; i < size; ++i) {
    const size_t channel = static_cast<size_t>(i % channels);
    sum[channel] += std::fabs(gradient[i]);
    normalized_sum[channel] += std::fabs(gradient[i] * normalized(i));
  }
  for (int64_t i = 0; i < channels; ++i) {
    const size_t channel = static_cast<size_t>(i);
    expect_close(actual.shift_gradient[i], expected.shift_gradient[i], relative * sum[channel],
                 "shift gradient");
    expect_close(actual.scale_gradient[i], expected.scale_gradient[i],
                 relative * normalized_sum[channel], "scale gradient");
  }
  for (int64_t i = 0; i < size; ++i) {
    const size_t channel = static_cast<size_t>(i % channels);
    const double factor =
        std::fabs(c.scale[i % channels]) * expected.inverse_deviation[i % channels];
    const double of_sums =
        sum[channel] / rows + std::fabs(normalized(i)) * normalized_sum[channel] / rows;
    expect_close(actual.input_gradient[i], expected.input_gradient[i],
                 factor * (relative * of_sums + 4 * kEpsilon * (of_sums + std::fabs(gradient[i]))),
                 "input gradient");
  }
}

// Images of which windows leave nothing, a column, a row or both; one vector of channels, less, more and many.
std::vector<retort_pooling> shapes() {
  std::vector<retort_pooling> shapes;
  for (const int64_t channels : {1, 3, 16, 33, 300}) {
    shapes.push_back({3, 6, 8, channels, 2, 2, 0});
    shapes.push_back({2, 7, 5, channels, 2, 2, 0});
    shapes.push_back({2, 8, 9, channels, 3, 3, 0});
    shapes.push_back({2, 5, 6, channels, 1, 1, 0});
  }
  shapes.push_back({40, 28, 28, 16, 2, 2, 0});
  return shapes;
}

TEST(BatchNormMaxPool, IsTheTwoOneAfterTheOther) {
  std::mt19937_64 random(1);
  for (const retort_pooling& pooling : shapes()) {
    for (const bool rectify : {false, true}) {
      SCOPED_TRACE(::testing::Message()
                   << pooling.input_height << " x " << pooling.input_width << " x "
                   << pooling.channels << ", kernel " << pooling.kernel << " " << rectify);
      const Case c(random, pooling, rectify);
      const Floats direction = Floats::normal(random, c.input.size());
      const Floats output_gradient = Floats::normal(random, c.outputs());
      const Results actual = in_one(c, direction, output_gradient);
      Floats pixel_gradient(c.input.size());
      const Results expected = one_by_one(c, direction, output_gradient, &pixel_gradient);
      EXPECT_TRUE(actual.mean.same_bits(expected.mean));
      EXPECT_TRUE(actual.inverse_deviation.same_bits(expected.inverse_deviation));
      EXPECT_TRUE(actual.running_mean.same_bits(expected.running_mean));
      EXPECT_TRUE(actual.running_variance.same_bits(expected.running_variance));
      EXPECT_TRUE(actual.output.same_bits(expected.output));
      EXPECT_TRUE(actual.inferred.same_bits(expected.inferred));
      EXPECT_TRUE(actual.tangent.same_bits(expected.tangent));
      expect_same_gradients(c, actual, expected, pixel_gradient);
    }
  }
}

TEST(BatchNormMaxPool, OfEqualPixelsTheFirstHasTheGradient) {
  std::mt19937_64 random(2);
  for (const int64_t kernel : {2, 3}) {
    Case c(random, {1, kernel, 2 * kernel, 20, kernel, kernel, 0}, false);
    for (int64_t i = 0; i < c.input.size(); ++i)
      c.input[i] = i / 20 % (2 * kernel) < kernel ? 1 : 3;
    Floats output_gradient(c.outputs()), direction(c.input.size()), pixel_gradient(c.input.size());
    for (int64_t i = 0; i < output_gradient.size(); ++i)
      output_gradient[i] = static_cast<float>(i + 1);
    const Results actual = in_one(c, direction, output_gradient);
    const Results expected = one_by_one(c, direction, output_gradient, &pixel_gradient);
    expect_same_gradients(c, actual, expected, pixel_gradient);
  }
}

TEST(BatchNormMaxPool, ANaNWinsAndStaysInItsChannel) {
  std::mt19937_64 random(3);
  Case c(random, {2, 4, 4, 20, 2, 2, 0}, true);
  c.input[5 * 20 + 17] = kNaN;
  const Results r = in_one(c, c.input, Floats::normal(random, c.outputs()));
  for (int64_t i = 0; i < c.outputs(); ++i) {
    EXPECT_EQ(std::isnan(r.output[i]), i % 20 == 17);
    EXPECT_EQ(std::isnan(r.inferred[i]), i == 17);
  }
  for (int64_t i = 0; i < c.input.size(); ++i)
    EXPECT_EQ(std::isfinite(r.input_gradient[i]), i % 20 != 17);
}

TEST(BatchNormMaxPool, TheNumberOfThreadsChangesNoBit) {
  std::mt19937_64 random(4);
  const Case c(random, {40, 15, 15, 16, 2, 2, 0}, true);
  const Floats direction = Floats::normal(random, c.input.size());
  const Floats output_gradient = Floats::normal(random, c.outputs());
  expect_same_bits_on_any_threads([&](const retort_executor* executor) {
    const Results r = in_one(c, direction, output_gradient, executor);
    return std::vector<Floats>{r.output,         r.inferred,       r.tangent,
                               r.input_gradient, r.scale_gradient, r.shift_gradient};
  });
}

TEST(BatchNormMaxPool, APoolingThatDoesNotFitIsRefused) {
  const auto refuse = [](const retort_pooling& pooling, const char* named) {
    const retort_batch_norm options{2 * 4 * 6, 3, 1e-5f, 0, &pooling};
    EXPECT_EQ(retort_batch_norm_workspace(&options), -1);
    EXPECT_NE(std::strstr(retort_last_error(), named), nullptr) << retort_last_error();
  };
  refuse({2, 4, 6, 3, 3, 2, 0}, "max_pool");
  refuse({2, 4, 6, 3, 2, 3, 0}, "max_pool");
  refuse({2, 4, 6, 3, 2, 2, 1}, "max_pool");
  refuse({1, 4, 6, 3, 2, 2, 0}, "max_pool");
  refuse({2, 4, 6, 4, 2, 2, 0}, "max_pool");
  refuse({INT64_MAX, 4, 6, 3, 2, 2, 0}, "max_pool");
  refuse({2, 4, 6, 3, 5, 5, 0}, "kernel");
  refuse({2, 4, 6, 3, 0, 0, 0}, "kernel");
}

TEST(BatchNormMaxPool, SidesOfNoImagesMayBeOfAnySize) {
  constexpr int64_t kSide = int64_t{1} << 31, kChannels = int64_t{1} << 20;
  const retort_pooling pooling{0, kSide, kSide, kChannels, 2, 2, 0};
  const retort_batch_norm options{0, kChannels, 1e-5f, 0, &pooling};
  EXPECT_GE(retort_batch_norm_workspace(&options), 0) << retort_last_error();
}

TEST(BatchNormMaxPool, TheOutputIsAnotherMatrixThanTheInput) {
  std::mt19937_64 random(5);
  Case c(random, {2, 4, 4, 3, 2, 2, 0}, true);
  Floats mean(3), deviation(3), gradient(c.outputs()),
      workspace(retort_batch_norm_workspace(&c.options));
  expect_refused(
      retort_batch_norm_training(&c.options, c.input.data(), c.scale.data(), c.shift.data(), 0.1f,
                                 nullptr, nullptr, mean.data(), deviation.data(), c.input.data(),
                                 workspace.data(), nullptr),
      "overlap");
  expect_refused(retort_batch_norm_inference(&c.options, c.input.data(), c.scale.data(),
                                             c.shift.data(), c.running_mean.data(),
                                             c.running_variance.data(), c.input.data(), nullptr),
                 "overlap");
  expect_refused(retort_batch_norm_backward(
                     &c.options, c.input.data(), c.scale.data(), c.shift.data(),
                     c.running_mean.data(), c.running_variance.data(), c.input.data() + 1,
                     c.input.data(), mean.data(), deviation.data(), workspace.data(), nullptr),
                 "overlap");
}

}  // namespace
}  // namespace retort::testing
