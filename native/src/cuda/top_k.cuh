// The k largest logits of a row, as themselves or as probabilities at a temperature over the whole row.
//
// A class is one key of 64 bits, its logit's order above and its own number's complement below, so keys differ and
// the k largest are one set whatever the ties. They are found by digits: a histogram of the highest 11 bits (sign,
// exponent and two bits more) tells which digit the k-th largest has, the next one tells the following digit of
// those, until few keys are left that may be among the k. These go to a list in shared memory, and are sorted.
//
// Bytes: a row of one tile is read once and stays in registers, a longer one is read once for the first histogram,
// in which its softmax is summed too, once for each further digit and once for the list: twice, unless some 2,000
// classes share the first digit of the k-th. A block has a row. Where a key stands in the list is left to chance; what
// is written is not, for the list is sorted.
#pragma once

#include "parameters.h"
#include "row_tile.cuh"
#include "softmax_sums.cuh"
#include "sorted_keys.cuh"

namespace retort::cuda {

// The order of a number; both zeros have one, and none has 0.
__device__ inline uint32_t order_of(float x) {
  const uint32_t bits = __float_as_uint(x + 0.0f);
  return bits & 0x80000000u ? ~bits : bits | 0x80000000u;
}

__device__ inline float number_of(uint32_t order) {
  return __uint_as_float(order & 0x80000000u ? order & 0x7fffffffu : ~order);
}

template <typename Element>
class TopKRow {
 public:
  using Shape = RowShape<BlockTeam<256>, 8, true>;
  using Team = Shape::Team;
  static constexpr int kThreads = Team::kThreads;
  static constexpr int kCount = Shape::kColumns;
  static constexpr int kDigitBits = 11;
  static constexpr int kDigits = 1 << kDigitBits;
  static constexpr int kDigitsOfThread = kDigits / kThreads;
  // A longer list is not worth a further sweep through registers.
  static constexpr int kFewCandidates = 256;
  static constexpr int kMostCandidates = 2048;
  static_assert(kMostCandidates >= RETORT_MOST_TOP_K, "the list holds the k largest");

  // In shared memory.
  struct Shared {
    uint64_t candidates[kMostCandidates];
    int histogram[kDigits];
    int warp_sums[Team::kWarps];
    int digit, above, within;  // what choose_digit() found
    int count;                 // of candidates
  };

  __device__ TopKRow(Team& team, const Columns<Element, Shape>& columns, const TopKParameters& a)
      : team_(team), columns_(columns), a_(a), shared_(*static_cast<Shared*>(team.shared())) {
    for (int i = threadIdx.x; i < kDigits; i += kThreads) shared_.histogram[i] = 0;
    __syncthreads();
  }

  __device__ void compute(int64_t row) {
    row_ = row;
    prefix_ = 0;
    shift_ = 64;
    above_ = 0;
    within_ = a_.classes;
    const int most = most_candidates();
    const bool selects = within_ > most;
    SoftmaxSums all = SoftmaxSums::of(kLog2E / a_.temperature, 0);
    Totals<int, 1> nans{};
    if (selects) next_digit();
    columns_.for_each_tile([&](int first) {
      load(first);
#pragma unroll
      for (int i = 0; i < kCount; ++i) nans.values[0] += z_[i] != z_[i];
      if (a_.form != RETORT_LOGITS) all.add(z_);
      if (selects) count_digits(first);
    });
    nans = team_.reduce(nans);
    if (a_.form != RETORT_LOGITS) all = team_.reduce(all);
    if (selects) choose_digit();
    while (above_ + within_ > most) {
      next_digit();
      for_each_loaded_tile([&](int first) { count_digits(first); });
      __syncthreads();  // every class is counted
      choose_digit();
    }
    if (nans.values[0] > 0) return write_nans();
    list_candidates();
    write(all);
  }

 private:
  __device__ int most_candidates() const {
    const int few = 2 * a_.k > kFewCandidates ? 2 * a_.k : kFewCandidates;
    return columns_.one_tile() ? few : kMostCandidates;
  }

  __device__ void load(int first) {
    load_tile(columns_, a_.logits.data, row_ * a_.logits.stride, first, -HUGE_VALF, z_);
  }

  template <typename Body>
  __device__ void for_each_loaded_tile(Body body) {
    columns_.for_each_tile([&](int first) {
      if (!columns_.one_tile()) load(first);
      body(first);
    });
  }

  __device__ uint64_t key(int first, int i) const {
    return static_cast<uint64_t>(order_of(z_[i])) << 32 |
           ~static_cast<uint32_t>(columns_.column(first, i));
  }

  // ---- one digit after another ----

  __device__ void next_digit() {
    bits_ = shift_ < kDigitBits ? shift_ : kDigitBits;
    shift_ -= bits_;
  }

  // Of the keys whose higher digits are those of the prefix.
  __device__ void count_digits(int first) {
#pragma unroll
    for (int i = 0; i < kCount; ++i) {
      const uint64_t digits = key(first, i) >> shift_;
      const bool counts = shift_ + bits_ == 64 || digits >> bits_ == prefix_;
      if (counts && columns_.has(first, i))
        atomicAdd(&shared_.histogram[digits & ((1u << bits_) - 1)], 1);
    }
  }

  // Adds the digit that the k-th largest key has to the prefix, and leaves the histogram empty.
  __device__ void choose_digit() {
    const int first = threadIdx.x * kDigitsOfThread;
    int counts[kDigitsOfThread], own = 0;
#pragma unroll
    for (int i = 0; i < kDigitsOfThread; ++i) {
      counts[i] = shared_.histogram[first + i];
      shared_.histogram[first + i] = 0;
      own += counts[i];
    }
    const int need = a_.k - above_;
    int above = sum_of_later_threads(own);
#pragma unroll
    for (int i = kDigitsOfThread - 1; i >= 0; --i) {
      if (above < need && above + counts[i] >= need) {
        shared_.digit = first + i;
        shared_.above = above;
        shared_.within = counts[i];
      }
      above += counts[i];
    }
    __syncthreads();  // the digit is found
    prefix_ = prefix_ << bits_ | static_cast<uint64_t>(shared_.digit);
    above_ += shared_.above;
    within_ = shared_.within;
  }

  __device__ int sum_of_later_threads(int own) {
    const int lane = threadIdx.x % 32, warp = threadIdx.x / 32;
    int sum = own;
#pragma unroll
    for (int offset = 1; offset < 32; offset *= 2) {
      const int later = __shfl_down_sync(0xffffffff, sum, offset);
      if (lane + offset < 32) sum += later;
    }
    if (lane == 0) shared_.warp_sums[warp] = sum;
    __syncthreads();  // every warp's sum is there
    int later = sum - own;
    for (int i = warp + 1; i < Team::kWarps; ++i) later += shared_.warp_sums[i];
    return later;
  }

  // ---- the list ----

  // The keys whose digits so far are not below the prefix: all that may be among the k largest.
  __device__ void list_candidates() {
    if (threadIdx.x == 0) shared_.count = 0;
    __syncthreads();  // the list is empty
    for_each_loaded_tile([&](int first) {
#pragma unroll
      for (int i = 0; i < kCount; ++i) {
        const uint64_t own = key(first, i);
        if (!columns_.has(first, i) || (shift_ < 64 && own >> shift_ < prefix_)) continue;
        shared_.candidates[atomicAdd(&shared_.count, 1)] = own;
      }
    });
    __syncthreads();  // the list is whole
    const int count = shared_.count, padded = power_of_two(count);
    for (int i = count + threadIdx.x; i < padded; i += kThreads) shared_.candidates[i] = 0;
    __syncthreads();  // the list is padded
    sort_falling<kThreads>(shared_.candidates, padded);
  }

  __device__ void write(const SoftmaxSums& all) {
    const float scale = 1 / a_.temperature, log_sum = logf(all.sum), peak = all.reference();
    for (int i = threadIdx.x; i < a_.k; i += kThreads) {
      const uint64_t key = shared_.candidates[i];
      const float logit = number_of(static_cast<uint32_t>(key >> 32));
      const float log_p = (logit - peak) * scale - log_sum;
      indices()[i] = static_cast<int32_t>(~static_cast<uint32_t>(key));
      values()[i] = a_.form == RETORT_LOGITS          ? logit
                    : a_.form == RETORT_PROBABILITIES ? expf(log_p)
                                                      : log_p;
    }
    __syncthreads();  // the list is read
  }

  __device__ void write_nans() {
    for (int i = threadIdx.x; i < a_.k; i += kThreads) {
      indices()[i] = i;
      values()[i] = NAN;
    }
  }

  __device__ int32_t* indices() const { return a_.indices + row_ * a_.indices_stride; }
  __device__ float* values() const { return a_.values + row_ * a_.values_stride; }

  Team& team_;
  const Columns<Element, Shape>& columns_;
  const TopKParameters& a_;
  Shared& shared_;
  int64_t row_ = 0;
  float z_[kCount];      // of the thread's columns of the tile
  uint64_t prefix_ = 0;  // the digits of the k-th largest key so far
  int shift_ = 64;       // of the last of them
  int bits_ = 0;         // that it has
  int above_ = 0;        // keys above all that begin with the prefix
  int within_ = 0;       // keys that do
};

template <typename Element>
__global__ void __launch_bounds__(TopKRow<Element>::kThreads)
    top_k(const __grid_constant__ TopKParameters a) {
  typename TopKRow<Element>::Team team;
  const Columns<Element, typename TopKRow<Element>::Shape> columns(team, a.classes);
  TopKRow<Element> top_k_row(team, columns, a);
  for (int64_t row = team.first_row(); row < a.rows; row += team.rows_at_once()) {
    top_k_row.compute(row);
  }
}

}  // namespace retort::cuda
