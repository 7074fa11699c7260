// What a row's sparse teachers are together: their mean on the union S of the classes that they list.
//
//   p_j = sum_k w_k p_kj over the teachers k that list j + sum_k w_k u_k over those that do not
//
// with p_kj the teacher's probability, and u_k its even share of a class that it does not list: 0 but for
// the uniform tail.
//
// Bytes: 8 for each entry, the values read two or three times out of the first-level cache. A warp has a teacher at a
// time. The entries are sorted in shared memory by class, then teacher, and the thread at which a class begins adds
// up what follows, in double. A bit for each class modulo 2^15 says that a class is outside S, or that it has to be
// looked for among the sorted ones.
#pragma once

#include "parameters.h"
#include "softmax_sums.cuh"
#include "sorted_keys.cuh"
#include "team.cuh"

namespace retort::cuda {

// A teacher's tail below this is the rounding of its values.
constexpr double kSmallestTail = 0x1p-20;

// What a block has of a row in shared memory: arrays by the place of an entry, a power of two of them.
class SparseEntries {
 public:
  static constexpr int kMarks = 1 << 15;
  static constexpr int kMarkWords = kMarks / 32;

  static size_t bytes(int teachers, int count) {
    return kMarkWords * sizeof(uint32_t) + static_cast<size_t>(teachers) * sizeof(double) +
           static_cast<size_t>(places(count)) * (sizeof(uint64_t) + 2 * sizeof(float));
  }
  __device__ SparseEntries(void* memory, int teachers, int count)
      : keys(static_cast<uint64_t*>(memory)),
        even(reinterpret_cast<double*>(keys + places(count))),
        p(reinterpret_cast<float*>(even + teachers)),
        z(p + places(count)),
        marks(reinterpret_cast<uint32_t*>(z + places(count))) {}

  RETORT_DEVICE static int places(int count) { return power_of_two(count); }

  uint64_t* keys;  // class + 1, then the entry's number; 0 where there is no class
  double* even;    // w_k u_k of each teacher
  float* p;        // first by the entry's number: w_k p_kj. Then by place: p_j where a class begins
  float* z;        // the student's logits there
  uint32_t* marks;  // a bit for each class of S, modulo their number
};

class SparseTeacherRow {
 public:
  using Team = BlockTeam<256>;

  __device__ SparseTeacherRow(Team& team, const SparseDistillationParameters& a)
      : entries(a.teachers.count * a.k),
        team_(team),
        a_(a),
        shared_(team.shared(), a.teachers.count, entries),
        inverse_temperature_(1 / a.options.temperature) {}

  // Every thread of the block calls it.
  __device__ void measure(int64_t row) {
    for (int i = threadIdx.x; i < SparseEntries::kMarkWords; i += Team::kThreads)
      shared_.marks[i] = 0;
    for (int i = entries + threadIdx.x; i < SparseEntries::places(entries); i += Team::kThreads)
      shared_.keys[i] = 0;
    Totals<double, 2> sums{};  // of tails and even shares
    for (int k = threadIdx.x / 32; k < a_.teachers.count; k += Team::kWarps) read(k, row, &sums);
    if (threadIdx.x % 32 != 0) sums = {};
    sums = team_.reduce(sums);
    tail = sums.values[0];
    each = sums.values[1];
    sort_falling<Team::kThreads>(shared_.keys, SparseEntries::places(entries));
    merge();
    if (a_.tail != RETORT_TAIL_BIN || count < a_.classes) return;
    for_each_class([&](int place, int) {
      shared_.p[place] = static_cast<float>(static_cast<double>(shared_.p[place]) / mass);
    });
    tail = 0;
  }

  // Without teachers.
  __device__ void clear() {
    for (int i = threadIdx.x; i < SparseEntries::kMarkWords; i += Team::kThreads)
      shared_.marks[i] = 0;
    __syncthreads();  // no class is marked
  }

  // body(place, class) for the classes of S that are this thread's.
  template <typename Body>
  __device__ void for_each_class(Body body) const {
    for (int place = threadIdx.x; place < entries; place += Team::kThreads) {
      const int own = class_at(place);
      if (own >= 0 && (place == 0 || class_at(place - 1) != own)) body(place, own);
    }
  }

  // Whether S has the class.
  __device__ bool contains(int column) const {
    const int mark = column % SparseEntries::kMarks;
    if ((shared_.marks[mark / 32] >> mark % 32 & 1) == 0) return false;
    if (a_.classes <= SparseEntries::kMarks) return true;
    // Classes fall; places below `low` have larger ones.
    int low = 0, high = entries;
    while (low < high) {
      const int middle = (low + high) / 2;
      if (class_at(middle) > column) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low < entries && class_at(low) == column;
  }

  __device__ const SparseEntries& shared() const { return shared_; }

  const int entries;
  int count = 0;    // classes of S
  double mass = 0;  // of S
  double tail = 0;  // of all others
  double each = 0;  // u; NaN where a teacher has no distribution

 private:
  __device__ int class_at(int place) const {
    return static_cast<int>(shared_.keys[place] >> 32) - 1;
  }

  // A warp lists what a teacher does, and adds its tail.
  __device__ void read(int k, int64_t row, Totals<double, 2>* sums) {
    const Member& teacher = a_.teachers.all == nullptr ? a_.teachers.first[k] : a_.teachers.all[k];
    const int32_t* const indices = teacher.indices + row * a_.teachers.stride;
    const float* const values =
        static_cast<const float*>(teacher.logits) + row * a_.teachers.stride;
    const int first = k * a_.k;
    const bool renormalized = a_.tail == RETORT_TAIL_RENORMALIZED;
    float peak = -HUGE_VALF;
    int listed = 0, wrong = 0;
    for (int i = threadIdx.x % 32; i < a_.k; i += 32) {
      const int32_t own = indices[i];
      const bool lists = own >= 0 && own < a_.classes;
      wrong += !lists && own != -1;
      listed += lists;
      if (lists && renormalized) peak = fmaxf(peak, values[i]);
      shared_.keys[first + i] =
          lists ? (static_cast<uint64_t>(own) + 1) << 32 | static_cast<uint32_t>(first + i) : 0;
    }
    listed = lanes_.sum(listed);
    wrong = lanes_.sum(wrong);
    peak = lanes_.max(peak);
    if (peak == -HUGE_VALF) peak = 0;
    const float scale =
        a_.teachers.form == RETORT_LOGITS ? teacher.scale * inverse_temperature_ : 1;
    double sum = 0;
    for (int i = threadIdx.x % 32; i < a_.k; i += 32) {
      if (shared_.keys[first + i] == 0) continue;
      const float p = probability(values[i], peak, scale);
      shared_.p[first + i] = p;
      sum += static_cast<double>(p);
    }
    sum = lanes_.sum(sum);
    double own_tail = 1 - sum, divisor = 1;
    if (renormalized || !(own_tail >= kSmallestTail) || listed == a_.classes) {
      own_tail = 0;
      divisor = sum;
    }
    const auto weight = static_cast<double>(teacher.weight);
    double own_each = 0;
    if (a_.tail == RETORT_TAIL_UNIFORM && listed < a_.classes)
      own_each = own_tail / static_cast<double>(a_.classes - listed);
    for (int i = threadIdx.x % 32; i < a_.k; i += 32) {
      if (shared_.keys[first + i] == 0) continue;
      float& p = shared_.p[first + i];
      p = static_cast<float>(weight * (static_cast<double>(p) / divisor));
    }
    if (threadIdx.x % 32 == 0) shared_.even[k] = weight * own_each;
    sums->values[0] += weight * own_tail;
    // A NaN, an infinity, nothing to renormalise, or an index that is none: no distribution.
    const bool has_none = !(sum < HUGE_VAL) || divisor == 0 || wrong > 0;
    sums->values[1] += has_none ? NAN : weight * own_each;
  }

  // Up to a factor where the teacher is renormalised.
  __device__ float probability(float value, float peak, float scale) const {
    if (a_.teachers.form == RETORT_PROBABILITIES) return value < 0 ? NAN : value;
    const float exponent = (value - (a_.tail == RETORT_TAIL_RENORMALIZED ? peak : 0)) * scale;
    return exponent > 88 ? HUGE_VALF : expf(exponent);
  }

  // Of the teachers from `first` to before `end`. A sum of all less some would leave a rounding where nothing is.
  __device__ double even_shares(int first, int end) const {
    if (a_.tail != RETORT_TAIL_UNIFORM) return 0;
    double sum = 0;
    for (int k = first; k < end; ++k) sum += shared_.even[k];
    return sum;
  }

  __device__ void merge() {
    Totals<double, 3> sums{};  // mass, classes, and classes that a teacher lists twice
    for_each_class([&](int place, int own) {
      double share = 0 * each;
      int after = a_.teachers.count;  // a class's teachers fall
      for (int i = place; i < entries && class_at(i) == own; ++i) {
        const auto entry = static_cast<uint32_t>(shared_.keys[i]);
        const int teacher = static_cast<int>(entry) / a_.k;
        if (teacher == after) sums.values[2] += 1;
        share += static_cast<double>(shared_.p[entry]) + even_shares(teacher + 1, after);
        after = teacher;
      }
      share += even_shares(0, after);
      shared_.z[place] = static_cast<float>(share);
      sums.values[0] += share;
      sums.values[1] += 1;
      const int mark = own % SparseEntries::kMarks;
      atomicOr(&shared_.marks[mark / 32], 1u << mark % 32);
    });
    sums = team_.reduce(sums);  // and every share is read
    if (sums.values[2] > 0) each = NAN;
    mass = sums.values[0];
    count = static_cast<int>(sums.values[1]);
    for_each_class(
        [&](int place, int) { shared_.p[place] = sums.values[2] > 0 ? NAN : shared_.z[place]; });
  }

  Team& team_;
  const SparseDistillationParameters& a_;
  SparseEntries shared_;
  Lanes<32> lanes_;
  float inverse_temperature_;
};

}  // namespace retort::cuda
