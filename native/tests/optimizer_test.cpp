#include "reference/optimizer.h"

#include "network_testing.h"

namespace retort::testing {
namespace {

using reference::Row;

constexpr std::initializer_list<int64_t> kSizes = {0, 1, 7, 16, 17, 100, 40001};

TEST(Sgd, AStepMatchesTheReference) {
  std::mt19937_64 random(1);
  for (const int64_t size : kSizes) {
    for (const float momentum : {0.0f, 0.9f}) {
      for (const int32_t nesterov : {0, 1}) {
        for (const float decay : {0.0f, 0.01f}) {
          SCOPED_TRACE(::testing::Message() << size << " " << momentum << " " << nesterov);
          const float rate = 0.1f;
          const Floats gradient = Floats::normal(random, size);
          Floats velocity = Floats::normal(random, size), parameter = Floats::normal(random, size);
          const Floats old_velocity = velocity, old_parameter = parameter;
          const reference::SgdState expected =
              reference::sgd_step(rate, momentum, nesterov != 0, decay, gradient.values(),
                                  {velocity.values(), parameter.values()});
          ASSERT_EQ(retort_sgd_step(size, rate, momentum, nesterov, decay, gradient.data(),
                                    velocity.data(), parameter.data(), nullptr),
                    RETORT_OK);
          for (int64_t i = 0; i < size; ++i) {
            const double moved = std::fabs(gradient[i]) + decay * std::fabs(old_parameter[i]) +
                                 momentum * std::fabs(old_velocity[i]);
            const size_t at = static_cast<size_t>(i);
            expect_close(velocity[i], expected.velocity[at], 2 * kEpsilon * moved, "velocity");
            expect_close(parameter[i], expected.parameter[at],
                         kEpsilon * (std::fabs(old_parameter[i]) + 6 * rate * moved), "parameter");
          }
          EXPECT_TRUE(velocity.guards_hold() && parameter.guards_hold());
        }
      }
    }
  }
}

TEST(Sgd, WithoutMomentumNeedsNoVelocity) {
  std::mt19937_64 random(2);
  const Floats gradient = Floats::normal(random, 37), parameter = Floats::normal(random, 37);
  Floats with = parameter, without = parameter, velocity = parameter;
  retort_sgd_step(37, 0.5f, 0, 0, 0.1f, gradient.data(), velocity.data(), with.data(), nullptr);
  ASSERT_EQ(
      retort_sgd_step(37, 0.5f, 0, 0, 0.1f, gradient.data(), nullptr, without.data(), nullptr),
      RETORT_OK);
  EXPECT_TRUE(with.same_bits(without));
}

retort_adam adam_options(int32_t decoupled, float decay, int64_t step) {
  return {0.01f, 0.9f, 0.999f, 1e-8f, decay, decoupled, step};
}

TEST(Adam, AStepMatchesTheReference) {
  std::mt19937_64 random(3);
  for (const int64_t size : kSizes) {
    for (const int32_t decoupled : {0, 1}) {
      for (const float decay : {0.0f, 0.1f}) {
        for (const int64_t step : {1, 2, 1000, 100000000}) {
          SCOPED_TRACE(::testing::Message() << size << " " << decoupled << " " << step);
          const retort_adam adam = adam_options(decoupled, decay, step);
          const Floats gradient = Floats::normal(random, size);
          Floats m = Floats::normal(random, size), s = Floats::normal(random, size);
          for (int64_t i = 0; i < size; ++i) s[i] = s[i] * s[i];
          Floats p = Floats::normal(random, size);
          const Floats old_m = m, old_p = p;
          const reference::AdamState expected =
              reference::adam_step(adam, gradient.values(), {m.values(), s.values(), p.values()});
          ASSERT_EQ(
              retort_adam_step(&adam, size, gradient.data(), m.data(), s.data(), p.data(), nullptr),
              RETORT_OK);
          for (int64_t i = 0; i < size; ++i) {
            const size_t at = static_cast<size_t>(i);
            const double g = std::fabs(gradient[i]) + decay * std::fabs(old_p[i]);
            const double moved = std::fabs(old_m[i]) + g;
            const double root = std::sqrt(expected.second_moment[at]);
            expect_close(m[i], expected.first_moment[at], 3 * kEpsilon * moved, "first moment");
            // Where weight decay nearly cancels the gradient, its square keeps the absolute error.
            const double square_error = 4 * kEpsilon * (expected.second_moment[at] + g * g / 1000);
            expect_close(s[i], expected.second_moment[at], square_error, "second moment");
            // sqrt halves the relative error of s; corrections of the first steps are in here.
            const double correction =
                std::sqrt(1 - std::pow(0.999, step)) / (1 - std::pow(0.9, step));
            const double change = adam.learning_rate * correction * moved / root;
            const double relative = 10 * kEpsilon + square_error / expected.second_moment[at];
            expect_close(p[i], expected.parameter[at],
                         2 * kEpsilon * std::fabs(old_p[i]) + relative * change, "parameter");
          }
          EXPECT_TRUE(m.guards_hold() && s.guards_hold() && p.guards_hold());
        }
      }
    }
  }
}

TEST(Adam, AZeroGradientFromTheStartMovesNothing) {
  const retort_adam adam = adam_options(0, 0, 1);
  Floats zero(20), m(20), s(20), p(20);
  for (int64_t i = 0; i < 20; ++i) zero[i] = m[i] = s[i] = 0, p[i] = 3;
  ASSERT_EQ(retort_adam_step(&adam, 20, zero.data(), m.data(), s.data(), p.data(), nullptr),
            RETORT_OK);
  for (int64_t i = 0; i < 20; ++i) EXPECT_EQ(p[i], 3);
}

TEST(Optimizer, ANaNStaysInItsOwnElement) {
  const retort_adam adam = adam_options(1, 0.1f, 3);
  for (const int64_t at : {0, 18}) {
    Floats g(20), v(20), m(20), s(20), sgd(20), p(20);
    for (int64_t i = 0; i < 20; ++i) g[i] = v[i] = m[i] = s[i] = sgd[i] = p[i] = 1;
    g[at] = kNaN;
    retort_sgd_step(20, 0.1f, 0.9f, 1, 0, g.data(), v.data(), sgd.data(), nullptr);
    retort_adam_step(&adam, 20, g.data(), m.data(), s.data(), p.data(), nullptr);
    for (int64_t i = 0; i < 20; ++i) {
      EXPECT_EQ(std::isnan(sgd[i]), i == at);
      EXPECT_EQ(std::isnan(p[i]), i == at);
    }
  }
}

TEST(Optimizer, TheNumberOfThreadsChangesNoBit) {
  std::mt19937_64 random(4);
  const int64_t size = 100003;
  const Floats g = Floats::normal(random, size), start = Floats::normal(random, size);
  const retort_adam adam = adam_options(1, 0.1f, 3);
  expect_same_bits_on_any_threads([&](const retort_executor* executor) {
    Floats v = start, sgd = start, m = start, s = start, p = start;
    for (int64_t i = 0; i < size; ++i) s[i] = s[i] * s[i];
    retort_sgd_step(size, 0.1f, 0.9f, 1, 0.01f, g.data(), v.data(), sgd.data(), executor);
    retort_adam_step(&adam, size, g.data(), m.data(), s.data(), p.data(), executor);
    return std::vector<Floats>{v, sgd, m, s, p};
  });
}

TEST(Optimizer, ABadArgumentIsNamed) {
  float g[4] = {}, v[4] = {}, m[4] = {}, p[4] = {};
  const auto sgd = [&](int64_t size, float rate, float momentum, float decay, const float* gradient,
                       float* velocity, float* parameter) {
    return retort_sgd_step(size, rate, momentum, 0, decay, gradient, velocity, parameter, nullptr);
  };
  expect_refused(sgd(-1, 1, 0, 0, g, v, p), "size");
  expect_refused(sgd(4, -1, 0, 0, g, v, p), "learning_rate");
  expect_refused(sgd(4, kNaN, 0, 0, g, v, p), "learning_rate");
  expect_refused(sgd(4, 1, kInfinity, 0, g, v, p), "momentum");
  expect_refused(sgd(4, 1, 0, -1, g, v, p), "weight_decay");
  expect_refused(sgd(4, 1, 0, 0, nullptr, v, p), "gradient");
  expect_refused(sgd(4, 1, 0.9f, 0, g, nullptr, p), "velocity");
  expect_refused(sgd(4, 1, 0, 0, g, v, nullptr), "parameter");
  expect_refused(sgd(4, 1, 0, 0, g, g, p), "overlap");
  expect_refused(sgd(4, 1, 0, 0, g, v, v), "overlap");
  const auto adam = [&](const std::function<void(retort_adam*)>& spoil) {
    retort_adam options = adam_options(0, 0, 1);
    spoil(&options);
    return retort_adam_step(&options, 4, g, m, v, p, nullptr);
  };
  expect_refused(adam([](retort_adam* a) { a->learning_rate = -1; }), "learning_rate");
  expect_refused(adam([](retort_adam* a) { a->beta1 = 1; }), "beta1");
  expect_refused(adam([](retort_adam* a) { a->beta2 = kNaN; }), "beta2");
  expect_refused(adam([](retort_adam* a) { a->epsilon = -1; }), "epsilon");
  expect_refused(adam([](retort_adam* a) { a->weight_decay = kInfinity; }), "weight_decay");
  expect_refused(adam([](retort_adam* a) { a->step = 0; }), "step");
  const retort_adam options = adam_options(0, 0, 1);
  expect_refused(retort_adam_step(nullptr, 4, g, m, v, p, nullptr), "adam");
  expect_refused(retort_adam_step(&options, -1, g, m, v, p, nullptr), "size");
  expect_refused(retort_adam_step(&options, 4, nullptr, m, v, p, nullptr), "gradient");
  expect_refused(retort_adam_step(&options, 4, g, nullptr, v, p, nullptr), "first_moment");
  expect_refused(retort_adam_step(&options, 4, g, m, nullptr, p, nullptr), "second_moment");
  expect_refused(retort_adam_step(&options, 4, g, m, v, nullptr, nullptr), "parameter");
  expect_refused(retort_adam_step(&options, 4, g, m, m, p, nullptr), "overlap");
}

}  // namespace
}  // namespace retort::testing
