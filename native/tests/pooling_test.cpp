#include "reference/pooling.h"

#include "network_testing.h"

namespace retort::testing {
namespace {

using reference::Row;

int64_t input_size(const retort_pooling& p) {
  return p.images * p.input_height * p.input_width * p.channels;
}

int64_t output_size(const retort_pooling& p) {
  return p.images * reference::pooled_side(p, p.input_height) *
         reference::pooled_side(p, p.input_width) * p.channels;
}

retort_pooling random_pooling(std::mt19937_64& random) {
  retort_pooling p;
  p.images = pick(random, {0, 1, 2, 3});
  p.channels = pick(random, {1, 3, 8, 10, 16, 17, 32});
  p.kernel = pick(random, {1, 2, 2, 3, 4});
  p.stride = pick(random, {1, 2, 2, 3, 5});
  p.padding = static_cast<int64_t>(random() % static_cast<uint64_t>(p.kernel));
  p.input_height = p.kernel + static_cast<int64_t>(random() % 9);
  p.input_width = p.kernel + static_cast<int64_t>(random() % 9);
  return p;
}

std::string describe(const retort_pooling& p) {
  ::testing::Message message;
  message << p.images << "x" << p.input_height << "x" << p.input_width << "x" << p.channels
          << " kernel " << p.kernel << " stride " << p.stride << " padding " << p.padding;
  return message.GetString();
}

// Few distinct values, so that windows have ties, and both zeros.
Floats with_ties(std::mt19937_64& random, int64_t size) {
  Floats floats(size);
  for (int64_t i = 0; i < size; ++i) {
    floats[i] = std::vector<float>{-1, -0.0f, 0.0f, 1, 2}[random() % 5];
  }
  return floats;
}

void expect_equal(const Floats& actual, const Row& expected) {
  for (int64_t i = 0; i < actual.size(); ++i) {
    expect_close(actual[i], expected[static_cast<size_t>(i)], 0, "element");
  }
  EXPECT_TRUE(actual.guards_hold());
}

TEST(MaxPool, MatchesTheReferenceExactlyWithTiesToo) {
  std::mt19937_64 random(1);
  for (int trial = 0; trial < 400; ++trial) {
    const retort_pooling p = random_pooling(random);
    SCOPED_TRACE(describe(p));
    const int64_t in = input_size(p), out = output_size(p);
    const Floats input = trial % 2 ? with_ties(random, in) : Floats::normal(random, in);
    const Floats tangent = Floats::normal(random, in);
    // Whole numbers, whose sums where windows overlap are exact.
    Floats gradient = Floats::normal(random, out, 100);
    for (int64_t i = 0; i < out; ++i) gradient[i] = std::round(gradient[i]);
    Floats output(out), input_gradient(in), output_tangent(out);
    ASSERT_EQ(retort_max_pool_forward(&p, input.data(), output.data(), nullptr), RETORT_OK);
    ASSERT_EQ(
        retort_max_pool_backward(&p, input.data(), gradient.data(), input_gradient.data(), nullptr),
        RETORT_OK);
    ASSERT_EQ(
        retort_max_pool_tangent(&p, input.data(), tangent.data(), output_tangent.data(), nullptr),
        RETORT_OK);
    expect_equal(output, reference::max_pool_forward(p, input.values()));
    expect_equal(input_gradient,
                 reference::max_pool_backward(p, input.values(), gradient.values()));
    expect_equal(output_tangent, reference::max_pool_tangent(p, input.values(), tangent.values()));
  }
}

TEST(MaxPool, ANaNWinsAndTheFirstOfThem) {
  std::mt19937_64 random(2);
  for (int trial = 0; trial < 200; ++trial) {
    const retort_pooling p = random_pooling(random);
    SCOPED_TRACE(describe(p));
    const int64_t in = input_size(p), out = output_size(p);
    Floats input = Floats::normal(random, in);
    for (int64_t i = 0; i < in; ++i) {
      if (random() % 4 == 0)
        input[i] = std::vector<float>{kNaN, -kNaN, kInfinity, -kInfinity}[random() % 4];
    }
    Floats gradient(out), tangent(in), output(out), input_gradient(in), output_tangent(out);
    for (int64_t i = 0; i < out; ++i) gradient[i] = static_cast<float>(i + 1);
    for (int64_t i = 0; i < in; ++i) tangent[i] = static_cast<float>(i + 1);
    retort_max_pool_forward(&p, input.data(), output.data(), nullptr);
    retort_max_pool_backward(&p, input.data(), gradient.data(), input_gradient.data(), nullptr);
    retort_max_pool_tangent(&p, input.data(), tangent.data(), output_tangent.data(), nullptr);
    expect_equal(output, reference::max_pool_forward(p, input.values()));
    expect_equal(input_gradient,
                 reference::max_pool_backward(p, input.values(), gradient.values()));
    expect_equal(output_tangent, reference::max_pool_tangent(p, input.values(), tangent.values()));
  }
}

TEST(MaxPool, ANaNGradientReachesTheWinnerAlone) {
  const retort_pooling p{1, 4, 4, 17, 2, 2, 0};
  std::mt19937_64 random(3);
  const Floats input = Floats::normal(random, input_size(p));
  Floats gradient(output_size(p)), input_gradient(input_size(p));
  for (int64_t i = 0; i < gradient.size(); ++i) gradient[i] = kNaN;
  retort_max_pool_backward(&p, input.data(), gradient.data(), input_gradient.data(), nullptr);
  int64_t nan = 0, zero = 0;
  for (int64_t i = 0; i < input_gradient.size(); ++i) {
    nan += std::isnan(input_gradient[i]);
    zero += input_gradient[i] == 0;
  }
  EXPECT_EQ(nan, gradient.size());
  EXPECT_EQ(nan + zero, input_gradient.size());
}

TEST(AveragePool, MatchesTheReference) {
  std::mt19937_64 random(4);
  for (int trial = 0; trial < 400; ++trial) {
    retort_pooling p = random_pooling(random);
    if (trial % 8 == 0) {
      p.kernel = p.input_width = p.input_height;
      p.padding = 0;
    }
    SCOPED_TRACE(describe(p));
    const int64_t in = input_size(p), out = output_size(p);
    const Floats input = Floats::normal(random, in), gradient = Floats::normal(random, out);
    Floats output(out), input_gradient(in);
    ASSERT_EQ(retort_average_pool_forward(&p, input.data(), output.data(), nullptr), RETORT_OK);
    ASSERT_EQ(retort_average_pool_backward(&p, gradient.data(), input_gradient.data(), nullptr),
              RETORT_OK);
    const Row mean = reference::average_pool_forward(p, input.values());
    const Row spread = reference::average_pool_backward(p, gradient.values());
    // A mean of n values: n additions, the reciprocal and the product. At most n windows meet.
    const double window = static_cast<double>(p.kernel * p.kernel);
    const double bound = kEpsilon * (window + 2) * largest_magnitude(input.values());
    const double gradient_bound = kEpsilon * (window + 2) * largest_magnitude(gradient.values());
    for (int64_t i = 0; i < out; ++i) {
      expect_close(output[i], mean[static_cast<size_t>(i)], bound, "mean");
    }
    for (int64_t i = 0; i < in; ++i) {
      expect_close(input_gradient[i], spread[static_cast<size_t>(i)], gradient_bound, "gradient");
    }
    EXPECT_TRUE(output.guards_hold() && input_gradient.guards_hold());
  }
}

TEST(Pooling, BackwardIsTheTransposeOfTheTangent) {
  std::mt19937_64 random(5);
  for (int trial = 0; trial < 100; ++trial) {
    const retort_pooling p = random_pooling(random);
    SCOPED_TRACE(describe(p));
    const int64_t in = input_size(p), out = output_size(p);
    const Floats input = Floats::normal(random, in), u = Floats::normal(random, in);
    const Floats g = Floats::normal(random, out);
    Floats max_tangent(out), max_gradient(in), mean(out), mean_gradient(in);
    retort_max_pool_tangent(&p, input.data(), u.data(), max_tangent.data(), nullptr);
    retort_max_pool_backward(&p, input.data(), g.data(), max_gradient.data(), nullptr);
    retort_average_pool_forward(&p, u.data(), mean.data(), nullptr);
    retort_average_pool_backward(&p, g.data(), mean_gradient.data(), nullptr);
    const auto expect_transposed = [&](const Floats& tangent, const Floats& gradient) {
      const double magnitude = inner_product_of_magnitudes(u.values(), gradient.values()) +
                               inner_product_of_magnitudes(tangent.values(), g.values());
      EXPECT_NEAR(inner_product(tangent.values(), g.values()),
                  inner_product(u.values(), gradient.values()), kEpsilon * 32 * (magnitude + 1));
    };
    expect_transposed(max_tangent, max_gradient);
    expect_transposed(mean, mean_gradient);
  }
}

TEST(PoolingReference, GradientsAreSlopes) {
  std::mt19937_64 random(6);
  for (int trial = 0; trial < 30; ++trial) {
    retort_pooling p = random_pooling(random);
    p.images = 2;
    p.channels = 2;
    const Row input = Floats::normal(random, input_size(p)).values();
    const Row g = Floats::normal(random, output_size(p)).values();
    const auto max = [&](const Row& x) {
      return inner_product(reference::max_pool_forward(p, x), g);
    };
    const auto mean = [&](const Row& x) {
      return inner_product(reference::average_pool_forward(p, x), g);
    };
    // A step small enough that no winner changes.
    const Row max_slopes = slopes(max, input, 1e-7), mean_slopes = slopes(mean, input, 1e-3);
    const Row max_gradient = reference::max_pool_backward(p, input, g);
    const Row mean_gradient = reference::average_pool_backward(p, g);
    for (size_t i = 0; i < input.size(); ++i) {
      EXPECT_NEAR(max_gradient[i], max_slopes[i], 1e-6);
      EXPECT_NEAR(mean_gradient[i], mean_slopes[i], 1e-9);
    }
  }
}

TEST(Pooling, TheNumberOfThreadsChangesNoBit) {
  std::mt19937_64 random(7);
  for (const int64_t stride : {1, 2, 3}) {
    const retort_pooling p{9, 29, 31, 16, 2, stride, 1};
    const Floats input = Floats::normal(random, input_size(p));
    const Floats g = Floats::normal(random, output_size(p));
    expect_same_bits_on_any_threads([&](const retort_executor* executor) {
      Floats max(g.size()), tangent(g.size()), mean(g.size()), dx(input.size()), mx(input.size());
      retort_max_pool_forward(&p, input.data(), max.data(), executor);
      retort_max_pool_tangent(&p, input.data(), input.data(), tangent.data(), executor);
      retort_max_pool_backward(&p, input.data(), g.data(), dx.data(), executor);
      retort_average_pool_forward(&p, input.data(), mean.data(), executor);
      retort_average_pool_backward(&p, g.data(), mx.data(), executor);
      return std::vector<Floats>{max, tangent, mean, dx, mx};
    });
  }
}

TEST(Pooling, ABadArgumentIsNamed) {
  float x[16] = {}, y[16] = {}, z[16] = {};
  const auto refused = [&](const std::function<void(retort_pooling*)>& spoil, const char* name) {
    retort_pooling p{1, 4, 4, 1, 2, 2, 0};
    spoil(&p);
    expect_refused(retort_max_pool_forward(&p, x, y, nullptr), name);
    expect_refused(retort_max_pool_backward(&p, x, y, z, nullptr), name);
    expect_refused(retort_max_pool_tangent(&p, x, y, z, nullptr), name);
    expect_refused(retort_average_pool_forward(&p, x, y, nullptr), name);
    expect_refused(retort_average_pool_backward(&p, y, z, nullptr), name);
  };
  refused([](retort_pooling* p) { p->images = -1; }, "images");
  refused([](retort_pooling* p) { p->input_height = 0; }, "input_height");
  refused([](retort_pooling* p) { p->input_width = 0; }, "input_width");
  refused([](retort_pooling* p) { p->channels = 0; }, "channels");
  refused([](retort_pooling* p) { p->kernel = 0; }, "kernel");
  refused([](retort_pooling* p) { p->stride = 0; }, "stride");
  refused([](retort_pooling* p) { p->padding = -1; }, "padding");
  refused([](retort_pooling* p) { p->padding = 2; }, "padding");
  refused([](retort_pooling* p) { p->kernel = 5; }, "kernel");
  refused([](retort_pooling* p) { p->kernel = INT64_MAX, p->padding = INT64_MAX - 1; }, "kernel");
  refused([](retort_pooling* p) { p->stride = INT64_MAX; }, "stride");
  refused([](retort_pooling* p) { p->images = INT64_MAX; }, "overflows");
  refused([](retort_pooling* p) { p->input_height = INT64_MAX; }, "put");
  refused([](retort_pooling* p) { p->input_width = INT64_MAX / 2; }, "overflows");
  refused([](retort_pooling* p) { p->channels = INT64_MAX; }, "overflows");
  const retort_pooling p{1, 4, 4, 1, 2, 2, 0};
  expect_refused(retort_max_pool_forward(nullptr, x, y, nullptr), "pooling");
  expect_refused(retort_max_pool_forward(&p, nullptr, y, nullptr), "input");
  expect_refused(retort_max_pool_forward(&p, x, nullptr, nullptr), "output");
  expect_refused(retort_max_pool_forward(&p, x, x, nullptr), "overlap");
  expect_refused(retort_max_pool_backward(nullptr, x, y, z, nullptr), "pooling");
  expect_refused(retort_max_pool_backward(&p, nullptr, y, z, nullptr), "input");
  expect_refused(retort_max_pool_backward(&p, x, nullptr, z, nullptr), "output_gradient");
  expect_refused(retort_max_pool_backward(&p, x, y, nullptr, nullptr), "input_gradient");
  expect_refused(retort_max_pool_backward(&p, x, y, x, nullptr), "overlap");
  expect_refused(retort_max_pool_tangent(nullptr, x, y, z, nullptr), "pooling");
  expect_refused(retort_max_pool_tangent(&p, nullptr, y, z, nullptr), "input");
  expect_refused(retort_max_pool_tangent(&p, x, nullptr, z, nullptr), "input_tangent");
  expect_refused(retort_max_pool_tangent(&p, x, y, nullptr, nullptr), "output_tangent");
  expect_refused(retort_max_pool_tangent(&p, x, y, y, nullptr), "overlap");
  expect_refused(retort_average_pool_forward(nullptr, x, y, nullptr), "pooling");
  expect_refused(retort_average_pool_forward(&p, nullptr, y, nullptr), "input");
  expect_refused(retort_average_pool_forward(&p, x, nullptr, nullptr), "output");
  expect_refused(retort_average_pool_backward(nullptr, x, y, nullptr), "pooling");
  expect_refused(retort_average_pool_backward(&p, nullptr, y, nullptr), "output_gradient");
  expect_refused(retort_average_pool_backward(&p, x, nullptr, nullptr), "input_gradient");
  expect_refused(retort_average_pool_backward(&p, x, x, nullptr), "overlap");
}

TEST(Pooling, NoImagesAreNoError) {
  const retort_pooling p{0, 4, 4, 1, 2, 2, 0};
  EXPECT_EQ(retort_max_pool_forward(&p, nullptr, nullptr, nullptr), RETORT_OK);
  EXPECT_EQ(retort_max_pool_backward(&p, nullptr, nullptr, nullptr, nullptr), RETORT_OK);
  EXPECT_EQ(retort_max_pool_tangent(&p, nullptr, nullptr, nullptr, nullptr), RETORT_OK);
  EXPECT_EQ(retort_average_pool_forward(&p, nullptr, nullptr, nullptr), RETORT_OK);
  EXPECT_EQ(retort_average_pool_backward(&p, nullptr, nullptr, nullptr), RETORT_OK);
}

}  // namespace
}  // namespace retort::testing
