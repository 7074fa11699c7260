#include <functional>
#include <string>

#include "reference/convolution.h"
#include "retort/network.h"
#include "testing.h"

namespace retort::testing {
namespace {

constexpr double kRoundoff = std::numeric_limits<float>::epsilon() / 2.0;

using Doubles = std::vector<double>;

// A tensor between guard bands. Its start is aligned to its elements and no further.
class Floats {
 public:
  explicit Floats(int64_t size)
      : size_(size), buffer_(static_cast<size_t>(size + 2 * kBand), kGuard) {}

  Floats(int64_t size, std::mt19937_64& random) : Floats(size) {
    std::normal_distribution<float> normal;
    for (int64_t i = 0; i < size; ++i) data()[i] = normal(random);
  }

  int64_t size() const { return size_; }
  float* data() { return buffer_.data() + kBand; }
  const float* data() const { return buffer_.data() + kBand; }
  Doubles doubles() const { return Doubles(data(), data() + size_); }

  Doubles magnitudes() const {
    Doubles values = doubles();
    for (double& x : values) x = std::fabs(x);
    return values;
  }

  bool guards_hold() const {
    for (int64_t i = 0; i < kBand; ++i) {
      if (buffer_[static_cast<size_t>(i)] != kGuard) return false;
      if (buffer_[static_cast<size_t>(kBand + size_ + i)] != kGuard) return false;
    }
    return true;
  }

  bool same_bits(const Floats& other) const {
    return size_ == other.size_ &&
           std::memcmp(data(), other.data(), static_cast<size_t>(size_) * sizeof(float)) == 0;
  }

 private:
  static constexpr int64_t kBand = 67;
  int64_t size_;
  std::vector<float> buffer_;
};

int64_t input_size(const retort_convolution& a) {
  return a.images * a.input_height * a.input_width * a.input_channels;
}
int64_t weights_size(const retort_convolution& a) {
  return a.output_channels * a.kernel_height * a.kernel_width * a.input_channels;
}
int64_t output_size(const retort_convolution& a) {
  return a.images * reference::convolution_output_height(a) *
         reference::convolution_output_width(a) * a.output_channels;
}

std::string describe(const retort_convolution& a) {
  std::string text;
  for (const int64_t size :
       {a.images, a.input_height, a.input_width, a.input_channels, a.output_channels,
        a.kernel_height, a.kernel_width, a.stride, a.padding}) {
    text += std::to_string(size) + " ";
  }
  return "images, height, width, channels in, out, kernel, stride, padding: " + text;
}

bool is_valid(const retort_convolution& a) {
  return a.padding < a.kernel_height && a.padding < a.kernel_width &&
         a.kernel_height <= a.input_height + 2 * a.padding &&
         a.kernel_width <= a.input_width + 2 * a.padding;
}

retort_convolution random_convolution(std::mt19937_64& random) {
  const auto between = [&](int64_t least, int64_t most) {
    return least + static_cast<int64_t>(random() % static_cast<uint64_t>(most - least + 1));
  };
  for (;;) {
    retort_convolution a{};
    a.images = pick(random, {1, 1, 2, 3, 5});
    a.input_height = pick(random, {1, 2, 3, 5, 7, 8, 13, 16});
    a.input_width = pick(random, {1, 2, 3, 5, 7, 8, 14, 17, 29});
    a.input_channels = pick(random, {1, 3, between(1, 40)});
    a.output_channels = pick(random, {1, 10, 16, 17, between(1, 40)});
    a.kernel_height = pick(random, {1, 2, 3, 3, 5});
    a.kernel_width = random() % 2 == 0 ? a.kernel_height : pick(random, {1, 2, 3, 5});
    a.stride = pick(random, {1, 1, 2, 3, 7});
    a.padding = between(0, 4);
    if (is_valid(a)) return a;
  }
}

// One convolution with random tensors, its results, and a workspace of exactly the size asked for.
struct Case {
  retort_convolution shape;
  Floats input, weights, bias, output_gradient;
  Floats output, input_gradient, weights_gradient, workspace;

  Case(const retort_convolution& a, std::mt19937_64& random)
      : shape(a),
        input(input_size(a), random),
        weights(weights_size(a), random),
        bias(a.output_channels, random),
        output_gradient(output_size(a), random),
        output(output_size(a)),
        input_gradient(input_size(a)),
        weights_gradient(weights_size(a)),
        workspace(retort_convolution_workspace(&a)) {}

  void run(const retort_executor* executor, bool with_bias = true) {
    ASSERT_EQ(retort_convolution_forward(&shape, input.data(), weights.data(),
                                         with_bias ? bias.data() : nullptr, output.data(),
                                         workspace.data(), executor),
              RETORT_OK)
        << retort_last_error();
    ASSERT_EQ(retort_convolution_backward_input(&shape, output_gradient.data(), weights.data(),
                                                input_gradient.data(), workspace.data(), executor),
              RETORT_OK)
        << retort_last_error();
    ASSERT_EQ(
        retort_convolution_backward_weights(&shape, input.data(), output_gradient.data(),
                                            weights_gradient.data(), workspace.data(), executor),
        RETORT_OK)
        << retort_last_error();
  }

  bool guards_hold() const {
    return output.guards_hold() && input_gradient.guards_hold() && weights_gradient.guards_hold() &&
           workspace.guards_hold();
  }
};

// A sum of n products in any order, f32, is off by at most (n + 1) roundoffs of the sum of
// magnitudes.
void expect_sums(const Floats& actual, const Doubles& expected, const Doubles& magnitudes,
                 int64_t products, const char* what) {
  ASSERT_EQ(actual.size(), static_cast<int64_t>(expected.size()));
  for (size_t i = 0; i < expected.size(); ++i) {
    const double bound = static_cast<double>(products + 1) * kRoundoff * magnitudes[i];
    ASSERT_NEAR(actual.data()[i], expected[i], bound) << what << " at " << i;
  }
}

void expect_matches_reference(Case& c, bool with_bias) {
  const retort_convolution& a = c.shape;
  const Doubles none;
  const int64_t kernel = a.kernel_height * a.kernel_width;
  expect_sums(c.output,
              reference::convolution_forward(a, c.input.doubles(), c.weights.doubles(),
                                             with_bias ? c.bias.doubles() : none),
              reference::convolution_forward(a, c.input.magnitudes(), c.weights.magnitudes(),
                                             with_bias ? c.bias.magnitudes() : none),
              kernel * a.input_channels + 1, "output");
  expect_sums(
      c.input_gradient,
      reference::convolution_backward_input(a, c.output_gradient.doubles(), c.weights.doubles()),
      reference::convolution_backward_input(a, c.output_gradient.magnitudes(),
                                            c.weights.magnitudes()),
      kernel * a.output_channels, "input gradient");
  expect_sums(
      c.weights_gradient,
      reference::convolution_backward_weights(a, c.input.doubles(), c.output_gradient.doubles()),
      reference::convolution_backward_weights(a, c.input.magnitudes(),
                                              c.output_gradient.magnitudes()),
      output_size(a) / a.output_channels, "weights gradient");
}

TEST(Convolution, MatchesTheReferenceOverRandomShapes) {
  std::mt19937_64 random(1);
  for (int trial = 0; trial < 250; ++trial) {
    const retort_convolution shape = random_convolution(random);
    SCOPED_TRACE(describe(shape));
    Case c(shape, random);
    const bool with_bias = trial % 2 == 0;
    c.run(nullptr, with_bias);
    expect_matches_reference(c, with_bias);
    ASSERT_TRUE(c.guards_hold());
    if (HasFatalFailure()) return;
  }
}

// Layers of small networks: large enough to be cut into several bands, tasks and blocks of
// channels.
const retort_convolution kLayers[] = {
    {40, 28, 28, 1, 16, 3, 3, 1, 1}, {20, 32, 32, 3, 16, 3, 3, 1, 1},
    {2, 28, 28, 16, 16, 3, 3, 1, 1}, {3, 7, 7, 32, 64, 3, 3, 1, 1},
    {2, 32, 32, 32, 64, 3, 3, 2, 1}, {2, 32, 32, 32, 64, 1, 1, 2, 0},
    {2, 8, 8, 128, 128, 3, 3, 1, 1}, {1, 20, 40, 40, 72, 5, 5, 1, 2},
    {4, 11, 9, 64, 100, 1, 1, 1, 0}, {1, 4, 4, 512, 40, 3, 3, 1, 1}};

TEST(Convolution, MatchesTheReferenceOnLayersOfSmallNetworks) {
  std::mt19937_64 random(2);
  const Pool pool = make_pool(2);
  for (const retort_convolution& shape : kLayers) {
    SCOPED_TRACE(describe(shape));
    Case c(shape, random);
    c.run(retort_thread_pool_executor(pool.get()));
    expect_matches_reference(c, true);
    ASSERT_TRUE(c.guards_hold());
    if (HasFatalFailure()) return;
  }
}

double inner_product(const Floats& a, const Floats& b) {
  double sum = 0;
  for (int64_t i = 0; i < a.size(); ++i) sum += static_cast<double>(a.data()[i]) * b.data()[i];
  return sum;
}

double norm(const Floats& a) { return std::sqrt(inner_product(a, a)); }

TEST(Convolution, GradientsAreTheAdjointsOfTheForwardOperation) {
  std::mt19937_64 random(3);
  for (int trial = 0; trial < 100; ++trial) {
    const retort_convolution shape = random_convolution(random);
    SCOPED_TRACE(describe(shape));
    Case c(shape, random);
    c.run(nullptr, false);
    const double product = inner_product(c.output, c.output_gradient);
    const double scale = norm(c.output) * norm(c.output_gradient) +
                         norm(c.input) * norm(c.input_gradient) +
                         norm(c.weights) * norm(c.weights_gradient);
    const double bound = 1e-5 * scale;
    EXPECT_NEAR(inner_product(c.input, c.input_gradient), product, bound);
    EXPECT_NEAR(inner_product(c.weights, c.weights_gradient), product, bound);
  }
}

TEST(Convolution, TheNumberOfThreadsDoesNotChangeABit) {
  std::mt19937_64 random(4);
  for (const retort_convolution& shape : kLayers) {
    SCOPED_TRACE(describe(shape));
    Case alone(shape, random);
    alone.run(nullptr);
    for (const int32_t threads : {1, 2, 7}) {
      const Pool pool = make_pool(threads);
      Case together = alone;
      together.run(retort_thread_pool_executor(pool.get()));
      EXPECT_TRUE(together.output.same_bits(alone.output)) << threads;
      EXPECT_TRUE(together.input_gradient.same_bits(alone.input_gradient)) << threads;
      EXPECT_TRUE(together.weights_gradient.same_bits(alone.weights_gradient)) << threads;
    }
  }
}

TEST(Convolution, NoImagesGiveNoOutputAndAGradientOfZeroOnTheWeights) {
  const retort_convolution shape{0, 8, 8, 3, 5, 3, 3, 1, 1};
  std::mt19937_64 random(5);
  Case c(shape, random);
  ASSERT_EQ(retort_convolution_forward(&shape, nullptr, c.weights.data(), nullptr, nullptr,
                                       c.workspace.data(), nullptr),
            RETORT_OK);
  ASSERT_EQ(retort_convolution_backward_input(&shape, nullptr, c.weights.data(), nullptr,
                                              c.workspace.data(), nullptr),
            RETORT_OK);
  ASSERT_EQ(retort_convolution_backward_weights(&shape, nullptr, nullptr, c.weights_gradient.data(),
                                                c.workspace.data(), nullptr),
            RETORT_OK);
  for (const double x : c.weights_gradient.doubles()) EXPECT_EQ(x, 0);
  EXPECT_TRUE(c.guards_hold());
}

TEST(Convolution, ANaNReachesExactlyTheOutputsWhoseWindowHoldsIt) {
  const retort_convolution shape{2, 9, 11, 5, 20, 3, 3, 1, 1};
  std::mt19937_64 random(6);
  Case c(shape, random);
  const int64_t y = 4, x = 10;
  c.input.data()[((9 + y) * 11 + x) * 5 + 2] = kNaN;
  c.run(nullptr);
  for (int64_t n = 0; n < 2; ++n) {
    for (int64_t oy = 0; oy < 9; ++oy) {
      for (int64_t ox = 0; ox < 11; ++ox) {
        const bool holds = n == 1 && std::abs(oy - y) <= 1 && std::abs(ox - x) <= 1;
        for (int64_t o = 0; o < 20; ++o) {
          EXPECT_EQ(std::isnan(c.output.data()[((n * 9 + oy) * 11 + ox) * 20 + o]), holds);
        }
      }
    }
  }
}

TEST(Convolution, AnInfinityInTheInputStaysAnInfinity) {
  const retort_convolution shape{1, 5, 5, 1, 3, 3, 3, 1, 1};
  std::mt19937_64 random(7);
  Case c(shape, random);
  for (int64_t i = 0; i < c.weights.size(); ++i) c.weights.data()[i] = 1;
  c.input.data()[0] = kInfinity;
  c.run(nullptr);
  EXPECT_EQ(c.output.data()[0], kInfinity);
  EXPECT_EQ(c.output.data()[(1 * 5 + 1) * 3 + 2], kInfinity);
  EXPECT_TRUE(std::isfinite(c.output.data()[2 * 3]));
}

TEST(Convolution, WorkspaceOfAWideLayerIsBounded) {
  const retort_convolution shape{128, 8, 8, 512, 512, 3, 3, 1, 1};
  EXPECT_LE(retort_convolution_workspace(&shape), 4 * weights_size(shape));
}

class ConvolutionArguments : public ::testing::Test {
 protected:
  ConvolutionArguments() : random_(8), c_({2, 6, 6, 3, 4, 3, 3, 1, 1}, random_) {}

  static void expect_refused(retort_status status, const char* argument) {
    EXPECT_EQ(status, RETORT_INVALID_ARGUMENT) << argument;
    EXPECT_NE(std::strstr(retort_last_error(), argument), nullptr) << retort_last_error();
  }

  retort_status forward(const float* input, const float* weights, const float* bias, float* output,
                        float* workspace) {
    return retort_convolution_forward(&c_.shape, input, weights, bias, output, workspace, nullptr);
  }
  retort_status backward_input(const float* gradient, const float* weights, float* input_gradient,
                               float* workspace) {
    return retort_convolution_backward_input(&c_.shape, gradient, weights, input_gradient,
                                             workspace, nullptr);
  }
  retort_status backward_weights(const float* input, const float* gradient, float* weights_gradient,
                                 float* workspace) {
    return retort_convolution_backward_weights(&c_.shape, input, gradient, weights_gradient,
                                               workspace, nullptr);
  }
  static float* misaligned(Floats& floats) {
    return reinterpret_cast<float*>(reinterpret_cast<char*>(floats.data()) + 1);
  }

  std::mt19937_64 random_;
  Case c_;
};

TEST_F(ConvolutionArguments, ABadSizeIsNamed) {
  const auto refused = [&](const char* name,
                           const std::function<void(retort_convolution&)>& spoil) {
    retort_convolution bad = c_.shape;
    spoil(bad);
    EXPECT_EQ(retort_convolution_workspace(&bad), -1) << name;
    EXPECT_NE(std::strstr(retort_last_error(), name), nullptr) << retort_last_error();
    expect_refused(retort_convolution_forward(&bad, c_.input.data(), c_.weights.data(), nullptr,
                                              c_.output.data(), c_.workspace.data(), nullptr),
                   name);
    expect_refused(
        retort_convolution_backward_input(&bad, c_.output_gradient.data(), c_.weights.data(),
                                          c_.input_gradient.data(), c_.workspace.data(), nullptr),
        name);
    expect_refused(retort_convolution_backward_weights(
                       &bad, c_.input.data(), c_.output_gradient.data(), c_.weights_gradient.data(),
                       c_.workspace.data(), nullptr),
                   name);
  };
  for (const int64_t bad : {int64_t{-1}, INT64_MIN, INT64_MAX}) {
    refused("images", [=](retort_convolution& a) { a.images = bad; });
    refused("padding", [=](retort_convolution& a) { a.padding = bad; });
  }
  for (const int64_t bad : {int64_t{0}, int64_t{-3}, INT64_MIN, INT64_MAX}) {
    refused("input_height", [=](retort_convolution& a) { a.input_height = bad; });
    refused("input_width", [=](retort_convolution& a) { a.input_width = bad; });
    refused("input_channels", [=](retort_convolution& a) { a.input_channels = bad; });
    refused("output_channels", [=](retort_convolution& a) { a.output_channels = bad; });
    refused("kernel_height", [=](retort_convolution& a) { a.kernel_height = bad; });
    refused("kernel_width", [=](retort_convolution& a) { a.kernel_width = bad; });
    refused("stride", [=](retort_convolution& a) { a.stride = bad; });
  }
  refused("padding", [](retort_convolution& a) { a.padding = 3; });
  refused("kernel_width", [](retort_convolution& a) { a.kernel_width = 9; });
  refused("input", [](retort_convolution& a) {
    a.input_height = a.input_width = a.images = int64_t{1} << 30;
  });
  refused("weights",
          [](retort_convolution& a) { a.input_channels = a.output_channels = int64_t{1} << 30; });
  refused("workspace", [](retort_convolution& a) {
    a.images = 0;
    a.kernel_height = a.kernel_width = a.input_height = a.input_width = (int64_t{1} << 29) - 1;
    a.padding = (int64_t{1} << 29) - 2;
    a.input_channels = a.output_channels = 1;
  });
  EXPECT_EQ(retort_convolution_workspace(nullptr), -1);
  expect_refused(retort_convolution_forward(nullptr, c_.input.data(), c_.weights.data(), nullptr,
                                            c_.output.data(), c_.workspace.data(), nullptr),
                 "convolution");
}

TEST_F(ConvolutionArguments, ABadPointerIsNamed) {
  float *x = c_.input.data(), *w = c_.weights.data(), *b = c_.bias.data(), *y = c_.output.data();
  float *g = c_.output_gradient.data(), *dx = c_.input_gradient.data(),
        *dw = c_.weights_gradient.data();
  float* space = c_.workspace.data();
  expect_refused(forward(nullptr, w, b, y, space), "input");
  expect_refused(forward(x, nullptr, b, y, space), "weights");
  expect_refused(forward(x, w, b, nullptr, space), "output");
  expect_refused(forward(x, w, b, y, nullptr), "workspace");
  expect_refused(forward(misaligned(c_.input), w, b, y, space), "input");
  expect_refused(forward(x, misaligned(c_.weights), b, y, space), "weights");
  expect_refused(forward(x, w, misaligned(c_.bias), y, space), "bias");
  expect_refused(forward(x, w, b, misaligned(c_.output), space), "output");
  expect_refused(forward(x, w, b, y, misaligned(c_.workspace)), "workspace");
  expect_refused(backward_input(nullptr, w, dx, space), "output_gradient");
  expect_refused(backward_input(g, nullptr, dx, space), "weights");
  expect_refused(backward_input(g, w, nullptr, space), "input_gradient");
  expect_refused(backward_input(g, w, dx, nullptr), "workspace");
  expect_refused(backward_weights(nullptr, g, dw, space), "input");
  expect_refused(backward_weights(x, nullptr, dw, space), "output_gradient");
  expect_refused(backward_weights(x, g, nullptr, space), "weights_gradient");
  expect_refused(backward_weights(x, g, dw, nullptr), "workspace");
}

TEST_F(ConvolutionArguments, AnOutputThatOverlapsIsRefused) {
  float *x = c_.input.data(), *w = c_.weights.data(), *b = c_.bias.data(), *y = c_.output.data();
  float *g = c_.output_gradient.data(), *dx = c_.input_gradient.data(),
        *space = c_.workspace.data();
  expect_refused(forward(x, w, b, x, space), "output must not overlap input");
  expect_refused(forward(x, y + 5, b, y, space), "output must not overlap weights");
  expect_refused(forward(x, w, y, y, space), "output must not overlap bias");
  expect_refused(forward(x, w, b, y, y), "workspace must not overlap output");
  expect_refused(forward(x, w, b, y, x), "workspace must not overlap input");
  expect_refused(forward(x, w, space, y, space), "workspace must not overlap bias");
  expect_refused(backward_input(g, w, g, space), "input_gradient must not overlap output_gradient");
  expect_refused(backward_input(g, w, dx, w), "workspace must not overlap weights");
  expect_refused(backward_weights(x, g, g, space),
                 "weights_gradient must not overlap output_gradient");
}

TEST_F(ConvolutionArguments, ARefusedCallWritesNothing) {
  EXPECT_EQ(forward(c_.input.data(), c_.weights.data(), nullptr, c_.output.data(), nullptr),
            RETORT_INVALID_ARGUMENT);
  for (const double x : c_.output.doubles()) EXPECT_EQ(x, static_cast<double>(kGuard));
}

}  // namespace
}  // namespace retort::testing
