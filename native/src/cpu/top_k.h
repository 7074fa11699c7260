// The k largest logits of a row, as themselves or as probabilities at a temperature over the whole row.
//
// Bytes: the row read once from memory, 8 k written; the least there is. A row is one thread's, and a vector
// holds neighbouring classes. The row goes by in runs that the first level of the cache holds: one sweep
// compares each vector with the k-th largest so far and takes note of the run's peak, a second one sums the
// exponentials about that peak. What is above the limit is appended to a list of candidates, and when the
// list is full its k largest are kept. They are found by bisection over the bits of the limit, so the worst
// row, a rising one, costs a fixed number of comparisons a class. Where the list holds its classes in rising
// order and equal ones leave from its end, ties go to the lower class.
#pragma once

#include "kernels.h"
#include "log_sum_exp.h"
#include "radix_sort.h"
#include "softmax.h"
#include "vector.h"

namespace {

constexpr int64_t kTopKRun = 4096;

class Candidates {
 public:
  void start(int64_t k) {
    k_ = k;
    capacity_ = 2 * k + kSlack;
    count_ = 0;
    limit_ = -HUGE_VALF;
    has_nan_ = false;
  }

  // A vector of classes from `first` on.
  void offer(Vector z, int32_t first) {
    count_ += store_above(z, broadcast(limit_), first, values_ + count_, classes_ + count_);
    if (count_ >= capacity_) select();
  }

  // Keeps the k largest, of equal ones the first. A NaN empties the list.
  void select() {
    for (int64_t i = 0; i < kLanes; ++i) values_[count_ + i] = -HUGE_VALF;
    float largest = -HUGE_VALF;
    for_each_whole_vector(count_, [&](int64_t i) {
      has_nan_ |= any_nan(load(values_ + i));
      const float peak = largest_lane(load(values_ + i));
      largest = peak > largest ? peak : largest;
    });
    if (has_nan_) count_ = 0;
    if (count_ <= k_) return;
    // More than k candidates are above `low`, fewer than k above `high`. Some may equal the limit.
    uint32_t low = ordered(limit_) - 1, high = ordered(largest);
    while (high - low > 1) {
      const uint32_t middle = low + (high - low) / 2;
      const int64_t above = count_of(number_of(middle));
      if (above == k_) return keep_above(number_of(middle), 0);
      (above > k_ ? low : high) = middle;
    }
    const float kth = number_of(high);
    keep_above(kth, k_ - count_of(kth));
  }

  // Fills up with classes at -inf, the lowest first.
  template <typename Element>
  void fill(const Element* z, int64_t classes) {
    for_each_vector(classes, [&](int64_t j, auto lanes) {
      if (count_ == k_) return;
      float values[kLanes];
      store(values, lanes.load(z + j, 0));
      for (int64_t i = 0; i < kLanes && count_ < k_; ++i) {
        if (values[i] == -HUGE_VALF) append(values[i], static_cast<int32_t>(j + i));
      }
    });
  }

  // The candidates by falling value, of equal ones the first first.
  const Keyed* sorted() {
    for (int64_t i = 0; i < count_; ++i) keyed_[i] = {~ordered(values_[i]), classes_[i]};
    return radix_sort(keyed_, spare_, count_, 32);
  }

  bool has_nan() const { return has_nan_; }
  int64_t count() const { return count_; }

 private:
  static constexpr int64_t kSlack = 64;
  static constexpr int64_t kMost = 2 * RETORT_MOST_TOP_K + kSlack + 2 * kLanes;

  void append(float value, int32_t place) {
    values_[count_] = value;
    classes_[count_++] = place;
  }

  int64_t count_of(float limit) const {
    int64_t count = 0;
    for_each_whole_vector(
        count_, [&](int64_t i) { count += count_above(load(values_ + i), broadcast(limit)); });
    return count;
  }

  // Keeps what is above `limit`, and the first `equal` of what equals it.
  void keep_above(float limit, int64_t equal) {
    int64_t kept = 0;
    for (int64_t i = 0; i < count_; ++i) {
      const bool is_equal = values_[i] == limit && equal > 0;
      const bool keeps = values_[i] > limit || is_equal;
      equal -= is_equal;
      values_[kept] = values_[i];
      classes_[kept] = classes_[i];
      kept += keeps;
    }
    count_ = kept;
    limit_ = limit;
  }

  int64_t k_ = 0;
  int64_t capacity_ = 0;
  int64_t count_ = 0;
  float limit_ = 0;  // what is not above this is not among the k largest
  bool has_nan_ = false;
  float values_[kMost];
  int32_t classes_[kMost];
  Keyed keyed_[RETORT_MOST_TOP_K], spare_[RETORT_MOST_TOP_K];
};

// Offers a run of classes; returns its peak.
template <typename Element>
float offer_run(const Element* z, int64_t first, int64_t columns, Candidates& candidates) {
  Vector largest = broadcast(-INFINITY);
  for_each_vector(columns, [&](int64_t j, auto lanes) {
    const Vector value = lanes.load(z + first + j, -INFINITY);
    candidates.offer(value, static_cast<int32_t>(first + j));
    largest = maximum(value, largest);
  });
  return largest_lane(largest);
}

// The sum of exp((z - peak) * scale). The memory, idle meanwhile, is asked for the next run.
template <typename Element>
double sum_of_exponentials(const Element* z, int64_t columns, float peak, float scale) {
  return sum_of_terms(columns, [&](int64_t j, auto lanes) {
    __builtin_prefetch(z + kTopKRun + j);
    return exp_nonpositive((lanes.load(z + j, -INFINITY) - broadcast(peak)) * broadcast(scale));
  });
}

void write_top_k(const retort::TopKRows& a, int64_t row, Candidates& candidates,
                 const LogSumExp& all) {
  int32_t* const indices = a.indices + row * a.indices_stride;
  float* const values = a.values + row * a.values_stride;
  const Keyed* const sorted = candidates.sorted();
  const double log_sum = log(all.sum);
  for (int64_t i = 0; i < a.k; ++i) {
    if (candidates.has_nan()) {
      indices[i] = static_cast<int32_t>(i);
      values[i] = NAN;
      continue;
    }
    const float logit = number_of(~sorted[i].key);
    const double log_p = (logit - all.largest) * all.scale - log_sum;
    indices[i] = sorted[i].place;
    values[i] = a.form == RETORT_LOGITS
                    ? logit
                    : static_cast<float>(a.form == RETORT_PROBABILITIES ? exp(log_p) : log_p);
  }
}

void top_k(const retort::TopKRows& a, int64_t first_row, int64_t end_row) {
  Candidates candidates;
  const float scale = 1 / a.temperature;
  with_elements(a.dtype, [&](auto elements) {
    for (int64_t row = first_row; row < end_row; ++row) {
      const auto* z = elements.of(a.logits.data, row * a.logits.stride);
      LogSumExp all{static_cast<double>(scale)};
      candidates.start(a.k);
      for (int64_t first = 0; first < a.classes; first += kTopKRun) {
        const int64_t columns = a.classes - first < kTopKRun ? a.classes - first : kTopKRun;
        const float peak = offer_run(z, first, columns, candidates);
        if (a.form == RETORT_LOGITS) continue;
        const float shift = peak == -HUGE_VALF ? 0 : peak;
        all.add(peak, sum_of_exponentials(z + first, columns, shift, scale));
      }
      candidates.select();
      if (candidates.count() < a.k && !candidates.has_nan()) candidates.fill(z, a.classes);
      write_top_k(a, row, candidates, all);
    }
  });
}

}  // namespace
