#include "reference/batch_norm.h"

#include "network_testing.h"

namespace retort::testing {
namespace {

using reference::Row;

// Everything a batch normalisation takes, and its reference.
struct Case {
  retort_batch_norm options;
  Floats input, scale, shift;
  reference::BatchNorm meant;

  Case(std::mt19937_64& random, int64_t rows, int64_t channels, bool rectify, float mean = 0.5f,
       float deviation = 2)
      : options{rows, channels, 1e-5f, rectify, nullptr},
        input(Floats::normal(random, rows * channels, deviation, mean)),
        scale(Floats::normal(random, channels)),
        shift(Floats::normal(random, channels)),
        meant{static_cast<size_t>(rows),
              static_cast<size_t>(channels),
              1e-5f,
              rectify,
              scale.values(),
              shift.values()} {}

  int64_t rows() const { return options.rows; }
  int64_t channels() const { return options.channels; }
  Floats workspace() const { return Floats(retort_batch_norm_workspace(&options)); }
};

struct Training {
  Floats mean, inverse_deviation, output;
};

Training train(const Case& c, const retort_executor* executor = nullptr) {
  Training result{Floats(c.channels()), Floats(c.channels()), Floats(c.input.size())};
  Floats workspace = c.workspace();
  EXPECT_EQ(retort_batch_norm_training(&c.options, c.input.data(), c.scale.data(), c.shift.data(),
                                       0.1f, nullptr, nullptr, result.mean.data(),
                                       result.inverse_deviation.data(), result.output.data(),
                                       workspace.data(), executor),
            RETORT_OK)
      << retort_last_error();
  EXPECT_TRUE(workspace.guards_hold() && result.mean.guards_hold());
  EXPECT_TRUE(result.inverse_deviation.guards_hold() && result.output.guards_hold());
  return result;
}

// Additions in a row that a sum of squares goes through: the tiles of a block of 4096 elements, the
// blocks of a chunk.
double additions_of_squares(int64_t channels) {
  const double columns = static_cast<double>(std::min<int64_t>(channels, 256));
  return std::fmax(1, 4096 / columns / 4) + 16;
}

// The same for the plain sums of a derivative: the tiles of a chunk.
double additions_of_products(const Case& c) {
  const double columns = static_cast<double>(std::min<int64_t>(c.channels(), 256));
  return std::fmin(16384 / columns, static_cast<double>(c.rows())) / 4 + 16;
}

// The mean is right to a few roundings of its magnitude.
double mean_error(const Case& c) { return 8 * kEpsilon * largest_magnitude(c.input.values()); }

double normalized_at(const Case& c, const reference::BatchNormMoments& moments, size_t i) {
  const size_t channel = i % static_cast<size_t>(c.channels());
  return (c.input[static_cast<int64_t>(i)] - moments.mean[channel]) /
         std::sqrt(moments.variance[channel] + c.options.epsilon);
}

double inverse_deviation_at(const Case& c, const reference::BatchNormMoments& moments, size_t i) {
  const size_t channel = i % static_cast<size_t>(c.channels());
  return 1 / std::sqrt(moments.variance[channel] + c.options.epsilon);
}

void expect_training_matches(const Case& c) {
  const Training actual = train(c);
  const double mean_bound = mean_error(c);
  const reference::BatchNormMoments moments =
      reference::batch_norm_moments(c.meant, c.input.values());
  const Row expected = reference::batch_norm_normalize(c.meant, c.input.values(), moments);
  const double error_of_mean = mean_bound;
  const double relative = kEpsilon / 2 * additions_of_squares(c.channels());
  for (int64_t channel = 0; channel < c.channels(); ++channel) {
    const size_t at = static_cast<size_t>(channel);
    const double inverse = inverse_deviation_at(c, moments, at);
    // An error e of the mean adds e^2 to the variance.
    const double shifted = error_of_mean * inverse * error_of_mean * inverse;
    expect_close(actual.mean[channel], moments.mean[at], error_of_mean, "mean");
    expect_close(actual.inverse_deviation[channel], inverse, inverse * (relative + shifted),
                 "inverse deviation");
  }
  for (size_t i = 0; i < expected.size(); ++i) {
    const size_t channel = i % static_cast<size_t>(c.channels());
    const double inverse = inverse_deviation_at(c, moments, i);
    const double normalized = std::fabs(normalized_at(c, moments, i));
    const double shifted = error_of_mean * inverse;
    const double bound =
        std::fabs(c.meant.scale[channel]) *
            (shifted + normalized * (relative + shifted * shifted + 4 * kEpsilon)) +
        2 * kEpsilon * std::fabs(c.meant.shift[channel]);
    expect_close(actual.output[static_cast<int64_t>(i)], expected[i], bound, "output");
  }
}

constexpr std::initializer_list<int64_t> kRows = {1, 2, 5, 64, 1000, 5003};
constexpr std::initializer_list<int64_t> kChannels = {1, 3, 10, 16, 32, 33, 300};

TEST(BatchNorm, TrainingMatchesTheReference) {
  std::mt19937_64 random(1);
  for (const int64_t rows : kRows) {
    for (const int64_t channels : kChannels) {
      if (rows * channels > 200000) continue;
      for (const bool rectify : {false, true}) {
        SCOPED_TRACE(::testing::Message() << rows << " x " << channels << " " << rectify);
        expect_training_matches(Case(random, rows, channels, rectify));
      }
    }
  }
}

TEST(BatchNorm, AMeanFarFromZeroLosesNoVariance) {
  std::mt19937_64 random(2);
  expect_training_matches(Case(random, 5003, 16, false, 1000, 1));
  expect_training_matches(Case(random, 5003, 16, false, -30000, 0.5f));
  expect_training_matches(Case(random, 5003, 3, true, 1000, 1));
  // The first rows are nothing like the rest.
  Case outlier(random, 5003, 16, false);
  for (int64_t c = 0; c < 16; ++c) outlier.input[c] = 1e4f;
  expect_training_matches(outlier);
}

TEST(BatchNorm, TrainingInPlaceGivesTheSameBits) {
  std::mt19937_64 random(3);
  const Case c(random, 777, 20, true);
  const Training apart = train(c);
  Floats in_place = c.input, mean(20), deviation(20), workspace = c.workspace();
  ASSERT_EQ(retort_batch_norm_training(&c.options, in_place.data(), c.scale.data(), c.shift.data(),
                                       0.1f, nullptr, nullptr, mean.data(), deviation.data(),
                                       in_place.data(), workspace.data(), nullptr),
            RETORT_OK);
  EXPECT_TRUE(in_place.same_bits(apart.output));
}

TEST(BatchNorm, TrainingMovesTheRunningStatistics) {
  std::mt19937_64 random(4);
  for (const int64_t rows : {1, 2, 300}) {
    const Case c(random, rows, 17, false);
    const double mean_bound = mean_error(c);
    const Floats old = Floats::normal(random, 17);
    Floats running_mean = old, running_variance = old, mean(17), deviation(17);
    Floats output(c.input.size()), workspace = c.workspace();
    ASSERT_EQ(
        retort_batch_norm_training(&c.options, c.input.data(), c.scale.data(), c.shift.data(),
                                   0.25f, running_mean.data(), running_variance.data(), mean.data(),
                                   deviation.data(), output.data(), workspace.data(), nullptr),
        RETORT_OK);
    const auto moments = reference::batch_norm_moments(c.meant, c.input.values());
    for (int64_t i = 0; i < 17; ++i) {
      const size_t at = static_cast<size_t>(i);
      const double n = static_cast<double>(rows);
      const double unbiased = rows == 1 ? 0 : moments.variance[at] * n / (n - 1);
      expect_close(running_mean[i], 0.75 * old[i] + 0.25 * moments.mean[at], mean_bound + kEpsilon,
                   "running mean");
      expect_close(running_variance[i], 0.75 * old[i] + 0.25 * unbiased,
                   kEpsilon * (2 + additions_of_squares(17) * unbiased), "running variance");
    }
    EXPECT_TRUE(running_mean.guards_hold() && running_variance.guards_hold());
  }
}

TEST(BatchNorm, InferenceNormalisesByTheRunningStatisticsInPlaceToo) {
  std::mt19937_64 random(5);
  for (const int64_t rows : {0, 1, 6, 900}) {
    for (const int64_t channels : kChannels) {
      for (const bool rectify : {false, true}) {
        SCOPED_TRACE(::testing::Message() << rows << " x " << channels << " " << rectify);
        const Case c(random, rows, channels, rectify);
        Floats mean = Floats::normal(random, channels), variance = Floats::normal(random, channels);
        for (int64_t i = 0; i < channels; ++i) variance[i] = variance[i] * variance[i];
        Floats output(c.input.size()), in_place = c.input;
        ASSERT_EQ(
            retort_batch_norm_inference(&c.options, c.input.data(), c.scale.data(), c.shift.data(),
                                        mean.data(), variance.data(), output.data(), nullptr),
            RETORT_OK);
        retort_batch_norm_inference(&c.options, in_place.data(), c.scale.data(), c.shift.data(),
                                    mean.data(), variance.data(), in_place.data(), nullptr);
        const Row expected = reference::batch_norm_normalize(c.meant, c.input.values(),
                                                             {mean.values(), variance.values()});
        for (int64_t i = 0; i < output.size(); ++i) {
          const int64_t channel = i % channels;
          const double slope = std::fabs(c.scale[channel]) / std::sqrt(variance[channel] + 1e-5);
          const double magnitude = slope * (std::fabs(c.input[i]) + std::fabs(mean[channel])) +
                                   std::fabs(c.shift[channel]);
          expect_close(output[i], expected[static_cast<size_t>(i)], 4 * kEpsilon * magnitude,
                       "output");
        }
        EXPECT_TRUE(output.same_bits(in_place) && output.guards_hold());
      }
    }
  }
}

// Where the output is this close to 0 it may round to the other side of the rectifier.
bool at_the_kink(double output) { return std::fabs(output) < 1e-3; }

TEST(BatchNorm, BackwardMatchesTheReferenceInPlaceToo) {
  std::mt19937_64 random(6);
  for (const int64_t rows : kRows) {
    for (const int64_t channels : kChannels) {
      if (rows * channels > 200000) continue;
      for (const bool rectify : {false, true}) {
        SCOPED_TRACE(::testing::Message() << rows << " x " << channels << " " << rectify);
        const Case c(random, rows, channels, rectify);
        const double mean_bound = mean_error(c);
        const Training trained = train(c);
        Floats g = Floats::normal(random, c.input.size());
        reference::BatchNorm unrectified = c.meant;
        unrectified.rectify = false;
        const Row output = reference::batch_norm_training(unrectified, c.input.values());
        for (int64_t i = 0; i < g.size(); ++i) {
          if (rectify && at_the_kink(output[static_cast<size_t>(i)])) g[i] = 0;
        }
        Floats dx(g.size()), dscale(channels), dshift(channels), workspace = c.workspace();
        ASSERT_EQ(retort_batch_norm_backward(
                      &c.options, c.input.data(), c.scale.data(), c.shift.data(),
                      trained.mean.data(), trained.inverse_deviation.data(), g.data(), dx.data(),
                      dscale.data(), dshift.data(), workspace.data(), nullptr),
                  RETORT_OK)
            << retort_last_error();
        const double error_of_mean = mean_bound;
        const auto expected = reference::batch_norm_backward(c.meant, c.input.values(), g.values());
        const auto moments = reference::batch_norm_moments(c.meant, c.input.values());
        const double n = static_cast<double>(rows);
        Row sum(static_cast<size_t>(channels)), normalized_sum(static_cast<size_t>(channels));
        for (size_t i = 0; i < expected.input.size(); ++i) {
          const double magnitude = std::fabs(g[static_cast<int64_t>(i)]);
          sum[i % sum.size()] += magnitude;
          normalized_sum[i % sum.size()] += magnitude * std::fabs(normalized_at(c, moments, i));
        }
        const double relative =
            kEpsilon / 2 * (additions_of_products(c) + additions_of_squares(channels));
        Row dscale_bound(sum.size()), dshift_bound(sum.size());
        for (size_t at = 0; at < sum.size(); ++at) {
          const double shifted = error_of_mean * inverse_deviation_at(c, moments, at);
          dshift_bound[at] = relative * sum[at];
          dscale_bound[at] = relative * normalized_sum[at] + shifted * sum[at];
          const int64_t channel = static_cast<int64_t>(at);
          expect_close(dshift[channel], expected.shift[at], dshift_bound[at], "shift gradient");
          expect_close(dscale[channel], expected.scale[at], dscale_bound[at], "scale gradient");
        }
        for (size_t i = 0; i < expected.input.size(); ++i) {
          const size_t at = i % sum.size();
          const double inverse = inverse_deviation_at(c, moments, i);
          const double normalized = std::fabs(normalized_at(c, moments, i));
          const double along = std::fabs(expected.scale[at]) / n;
          const double terms = std::fabs(g[static_cast<int64_t>(i)]) +
                               std::fabs(expected.shift[at]) / n + normalized * along;
          const double bound =
              std::fabs(c.meant.scale[at]) * inverse *
              (dshift_bound[at] / n + normalized * dscale_bound[at] / n +
               error_of_mean * inverse * along + (relative + 4 * kEpsilon) * terms);
          expect_close(dx[static_cast<int64_t>(i)], expected.input[i], bound, "input gradient");
        }
        EXPECT_TRUE(dx.guards_hold() && dscale.guards_hold() && dshift.guards_hold());
        EXPECT_TRUE(workspace.guards_hold());
        retort_batch_norm_backward(&c.options, c.input.data(), c.scale.data(), c.shift.data(),
                                   trained.mean.data(), trained.inverse_deviation.data(), g.data(),
                                   g.data(), dscale.data(), dshift.data(), workspace.data(),
                                   nullptr);
        EXPECT_TRUE(g.same_bits(dx));
      }
    }
  }
}

TEST(BatchNorm, TheTangentMatchesTheReferenceAndANullIsZero) {
  std::mt19937_64 random(7);
  for (const int64_t rows : {2, 5, 64, 1001}) {
    for (const int64_t channels : {1, 10, 16, 33, 300}) {
      for (const bool rectify : {false, true}) {
        for (int nulls = 0; nulls < 8; ++nulls) {
          if (rows * channels > 50000) continue;
          SCOPED_TRACE(::testing::Message() << rows << " x " << channels << " " << nulls);
          const Case c(random, rows, channels, rectify);
          const double mean_bound = mean_error(c);
          const Training trained = train(c);
          Floats dx = Floats::normal(random, c.input.size()), tangent(c.input.size());
          Floats dscale = Floats::normal(random, channels), workspace = c.workspace();
          Floats dshift = Floats::normal(random, channels);
          for (int64_t i = 0; i < dx.size() && nulls & 1; ++i) dx[i] = 0;
          for (int64_t i = 0; i < channels && nulls & 2; ++i) dscale[i] = 0;
          for (int64_t i = 0; i < channels && nulls & 4; ++i) dshift[i] = 0;
          ASSERT_EQ(
              retort_batch_norm_tangent(
                  &c.options, c.input.data(), c.scale.data(), c.shift.data(), trained.mean.data(),
                  trained.inverse_deviation.data(), nulls & 1 ? nullptr : dx.data(),
                  nulls & 2 ? nullptr : dscale.data(), nulls & 4 ? nullptr : dshift.data(),
                  tangent.data(), workspace.data(), nullptr),
              RETORT_OK)
              << retort_last_error();
          const double error_of_mean = mean_bound;
          const Row expected = reference::batch_norm_tangent(c.meant, c.input.values(), dx.values(),
                                                             dscale.values(), dshift.values());
          reference::BatchNorm unrectified = c.meant;
          unrectified.rectify = false;
          const Row output = reference::batch_norm_training(unrectified, c.input.values());
          const auto moments = reference::batch_norm_moments(c.meant, c.input.values());
          const double largest = largest_magnitude(dx.values());
          const double relative =
              kEpsilon / 2 * (additions_of_products(c) + additions_of_squares(channels) + 8);
          for (size_t i = 0; i < expected.size(); ++i) {
            if (rectify && at_the_kink(output[i])) continue;
            const size_t at = i % static_cast<size_t>(channels);
            const double inverse = inverse_deviation_at(c, moments, i);
            const double normalized = std::fabs(normalized_at(c, moments, i));
            const double shifted = relative + error_of_mean * inverse;
            const double slope = std::fabs(c.meant.scale[at]) * inverse * largest;
            const double bound =
                shifted * (slope * (2 + 2 * normalized) +
                           std::fabs(dscale[static_cast<int64_t>(at)]) * (1 + normalized) +
                           std::fabs(dshift[static_cast<int64_t>(at)]));
            expect_close(tangent[static_cast<int64_t>(i)], expected[i], bound, "tangent");
          }
          EXPECT_TRUE(tangent.guards_hold() && workspace.guards_hold());
        }
      }
    }
  }
}

TEST(BatchNorm, BackwardIsTheTransposeOfTheTangent) {
  std::mt19937_64 random(8);
  for (const bool rectify : {false, true}) {
    const Case c(random, 500, 19, rectify);
    const Training trained = train(c);
    const Floats u = Floats::normal(random, c.input.size()), g = Floats::normal(random, u.size());
    const Floats uscale = Floats::normal(random, 19), ushift = Floats::normal(random, 19);
    Floats tangent(u.size()), dx(u.size()), dscale(19), dshift(19), workspace = c.workspace();
    retort_batch_norm_tangent(&c.options, c.input.data(), c.scale.data(), c.shift.data(),
                              trained.mean.data(), trained.inverse_deviation.data(), u.data(),
                              uscale.data(), ushift.data(), tangent.data(), workspace.data(),
                              nullptr);
    retort_batch_norm_backward(&c.options, c.input.data(), c.scale.data(), c.shift.data(),
                               trained.mean.data(), trained.inverse_deviation.data(), g.data(),
                               dx.data(), dscale.data(), dshift.data(), workspace.data(), nullptr);
    const double magnitude = inner_product_of_magnitudes(tangent.values(), g.values());
    EXPECT_NEAR(inner_product(tangent.values(), g.values()),
                inner_product(u.values(), dx.values()) +
                    inner_product(uscale.values(), dscale.values()) +
                    inner_product(ushift.values(), dshift.values()),
                kEpsilon * 100 * magnitude);
  }
}

TEST(BatchNormReference, GradientsAndTangentsAreSlopes) {
  std::mt19937_64 random(9);
  for (const bool rectify : {false, true}) {
    const Case c(random, 7, 3, rectify);
    const Row x = c.input.values(), g = Floats::normal(random, 21).values();
    const Row dx = Floats::normal(random, 21).values(), dscale = Floats::normal(random, 3).values();
    const Row dshift = Floats::normal(random, 3).values();
    const auto gradients = reference::batch_norm_backward(c.meant, x, g);
    const auto with = [&](const Row& scale, const Row& shift) {
      reference::BatchNorm changed = c.meant;
      changed.scale = scale;
      changed.shift = shift;
      return changed;
    };
    const auto expect_slopes = [](const Row& actual, const Row& expected) {
      for (size_t i = 0; i < actual.size(); ++i) EXPECT_NEAR(actual[i], expected[i], 1e-7);
    };
    expect_slopes(gradients.input, slopes(
                                       [&](const Row& at) {
                                         return inner_product(
                                             reference::batch_norm_training(c.meant, at), g);
                                       },
                                       x));
    expect_slopes(gradients.scale,
                  slopes(
                      [&](const Row& at) {
                        return inner_product(
                            reference::batch_norm_training(with(at, c.meant.shift), x), g);
                      },
                      c.meant.scale));
    expect_slopes(gradients.shift,
                  slopes(
                      [&](const Row& at) {
                        return inner_product(
                            reference::batch_norm_training(with(c.meant.scale, at), x), g);
                      },
                      c.meant.shift));
    const double h = 1e-5;
    const auto along = [&](double step) {
      const auto moved = [&](Row row, const Row& direction) {
        for (size_t i = 0; i < row.size(); ++i) row[i] += step * direction[i];
        return row;
      };
      return reference::batch_norm_training(
          with(moved(c.meant.scale, dscale), moved(c.meant.shift, dshift)), moved(x, dx));
    };
    const Row tangent = reference::batch_norm_tangent(c.meant, x, dx, dscale, dshift);
    const Row above = along(h), below = along(-h);
    for (size_t i = 0; i < x.size(); ++i) {
      EXPECT_NEAR(tangent[i], (above[i] - below[i]) / (2 * h), 1e-7);
    }
  }
}

TEST(BatchNorm, WithoutVarianceTheOutputIsTheShift) {
  std::mt19937_64 random(10);
  Case c(random, 333, 18, false);
  for (int64_t i = 0; i < c.input.size(); ++i) c.input[i] = 0.1f * static_cast<float>(i % 18);
  const Training trained = train(c);
  for (int64_t i = 0; i < c.input.size(); ++i) {
    EXPECT_TRUE(std::isfinite(trained.inverse_deviation[i % 18]));
    // 1 / sqrt(epsilon) times a rounding of the mean.
    EXPECT_NEAR(trained.output[i], c.shift[i % 18],
                317 * kEpsilon * 1.8 * std::fabs(c.scale[i % 18]) + 1e-6);
  }
}

TEST(BatchNorm, ANaNOrAnInfinityStaysInItsOwnChannel) {
  std::mt19937_64 random(11);
  for (const float hostile : {kNaN, kInfinity}) {
    Case c(random, 100, 20, true);
    c.input[3 * 20 + 17] = hostile;
    const Training trained = train(c);
    Floats dx(c.input.size()), dscale(20), dshift(20), workspace = c.workspace();
    retort_batch_norm_backward(&c.options, c.input.data(), c.scale.data(), c.shift.data(),
                               trained.mean.data(), trained.inverse_deviation.data(),
                               c.input.data(), dx.data(), dscale.data(), dshift.data(),
                               workspace.data(), nullptr);
    for (int64_t i = 0; i < c.input.size(); ++i) {
      EXPECT_EQ(std::isnan(trained.output[i]), i % 20 == 17);
      EXPECT_EQ(std::isfinite(dx[i]), i % 20 != 17);
    }
  }
}

TEST(BatchNorm, TheNumberOfThreadsChangesNoBit) {
  std::mt19937_64 random(12);
  for (const int64_t channels : {16, 300}) {
    const Case c(random, 200000 / channels, channels, true);
    const Floats g = Floats::normal(random, c.input.size());
    const Floats u = Floats::normal(random, channels);
    expect_same_bits_on_any_threads([&](const retort_executor* executor) {
      const Training trained = train(c, executor);
      Floats dx(g.size()), tangent(g.size()), dscale(channels), dshift(channels);
      Floats workspace = c.workspace(), inferred(g.size()), variance = u;
      for (int64_t i = 0; i < channels; ++i) variance[i] = u[i] * u[i];
      retort_batch_norm_backward(&c.options, c.input.data(), c.scale.data(), c.shift.data(),
                                 trained.mean.data(), trained.inverse_deviation.data(), g.data(),
                                 dx.data(), dscale.data(), dshift.data(), workspace.data(),
                                 executor);
      retort_batch_norm_tangent(&c.options, c.input.data(), c.scale.data(), c.shift.data(),
                                trained.mean.data(), trained.inverse_deviation.data(), g.data(),
                                u.data(), u.data(), tangent.data(), workspace.data(), executor);
      retort_batch_norm_inference(&c.options, c.input.data(), c.scale.data(), c.shift.data(),
                                  u.data(), variance.data(), inferred.data(), executor);
      return std::vector<Floats>{
          trained.mean, trained.inverse_deviation, trained.output, dx, dscale, dshift, tangent,
          inferred};
    });
  }
}

TEST(BatchNorm, ABadArgumentIsNamed) {
  std::mt19937_64 random(13);
  struct Call {
    retort_batch_norm options{4, 2, 1e-5f, 0, nullptr};
    float momentum = 0.1f;
    std::vector<std::vector<float>> memory{14, std::vector<float>(32)};
    float *input = memory[0].data(), *scale = memory[1].data(), *shift = memory[2].data(),
          *running_mean = memory[3].data(), *running_variance = memory[4].data(),
          *mean = memory[5].data(), *inverse_deviation = memory[6].data(),
          *output = memory[7].data(), *workspace = memory[8].data(), *gradient = memory[9].data(),
          *scale_gradient = memory[10].data(), *shift_gradient = memory[11].data();
    const retort_batch_norm* given = &options;
  };
  const auto with = [](const std::function<void(Call*)>& spoil,
                       const std::function<retort_status(Call*)>& run, const char* name) {
    Call call;
    spoil(&call);
    expect_refused(run(&call), name);
  };
  const auto training = [](Call* c) {
    return retort_batch_norm_training(c->given, c->input, c->scale, c->shift, c->momentum,
                                      c->running_mean, c->running_variance, c->mean,
                                      c->inverse_deviation, c->output, c->workspace, nullptr);
  };
  const auto inference = [](Call* c) {
    return retort_batch_norm_inference(c->given, c->input, c->scale, c->shift, c->running_mean,
                                       c->running_variance, c->output, nullptr);
  };
  const auto backward = [](Call* c) {
    return retort_batch_norm_backward(c->given, c->input, c->scale, c->shift, c->mean,
                                      c->inverse_deviation, c->gradient, c->output,
                                      c->scale_gradient, c->shift_gradient, c->workspace, nullptr);
  };
  const auto tangent = [](Call* c) {
    return retort_batch_norm_tangent(c->given, c->input, c->scale, c->shift, c->mean,
                                     c->inverse_deviation, c->gradient, c->scale_gradient,
                                     c->shift_gradient, c->output, c->workspace, nullptr);
  };
  const std::vector<std::function<retort_status(Call*)>> all{training, inference, backward,
                                                             tangent};
  for (const auto& run : all) {
    Call sound;
    EXPECT_EQ(run(&sound), RETORT_OK) << retort_last_error();
    with([](Call* c) { c->given = nullptr; }, run, "batch_norm");
    with([](Call* c) { c->options.rows = -1; }, run, "rows");
    with([](Call* c) { c->options.channels = 0; }, run, "channels");
    with([](Call* c) { c->options.rows = INT64_MAX; }, run, "overflows");
    with([](Call* c) { c->options.channels = INT64_MAX; }, run, "overflows");
    with([](Call* c) { c->options.epsilon = 0; }, run, "epsilon");
    with([](Call* c) { c->options.epsilon = kNaN; }, run, "epsilon");
    with([](Call* c) { c->input = nullptr; }, run, "input");
    with([](Call* c) { c->scale = nullptr; }, run, "scale");
    with([](Call* c) { c->shift = nullptr; }, run, "shift");
    with([](Call* c) { c->output = nullptr; }, run, "put");
    with([](Call* c) { c->output = c->scale; }, run, "overlap");
    with([](Call* c) { c->output = c->input + 1; }, run, "overlap");
  }
  for (const auto& run : {all[0], all[2], all[3]}) {
    with([](Call* c) { c->mean = nullptr; }, run, "mean");
    with([](Call* c) { c->inverse_deviation = nullptr; }, run, "inverse_deviation");
    with([](Call* c) { c->workspace = nullptr; }, run, "workspace");
    with([](Call* c) { c->workspace = c->output; }, run, "overlap");
    with([](Call* c) { c->workspace = c->mean; }, run, "overlap");
  }
  with([](Call* c) { c->options.rows = 0; }, training, "rows");
  with([](Call* c) { c->momentum = -0.1f; }, training, "momentum");
  with([](Call* c) { c->momentum = kNaN; }, training, "momentum");
  with([](Call* c) { c->mean = c->inverse_deviation; }, training, "overlap");
  with([](Call* c) { c->running_mean = c->running_variance; }, training, "overlap");
  with([](Call* c) { c->running_mean = nullptr; }, inference, "running_mean");
  with([](Call* c) { c->running_variance = nullptr; }, inference, "running_variance");
  with([](Call* c) { c->gradient = nullptr; }, backward, "output_gradient");
  with([](Call* c) { c->scale_gradient = nullptr; }, backward, "scale_gradient");
  with([](Call* c) { c->shift_gradient = nullptr; }, backward, "shift_gradient");
  with([](Call* c) { c->output = c->input; }, backward, "overlap");
  with([](Call* c) { c->output = c->gradient + 1; }, backward, "overlap");
  with([](Call* c) { c->scale_gradient = c->gradient; }, backward, "overlap");
  with([](Call* c) { c->output = c->input; }, tangent, "overlap");
  with([](Call* c) { c->output = c->gradient; }, tangent, "overlap");
  EXPECT_EQ(retort_batch_norm_workspace(nullptr), -1);
  const retort_batch_norm bad{1, 1, -1, 0, nullptr};
  EXPECT_EQ(retort_batch_norm_workspace(&bad), -1);
}

TEST(BatchNorm, DerivativesOfNoRowsAreZeroAndNoError) {
  const retort_batch_norm options{0, 3, 1e-5f, 1, nullptr};
  Floats vectors(3), dscale(3), dshift(3), workspace(retort_batch_norm_workspace(&options));
  for (int64_t i = 0; i < 3; ++i) vectors[i] = 1;
  ASSERT_EQ(retort_batch_norm_backward(&options, nullptr, vectors.data(), vectors.data(),
                                       vectors.data(), vectors.data(), nullptr, nullptr,
                                       dscale.data(), dshift.data(), workspace.data(), nullptr),
            RETORT_OK);
  for (int64_t i = 0; i < 3; ++i) EXPECT_TRUE(dscale[i] == 0 && dshift[i] == 0);
  EXPECT_EQ(retort_batch_norm_tangent(&options, nullptr, vectors.data(), vectors.data(),
                                      vectors.data(), vectors.data(), nullptr, nullptr, nullptr,
                                      nullptr, workspace.data(), nullptr),
            RETORT_OK);
  EXPECT_TRUE(workspace.guards_hold());
}

}  // namespace
}  // namespace retort::testing
