#include "reference/smoothed_relu_sum.h"

#include "network_testing.h"

namespace retort::testing {
namespace {

using reference::Row;

// Values on both sides of 0 and of the threshold.
Floats pre_activations_of(std::mt19937_64& random, const retort_smoothed_relu_sum& sum) {
  return Floats::normal(random,
                        sum.samples * sum.patches * sum.networks * sum.classes * sum.neurons,
                        1.5f * sum.threshold);
}

Floats gradient_of(std::mt19937_64& random, const retort_smoothed_relu_sum& sum) {
  return Floats::normal(random, sum.networks * sum.samples * sum.classes);
}

retort_smoothed_relu_sum draw(std::mt19937_64& random) {
  return {pick(random, {0, 1, 2, 9}),     pick(random, {1, 2, 14}),
          pick(random, {1, 3, 10}),       pick(random, {1, 2, 10}),
          pick(random, {1, 5, 19}),       static_cast<int32_t>(pick(random, {2, 3, 4, 7})),
          random() % 2 == 0 ? 1.0f : 0.3f};
}

// A power of degree q and the vector's own operations round q + 4 times, a sum once an addend more.
double rounding(const retort_smoothed_relu_sum& sum, int64_t addends) {
  return kEpsilon * static_cast<double>(sum.degree + 4 + addends);
}

TEST(SmoothedReluSum, ForwardAndBackwardMatchTheReference) {
  std::mt19937_64 random(1);
  for (int round = 0; round < 60; ++round) {
    const retort_smoothed_relu_sum sum = draw(random);
    SCOPED_TRACE(::testing::Message()
                 << sum.samples << " samples, " << sum.patches << " patches, " << sum.networks
                 << " x " << sum.classes << " x " << sum.neurons << ", degree " << sum.degree);
    const Floats a = pre_activations_of(random, sum), dy = gradient_of(random, sum);
    Floats y(dy.size()), da(a.size()), in_place = a;
    ASSERT_EQ(retort_smoothed_relu_sum_forward(&sum, a.data(), y.data(), nullptr), RETORT_OK);
    ASSERT_EQ(retort_smoothed_relu_sum_backward(&sum, a.data(), dy.data(), da.data(), nullptr),
              RETORT_OK);
    ASSERT_EQ(retort_smoothed_relu_sum_backward(&sum, in_place.data(), dy.data(), in_place.data(),
                                                nullptr),
              RETORT_OK);
    const Row expected = reference::smoothed_relu_sum_forward(sum, a.values());
    const Row gradient = reference::smoothed_relu_sum_backward(sum, a.values(), dy.values());
    for (size_t i = 0; i < expected.size(); ++i) {
      // All addends are positive.
      expect_close(y[static_cast<int64_t>(i)], expected[i],
                   rounding(sum, sum.patches * sum.neurons) * expected[i], "output");
    }
    for (size_t i = 0; i < gradient.size(); ++i) {
      expect_close(da[static_cast<int64_t>(i)], gradient[i],
                   rounding(sum, 0) * std::fabs(gradient[i]), "gradient");
    }
    EXPECT_TRUE(y.guards_hold() && da.guards_hold() && da.same_bits(in_place));
  }
}

TEST(SmoothedReluSum, TheReferencesGradientIsItsSlope) {
  std::mt19937_64 random(2);
  for (const int32_t degree : {2, 3, 4}) {
    const retort_smoothed_relu_sum sum{2, 3, 2, 2, 2, degree, 0.8f};
    const Row a = pre_activations_of(random, sum).values(), dy = gradient_of(random, sum).values();
    const Row gradient = reference::smoothed_relu_sum_backward(sum, a, dy);
    const Row slope = slopes(
        [&](const Row& at) {
          return inner_product(reference::smoothed_relu_sum_forward(sum, at), dy);
        },
        a);
    for (size_t i = 0; i < a.size(); ++i) EXPECT_NEAR(gradient[i], slope[i], 1e-8);
  }
}

TEST(SmoothedReluSum, ItsPiecesMeetAtTheThreshold) {
  const double threshold = 0.7f;
  for (const int32_t degree : {2, 4, 64}) {
    const retort_smoothed_relu_sum sum{1, 1, 1, 1, 4, degree, 0.7f};
    Floats a(4), y(1), da(4), dy(1);
    a[0] = -1;
    a[1] = 0;
    a[2] = 0.7f;
    a[3] = 3;
    dy[0] = 1;
    ASSERT_EQ(retort_smoothed_relu_sum_forward(&sum, a.data(), y.data(), nullptr), RETORT_OK);
    ASSERT_EQ(retort_smoothed_relu_sum_backward(&sum, a.data(), dy.data(), da.data(), nullptr),
              RETORT_OK);
    EXPECT_NEAR(y[0], threshold / degree + 3 - (1 - 1.0 / degree) * threshold, 70 * kEpsilon);
    EXPECT_EQ(da[0], 0);
    EXPECT_EQ(da[1], 0);
    EXPECT_NEAR(da[2], 1, 70 * kEpsilon);
    EXPECT_EQ(da[3], 1);
  }
}

TEST(SmoothedReluSum, NaNAndInfinityReachOnlyWhatTheyConcern) {
  const retort_smoothed_relu_sum sum{2, 2, 2, 3, 7, 4, 1};
  const int64_t columns = 42;
  Floats a(4 * columns), y(12), dy(12), da(a.size());
  for (int64_t i = 0; i < a.size(); ++i) a[i] = 0.5f;
  for (int64_t i = 0; i < dy.size(); ++i) dy[i] = 1;
  a[columns + 23] = kNaN;           // sample 0, network 1, class 0
  a[3 * columns + 41] = kInfinity;  // sample 1, network 1, class 2
  a[3 * columns] = -kInfinity;      // sample 1, network 0, class 0
  ASSERT_EQ(retort_smoothed_relu_sum_forward(&sum, a.data(), y.data(), nullptr), RETORT_OK);
  ASSERT_EQ(retort_smoothed_relu_sum_backward(&sum, a.data(), dy.data(), da.data(), nullptr),
            RETORT_OK);
  for (int64_t i = 0; i < y.size(); ++i) {
    EXPECT_EQ(std::isnan(y[i]), i == 6) << i;
    EXPECT_EQ(std::isinf(y[i]), i == 11) << i;
  }
  for (int64_t i = 0; i < da.size(); ++i) EXPECT_EQ(std::isnan(da[i]), i == columns + 23) << i;
  EXPECT_EQ(da[3 * columns + 41], 1);
  EXPECT_EQ(da[3 * columns], 0);
}

TEST(SmoothedReluSum, TheNumberOfThreadsChangesNoBit) {
  std::mt19937_64 random(3);
  const retort_smoothed_relu_sum sum{300, 14, 3, 10, 5, 4, 1};
  const Floats a = pre_activations_of(random, sum), dy = gradient_of(random, sum);
  expect_same_bits_on_any_threads([&](const retort_executor* executor) {
    Floats y(dy.size()), da(a.size());
    retort_smoothed_relu_sum_forward(&sum, a.data(), y.data(), executor);
    retort_smoothed_relu_sum_backward(&sum, a.data(), dy.data(), da.data(), executor);
    return std::vector<Floats>{y, da};
  });
}

TEST(SmoothedReluSum, ABadArgumentIsNamed) {
  const retort_smoothed_relu_sum good{2, 2, 1, 2, 2, 4, 1};
  float a[16] = {}, y[4] = {}, other[16] = {};
  const auto refused = [&](const retort_smoothed_relu_sum& sum, const char* argument) {
    expect_refused(retort_smoothed_relu_sum_forward(&sum, a, y, nullptr), argument);
    expect_refused(retort_smoothed_relu_sum_backward(&sum, a, y, other, nullptr), argument);
  };
  expect_refused(retort_smoothed_relu_sum_forward(nullptr, a, y, nullptr), "sum");
  expect_refused(retort_smoothed_relu_sum_backward(nullptr, a, y, other, nullptr), "sum");
  refused({-1, 2, 1, 2, 2, 4, 1}, "samples");
  refused({2, 0, 1, 2, 2, 4, 1}, "patches");
  refused({2, 2, 0, 2, 2, 4, 1}, "networks");
  refused({2, 2, 1, 0, 2, 4, 1}, "classes");
  refused({2, 2, 1, 2, 0, 4, 1}, "neurons");
  refused({2, 2, 1, 2, 2, 1, 1}, "degree");
  refused({2, 2, 1, 2, 2, 65, 1}, "degree");
  for (const float threshold : {0.0f, -1.0f, kInfinity, kNaN, 1e-45f}) {
    refused({2, 2, 1, 2, 2, 4, threshold}, "threshold");
  }
  refused({INT64_MAX, 2, 1, 2, 2, 4, 1}, "pre_activations");
  refused({2, 2, INT64_MAX, 2, 2, 4, 1}, "pre_activations");
  refused({INT64_MAX / 4, 2, 1, 2, 2, 4, 1}, "pre_activations");
  expect_refused(retort_smoothed_relu_sum_forward(&good, nullptr, y, nullptr), "pre_activations");
  expect_refused(retort_smoothed_relu_sum_forward(&good, a, nullptr, nullptr), "output");
  expect_refused(retort_smoothed_relu_sum_forward(&good, a, a, nullptr), "overlap");
  expect_refused(retort_smoothed_relu_sum_backward(&good, nullptr, y, other, nullptr),
                 "pre_activations");
  expect_refused(retort_smoothed_relu_sum_backward(&good, a, nullptr, other, nullptr),
                 "output_gradient");
  expect_refused(retort_smoothed_relu_sum_backward(&good, a, y, nullptr, nullptr),
                 "pre_activation_gradient");
  expect_refused(retort_smoothed_relu_sum_backward(&good, a, other, other, nullptr), "overlap");
  expect_refused(retort_smoothed_relu_sum_backward(&good, a, y, a + 1, nullptr), "overlap");
}

}  // namespace
}  // namespace retort::testing
