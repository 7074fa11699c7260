// The mean of K logit matrices, and the distribution p of a row's teachers that the distillation
// loss shares with it.
//
//   of logits         v_j = sum_k w_k z_kj                    p = softmax(v / T)
//   of probabilities  p_j = sum_k w_k exp((z_kj - m_k) / T) / Z_k
//
// Bytes: K rows read once from memory, one written; later sweeps over the row hit the cache.
#pragma once

#include "kernels.h"
#include "softmax.h"
#include "vector.h"

namespace {

constexpr int64_t kMostMembers = 1024;

// The K rows of one example.
struct MemberRow {
  const retort::MemberLogits& members;
  int64_t offset;

  const float* logits(int64_t k) const { return members.logits[k] + offset; }

  template <typename Lanes>
  Vector mean(int64_t j, Lanes lanes, float rest) const {
    Vector v = lanes.load(logits(0) + j, rest) * broadcast(members.weights[0]);
    for (int64_t k = 1; k < members.count; ++k) {
      const Vector z = lanes.load(logits(k) + j, rest);
      v = multiply_add(z, broadcast(members.weights[k]), v);
    }
    return v;
  }
};

// p = softmax(mean of logits / T).
struct MeanOfLogits {
  MemberRow row;
  float inverse_temperature;
  float largest;
  float inverse_normalizer;
  float log_normalizer;

  MeanOfLogits(MemberRow row, int64_t classes, float inverse_temperature)
      : row(row), inverse_temperature(inverse_temperature) {
    Vector peak = broadcast(-INFINITY);
    for_each_vector(classes, [&](int64_t j, auto lanes) {
      peak = maximum(row.mean(j, lanes, -INFINITY), peak);
    });
    largest = largest_lane(peak);
    Vector sum = broadcast(0);
    for_each_vector(classes, [&](int64_t j, auto lanes) {
      sum = sum + lanes.keep(exp_nonpositive(scaled(j, lanes)));
    });
    const float normalizer = sum_of_lanes(sum);
    inverse_normalizer = 1 / normalizer;
    log_normalizer = logf(normalizer);
  }

  template <typename Lanes>
  Vector scaled(int64_t j, Lanes lanes) const {
    return (row.mean(j, lanes, -INFINITY) - broadcast(largest)) * broadcast(inverse_temperature);
  }

  template <typename Lanes>
  void at(int64_t j, Lanes lanes, Vector* p, Vector* log_p) const {
    const Vector x = scaled(j, lanes);
    *p = exp_nonpositive(x) * broadcast(inverse_normalizer);
    *log_p = x - broadcast(log_normalizer);
  }
};

// p = sum_k w_k softmax(z_k / T).
struct MeanOfProbabilities {
  MemberRow row;
  float inverse_temperature;
  float largest[kMostMembers];
  float scale[kMostMembers];  // w_k / Z_k

  MeanOfProbabilities(MemberRow row, int64_t classes, float inverse_temperature)
      : row(row), inverse_temperature(inverse_temperature) {
    for (int64_t k = 0; k < row.members.count; ++k) {
      largest[k] = row_maximum(classes, row.logits(k));
      scale[k] = row.members.weights[k] *
                 (1 / row_normalizer(classes, row.logits(k), largest[k], inverse_temperature));
    }
  }

  template <typename Lanes>
  Vector probability(int64_t j, Lanes lanes) const {
    Vector p = broadcast(0);
    for (int64_t k = 0; k < row.members.count; ++k) {
      const Vector shifted = lanes.load(row.logits(k) + j, -INFINITY) - broadcast(largest[k]);
      const Vector e = exp_nonpositive(shifted * broadcast(inverse_temperature));
      p = k == 0 ? e * broadcast(scale[0]) : multiply_add(e, broadcast(scale[k]), p);
    }
    return p;
  }

  template <typename Lanes>
  void at(int64_t j, Lanes lanes, Vector* p, Vector* log_p) const {
    *p = probability(j, lanes);
    *log_p = log_of(*p);
  }
};

void write_mean_logits(const retort::EnsembleMeanRows& a, MemberRow row, float* output) {
  for_each_vector(a.classes,
                  [&](int64_t j, auto lanes) { lanes.store(output + j, row.mean(j, lanes, 0)); });
}

template <typename Distribution>
void write_distribution(const retort::EnsembleMeanRows& a, const Distribution& distribution,
                        float* output) {
  const bool logits = a.output_kind == RETORT_LOGITS;
  for_each_vector(a.classes, [&](int64_t j, auto lanes) {
    Vector p, log_p;
    distribution.at(j, lanes, &p, &log_p);
    if (logits) log_p = log_p * broadcast(a.temperature);
    lanes.store(output + j, a.output_kind == RETORT_PROBABILITIES ? p : log_p);
  });
}

void ensemble_mean(const retort::EnsembleMeanRows& a, int64_t first_row, int64_t end_row) {
  const float inverse_temperature = 1 / a.temperature;
  for (int64_t i = first_row; i < end_row; ++i) {
    const MemberRow row{a.members, i * a.members.stride};
    float* output = a.output + i * a.output_stride;
    if (a.mean == RETORT_MEAN_OF_PROBABILITIES) {
      write_distribution(a, MeanOfProbabilities(row, a.classes, inverse_temperature), output);
    } else if (a.output_kind == RETORT_LOGITS) {
      write_mean_logits(a, row, output);
    } else {
      write_distribution(a, MeanOfLogits(row, a.classes, inverse_temperature), output);
    }
  }
}

}  // namespace
