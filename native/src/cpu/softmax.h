// Softmax and log-softmax at a temperature, and their gradients.
//
//   p_j = exp((z_j - m) / T) / Z      m = max z      Z = sum_j exp((z_j - m) / T)
//
// Bytes: forward reads and writes the row once, backward reads two rows and writes one. A row is one
// thread's; a vector holds neighbouring classes. A row comes into an f32 scratch in blocks of columns;
// one of a single block is read once and never leaves the first two levels of the cache, a longer one is
// read again by each sweep. A block's end is padded with masked classes to whole vectors.
#pragma once

#include "kernels.h"
#include "vector.h"

namespace {

constexpr int64_t kBlockColumns = 8192;

// The gap keeps the same column of neighbouring blocks out of the same set of the first-level cache.
struct alignas(64) Block {
  float values[kBlockColumns];
  float gap[7 * 16];
};

// body(first column, columns) over the blocks of a row.
template <typename Body>
void for_each_block(int64_t columns, Body body) {
  for (int64_t first = 0; first < columns; first += kBlockColumns) {
    body(first, columns - first < kBlockColumns ? columns - first : kBlockColumns);
  }
}

// The elements of a matrix from an offset on.
template <typename Element>
struct Elements {
  using Type = Element;
  const Element* of(const void* data, int64_t offset) const {
    return static_cast<const Element*>(data) + offset;
  }
  Element* of(void* data, int64_t offset) const { return static_cast<Element*>(data) + offset; }
};

template <typename Body>
auto with_elements(retort_dtype dtype, Body body) {
  switch (dtype) {
    case RETORT_F16:
      return body(Elements<Float16>{});
    case RETORT_BF16:
      return body(Elements<BFloat16>{});
    default:
      return body(Elements<float>{});
  }
}

// Writes `columns` elements from `offset` on; body(column) gives their vector.
template <typename Body>
void store_block(retort_dtype dtype, void* data, int64_t offset, int64_t columns, Body body) {
  with_elements(dtype, [&](auto elements) {
    auto* output = elements.of(data, offset);
    for_each_vector(columns, [&](int64_t j, auto lanes) { lanes.store(output + j, body(j)); });
  });
}

// Reads `columns` elements from `offset` on, and `rest` up to a whole vector.
void load_block(retort_dtype dtype, const void* data, int64_t offset, int64_t columns, float rest,
                float* values) {
  with_elements(dtype, [&](auto elements) {
    const auto* input = elements.of(data, offset);
    for_each_vector(columns,
                    [&](int64_t j, auto lanes) { store(values + j, lanes.load(input + j, rest)); });
  });
}

// The logarithm of a probability; NaN below 0.
inline Vector log_of_probability(Vector p) {
  return where_less(p, broadcast(0), broadcast(NAN), log_of(p));
}

// One row of logits: v_j = sum_k w_k (z_kj - c_k). A single matrix is a sum of one.
struct LogitRow {
  retort_dtype dtype;
  retort_form form;
  const void* const* matrices;
  const float* weights;
  const float* centres;  // null: 0
  int64_t count;
  int64_t offset;  // of the row in each matrix

  // v of a block; returns its maximum in every lane's columns.
  Vector load(int64_t first, int64_t columns, float* v) const {
    return with_elements(dtype, [&](auto elements) {
      if (form == RETORT_PROBABILITIES) {
        return sum(
            elements, first, columns, 0, [](Vector p) { return log_of_probability(p); }, v);
      }
      return sum(
          elements, first, columns, -INFINITY, [](Vector z) { return z; }, v);
    });
  }

  // Asks for columns [first, first + kLanes) of the row `rows` further on, which a later call will load.
  void prefetch(int64_t first, int64_t rows, int64_t stride) const {
    const int64_t size = dtype == RETORT_F32 ? 4 : 2;
    for (int64_t k = 0; k < count; ++k) {
      __builtin_prefetch(
          static_cast<const char*>(matrices[k]) + (offset + rows * stride + first) * size, 0, 2);
    }
  }

  float at(int64_t j) const {
    float v[kLanes];
    load(j, 1, v);
    return v[0];
  }

 private:
  // Four matrices at a time: as many streams as stay in registers with their weights.
  static constexpr int64_t kGroup = 4;

  template <typename Element, typename Logit>
  Vector sum(Elements<Element> elements, int64_t first, int64_t columns, float rest, Logit logit,
             float* v) const {
    Vector largest = broadcast(-INFINITY);
    for (int64_t k = 0; k < count; k += kGroup) {
      const auto add = [&](auto members) {
        return add_group(elements, members, k, first, columns, rest, logit, v);
      };
      switch (count - k) {
        case 1:
          largest = add(Members<1>{});
          break;
        case 2:
          largest = add(Members<2>{});
          break;
        case 3:
          largest = add(Members<3>{});
          break;
        default:
          largest = add(Members<kGroup>{});
      }
    }
    return largest;
  }

  template <int64_t kCount>
  struct Members {};

  // Adds matrices [k, k + kCount) to v, or starts it; returns the maximum so far.
  template <typename Element, int64_t kCount, typename Logit>
  Vector add_group(Elements<Element> elements, Members<kCount>, int64_t k, int64_t first,
                   int64_t columns, float rest, Logit logit, float* v) const {
    const Element* rows[kCount];
    Vector weight[kCount], centre[kCount];
    for (int64_t i = 0; i < kCount; ++i) {
      rows[i] = elements.of(matrices[k + i], offset + first);
      weight[i] = broadcast(weights[k + i]);
      centre[i] = broadcast(centres == nullptr ? 0 : centres[k + i]);
    }
    Vector largest = broadcast(-INFINITY);
    for_each_vector(columns, [&](int64_t j, auto lanes) {
      Vector value;
      for (int64_t i = 0; i < kCount; ++i) {
        const Vector z = logit(lanes.load(rows[i] + j, rest)) - centre[i];
        value = i == 0 && k == 0 ? z * weight[0]
                                 : multiply_add(z, weight[i], i == 0 ? ::load(v + j) : value);
      }
      ::store(v + j, value);
      largest = maximum(value, largest);
    });
    return largest;
  }
};

// A block of a distribution in the scratch, by value: the compiler then knows that no store changes it.
struct Distribution {
  const float* e;
  const float* x;
  Vector inverse_normalizer;
  Vector log_normalizer;

  Vector p(int64_t j) const { return load(e + j) * inverse_normalizer; }
  Vector log_p(int64_t j) const { return load(x + j) - log_normalizer; }
};

// softmax(v / T) of one row of logits; p_j = e_j / Z and log p_j = x_j - log Z with x = (v - m) / T and
// e = exp(x) in the scratch. One class may be left out: it counts as masked, and its own x is apart.
struct RowSoftmax {
  LogitRow logits;
  int64_t classes;
  float inverse_temperature;
  float* x;
  float* e;  // may be x where the exponents are not wanted
  int64_t left_out = -1;
  float left_out_logit = 0;
  float largest = 0;
  float normalizer = 0;
  float inverse_normalizer = 0;
  float log_normalizer = 0;

  void measure() {
    Vector peak = broadcast(-INFINITY);
    for_each_block(classes, [&](int64_t first, int64_t columns) {
      peak = maximum(load(first, columns), peak);
    });
    largest = largest_lane(peak);
    // A row without a class to count has the normaliser 0, not NaN.
    if (largest == -INFINITY) largest = 0;
    Sum sum = broadcast(0);
    for_each_block(classes, [&](int64_t first, int64_t columns) {
      if (classes > kBlockColumns) load(first, columns);
      sum = sum + exponentiate(columns);
    });
    normalizer = sum_of_lanes(sum);
    inverse_normalizer = 1 / normalizer;
    log_normalizer = logf(normalizer);
  }

  // Brings a block into the scratch, where it is not there since measure().
  void fill(int64_t first, int64_t columns) {
    if (classes > kBlockColumns) refill(first, columns);
  }

  // The same of another block than measure() left there.
  void refill(int64_t first, int64_t columns) {
    load(first, columns);
    exponentiate(columns);
  }

  Distribution distribution() const {
    return {e, x, broadcast(inverse_normalizer), broadcast(log_normalizer)};
  }

  // x of the class that is left out; above 0 where it would be the largest.
  double left_out_x() const {
    return (static_cast<double>(left_out_logit) - largest) *
           static_cast<double>(inverse_temperature);
  }

 private:
  Vector load(int64_t first, int64_t columns) {
    const Vector peak = logits.load(first, columns, x);
    const int64_t column = left_out - first;
    if (column < 0 || column >= columns) return peak;
    left_out_logit = x[column];
    x[column] = -INFINITY;
    Vector rest = broadcast(-INFINITY);
    for_each_whole_vector(columns, [&](int64_t j) { rest = maximum(::load(x + j), rest); });
    return rest;
  }

  Sum exponentiate(int64_t columns) {
    float *const scaled = x, *const exponentials = e;
    const Vector peak = broadcast(largest), scale = broadcast(inverse_temperature);
    Sum sum = broadcast(0);
    for_each_whole_vector(columns, [&](int64_t j) {
      const Vector exponent = (::load(scaled + j) - peak) * scale;
      const Vector exponential = exp_nonpositive(exponent);
      ::store(scaled + j, exponent);
      ::store(exponentials + j, exponential);
      sum = sum + exponential;
    });
    return sum;
  }
};

void softmax(const retort::SoftmaxRows& a, int64_t first_row, int64_t end_row) {
  Block x, e;
  const float weight = 1;
  for (int64_t row = first_row; row < end_row; ++row) {
    const LogitRow logits{a.dtype, RETORT_LOGITS,        &a.logits.data, &weight, nullptr,
                          1,       row * a.logits.stride};
    RowSoftmax softmax{logits, a.classes, 1 / a.temperature, x.values, e.values};
    softmax.measure();
    for_each_block(a.classes, [&](int64_t first, int64_t columns) {
      softmax.fill(first, columns);
      const Distribution p = softmax.distribution();
      store_block(a.dtype, a.output.data, row * a.output.stride + first, columns,
                  [&](int64_t j) { return a.logarithm ? p.log_p(j) : p.p(j); });
    });
  }
}

// The gradient of softmax: p * (g - <p, g>) / T.
template <typename Element>
void softmax_backward_row(int64_t classes, const Element* p, const Element* g,
                          float inverse_temperature, Element* gradient) {
  Sum dot = broadcast(0);
  for_each_vector(classes, [&](int64_t j, auto lanes) {
    dot = multiply_add(lanes.load(p + j, 0), lanes.load(g + j, 0), dot);
  });
  const Vector inner = broadcast(sum_of_lanes(dot));
  for_each_vector(classes, [&](int64_t j, auto lanes) {
    const Vector centred = lanes.load(g + j, 0) - inner;
    lanes.store(gradient + j, lanes.load(p + j, 0) * centred * broadcast(inverse_temperature));
  });
}

// The gradient of log-softmax: (g - p * sum(g)) / T.
template <typename Element>
void log_softmax_backward_row(int64_t classes, const Element* log_p, const Element* g,
                              float inverse_temperature, Element* gradient) {
  Sum sum = broadcast(0);
  for_each_vector(classes, [&](int64_t j, auto lanes) { sum = sum + lanes.load(g + j, 0); });
  const Vector total = broadcast(sum_of_lanes(sum));
  for_each_vector(classes, [&](int64_t j, auto lanes) {
    const Vector p = exp_nonpositive(lanes.load(log_p + j, 0));
    const Vector difference = lanes.load(g + j, 0) - p * total;
    lanes.store(gradient + j, difference * broadcast(inverse_temperature));
  });
}

void softmax_backward(const retort::SoftmaxBackwardRows& a, int64_t first_row, int64_t end_row) {
  with_elements(a.dtype, [&](auto elements) {
    for (int64_t row = first_row; row < end_row; ++row) {
      const auto* y = elements.of(a.output.data, row * a.output.stride);
      const auto* g = elements.of(a.output_gradient.data, row * a.output_gradient.stride);
      auto* gradient = elements.of(a.logits_gradient.data, row * a.logits_gradient.stride);
      if (a.logarithm) {
        log_softmax_backward_row(a.classes, y, g, 1 / a.temperature, gradient);
      } else {
        softmax_backward_row(a.classes, y, g, 1 / a.temperature, gradient);
      }
    }
  });
}

}  // namespace
