// What a row's sparse teachers are together: their mean on the union of the classes that they list.
//
//   p_j = sum_k w_k p_kj over the teachers k that list j + sum_k w_k u_k over those that do not
//
// with p_kj the teacher's probability, and u_k its even share of a class that it does not list: 0 but for
// the uniform tail. Bytes: 8 for each entry, read once. The entries are sorted by class, then teacher, and
// the runs of one class are added up, in double. The second sum is that of all teachers, u, less that of those
// that list j, in the same order: nothing is left of it where all do.
#pragma once

#include "kernels.h"
#include "radix_sort.h"
#include "vector.h"

namespace {

// A teacher's tail below this is the rounding of its values.
constexpr double kSmallestTail = 0x1p-20;

struct SparseScratch {
  static constexpr int64_t kMost = RETORT_MOST_SPARSE_ENTRIES + kLanes;
  Keyed entries[RETORT_MOST_SPARSE_ENTRIES];
  Keyed spare[RETORT_MOST_SPARSE_ENTRIES];
  float shares[kMost];  // w_k p_kj, teacher k's from k times the entries of one on
  double even[RETORT_MOST_SPARSE_ENTRIES];  // w_k u_k
  // Of the classes of the union, in rising order, up to a whole vector.
  int32_t classes[kMost];
  float p[kMost];
  float z[kMost];         // the student's logits
  float gradient[kMost];  // of the row's loss on them
};

class SparseTeacherRow {
 public:
  SparseTeacherRow(const retort::SparseTeachers& teachers, retort_tail tail, float temperature,
                   int64_t classes, SparseScratch& scratch)
      : teachers_(teachers),
        tail_(tail),
        inverse_temperature_(1 / temperature),
        classes_(classes),
        scratch_(scratch) {
    while ((classes - 1) >> key_bits_ > 0) ++key_bits_;
  }

  void measure(int64_t row) {
    tail = each = 0;
    entries_ = 0;
    for (int64_t k = 0; k < teachers_.values.count; ++k) read(k, row);
    merge();
    if (tail_ != RETORT_TAIL_BIN || count < classes_) return;
    for (int64_t i = 0; i < count; ++i)
      scratch_.p[i] = static_cast<float>(static_cast<double>(scratch_.p[i]) / mass);
    tail = 0;
  }

  int64_t count = 0;  // classes of the union
  double mass = 0;    // of the union
  double tail = 0;    // of all others
  double each = 0;    // u; NaN where a teacher has no distribution

 private:
  // Appends what a teacher lists, and adds its tail.
  void read(int64_t k, int64_t row) {
    const int32_t* const indices = teachers_.indices[k] + row * teachers_.values.stride;
    const auto* const values =
        static_cast<const float*>(teachers_.values.logits[k]) + row * teachers_.values.stride;
    const int64_t first = k * teachers_.k;
    float* const p = scratch_.shares + first;
    int64_t listed = 0;
    for (int64_t i = 0; i < teachers_.k; ++i) {
      if (indices[i] < 0) continue;
      scratch_.entries[entries_ + listed] = {static_cast<uint32_t>(indices[i]),
                                             static_cast<int32_t>(first + listed)};
      p[listed++] = values[i];
    }
    const double sum = probabilities(k, listed, p);
    double own_tail = 1 - sum, divisor = 1;
    if (tail_ == RETORT_TAIL_RENORMALIZED || !(own_tail >= kSmallestTail) || listed == classes_) {
      own_tail = 0;
      divisor = sum;
    }
    // A NaN, an infinity, or nothing to renormalise: no distribution.
    if (!(sum < HUGE_VAL) || divisor == 0) each = NAN;
    const double weight = teachers_.values.weights[k];
    double own_each = 0;
    if (tail_ == RETORT_TAIL_UNIFORM && listed < classes_)
      own_each = own_tail / static_cast<double>(classes_ - listed);
    for (int64_t i = 0; i < listed; ++i)
      p[i] = static_cast<float>(weight * (static_cast<double>(p[i]) / divisor));
    entries_ += listed;
    tail += weight * own_tail;
    scratch_.even[k] = weight * own_each;
    each += scratch_.even[k];
  }

  // Makes the values probabilities, up to a factor where they are renormalised; returns their sum.
  double probabilities(int64_t k, int64_t listed, float* p) const {
    const retort_form form = teachers_.values.form;
    float peak = 0, scale = 1;
    if (tail_ == RETORT_TAIL_RENORMALIZED) {
      peak = -HUGE_VALF;
      for (int64_t i = 0; i < listed; ++i) peak = p[i] > peak ? p[i] : peak;
      if (peak == -HUGE_VALF) peak = 0;
    }
    if (form == RETORT_LOGITS) scale = teachers_.values.scales[k] * inverse_temperature_;
    for_each_vector(listed, [&](int64_t i, auto lanes) {
      const Vector value = lanes.load(p + i, 0);
      const Vector exponent = (value - broadcast(peak)) * broadcast(scale);
      const Vector probability = where_less(value, broadcast(0), broadcast(NAN), value);
      // Beyond an f32, and what the exponential was made for.
      const Vector exponential =
          where_less(broadcast(88), exponent, broadcast(INFINITY), exp_nonpositive(exponent));
      lanes.store(p + i, form == RETORT_PROBABILITIES ? probability : exponential);
    });
    double sum = 0;
    for (int64_t i = 0; i < listed; ++i) sum += static_cast<double>(p[i]);
    return sum;
  }

  void merge() {
    const Keyed* const sorted = radix_sort(scratch_.entries, scratch_.spare, entries_, key_bits_);
    count = 0;
    mass = 0;
    for (int64_t i = 0; i < entries_;) {
      const uint32_t key = sorted[i].key;
      double listed = 0, even = 0;
      for (; i < entries_ && sorted[i].key == key; ++i) {
        listed += static_cast<double>(scratch_.shares[sorted[i].place]);
        even += scratch_.even[sorted[i].place / teachers_.k];
      }
      // Rounding alone takes what is left below 0.
      const double others = each - even < 0 ? 0 : each - even;
      const double p = listed + others;
      mass += p;
      scratch_.classes[count] = static_cast<int32_t>(key);
      scratch_.p[count++] = static_cast<float>(p);
    }
  }

  const retort::SparseTeachers& teachers_;
  const retort_tail tail_;
  const float inverse_temperature_;
  const int64_t classes_;
  SparseScratch& scratch_;
  int key_bits_ = 1;
  int64_t entries_ = 0;
};

}  // namespace
