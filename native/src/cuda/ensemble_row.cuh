// The distribution p of a row's teachers, and the mean of K logit matrices that is made of it.
//
//   of logits         v_j = sum_k w_k z_kj                    p = softmax(v / T)
//   of probabilities  p_j = sum_k w_k exp((z_kj - m_k) / T) / Z_k
//
// Bytes: K rows read once. A row of one tile is kept as one number a class, log p, whatever K is: members are
// taken one after another, and each is read, made a distribution and added before the next, whose elements are
// under way meanwhile. A longer row is read twice, the second time tile by tile.
//
// Plain rows sum probabilities, which costs one exponential a member and class; log p is then -inf where p is
// below what a float holds. Exact rows sum logarithms, for divergences that divide by p.
#pragma once

#include "moments.cuh"
#include "parameters.h"
#include "row_tile.cuh"
#include "softmax_sums.cuh"
#include "split.h"
#include "vector.cuh"

namespace retort::cuda {

// What a member's row is known by when it is read again, in the team's shared memory.
struct MemberConstants {
  float centre;
  float coefficient;
  float peak;
  float log_normalizer;
  double
      log_weight;  // log w_k, and where a class is left out the logarithm of its mass on the others besides
};

struct EnsembleWants {
  bool mixture_logits = false;  // v / T = log p + log_partition, of a mixture of one too
  bool entropies = false;       // sum_k w_k sum_j p_kj log p_kj, of a mixture
  bool target_at_one = false;   // the probability of the class left out at temperature 1
  bool standardized = false;
  float epsilon = 0;
};

template <typename Element, typename Shape, bool kExact>
class EnsembleRow {
 public:
  using Team = typename Shape::Team;
  static constexpr int kCount = Shape::kColumns;

  // A softmax among the teachers that a gradient goes back through: a member's own, or that of the mean of logits.
  struct Softmax {
    float centre;  // the logits that count are (z - centre) * coefficient
    float coefficient;
    float peak;
    float log_normalizer;  // of the classes that are not left out
    Split split;           // of the class left out
    double log_all_at_one =
        0;  // log sum exp(logit - peak) at temperature 1, the class left out among them
    double log_target_at_one = 0;  // of the class left out
  };

  __device__ EnsembleRow(Team& team, const Columns<Element, Shape>& columns,
                         const EnsembleMembers& members, retort_mean mean, float temperature,
                         EnsembleWants wants)
      : of_logits(mean == RETORT_MEAN_OF_LOGITS || (members.count == 1 && !wants.mixture_logits)),
        team_(team),
        columns_(columns),
        members_(members),
        wants_(wants),
        temperature_(temperature),
        scale_(1 / temperature) {}

  // Reads the row; `left_out` is a class that p leaves out, or -1 (always so for a plain row).
  __device__ void measure(int64_t row, int left_out) {
    start(row);
    left_out_ = left_out;
    log_partition = negative_entropy = target_at_one = 0;
    split = {};
    if (of_logits) {
      measure_mean_of_logits();
    } else {
      measure_mixture();
    }
  }

  // Reads member k's row again, for its own softmax; of a row of one tile, `z` are its logits from then on.
  // `moments`: the member's, where it is standardised.
  __device__ Softmax softmax_of_member(int k, Moments moments, float (&z)[kCount]) {
    const float2 seen = standardization(k, moments);
    SoftmaxSums row = sums();
    columns_.for_each_tile([&](int first) {
      load_member(k, first, seen.x, seen.y, z);
      row.add(z);
    });
    row = team_.reduce(row);
    const double target =
        left_out_ < 0 ? 0 : static_cast<double>(left_out_logit(k, seen.x, seen.y));
    return softmax_of(row, seen, target);
  }

  // That of the mean of logits, after measure().
  __device__ const Softmax& softmax_of_mean() const { return mean_; }

  // Moments of member k's logits as they are in memory.
  __device__ Moments moments_of_member(int k) {
    return moments_of(team_, columns_,
                      [&](int first, float(&z)[kCount]) { load_raw_member(k, first, z); });
  }

  __device__ void load_raw_member(int k, int first, float (&z)[kCount]) const {
    RowTile<Element, Shape> tile;
    fetch(k, first, tile);
#pragma unroll
    for (int i = 0; i < kCount; ++i) z[i] = logit(tile.at(i));
  }

  // (z - centre) * coefficient of member k, -inf past the end and for the class left out.
  __device__ void load_member(int k, int first, float centre, float coefficient,
                              float (&z)[kCount]) const {
    RowTile<Element, Shape> tile;
    fetch(k, first, tile);
    see(tile, first, centre, coefficient, z);
  }

  // Names the row, for load_mean() alone.
  __device__ void start(int64_t row) { offset_ = row * members_.stride; }

  // Brings log p of a tile into log_p, where measure() did not leave it there.
  __device__ void fill(int first) {
    if (columns_.one_tile()) return;
    if (of_logits) {
      load_mean(first);
      take_logarithms();
      return;
    }
    start_mixture();
    for (int k = 0; k < members_.count; ++k) {
      float z[kCount];
      const MemberConstants constants = shared()[k];
      load_member(k, first, constants.centre, constants.coefficient, z);
      add_member(z, constants.peak, log_share(constants));
    }
    finish_mixture();
  }

  // v of a tile, in log_p, and that of the class left out.
  __device__ void load_mean(int first) {
    left_out_logit_ = 0;
#pragma unroll
    for (int i = 0; i < kCount; ++i) log_p[i] = 0;
    for (int k = 0; k < members_.count; ++k) {
      float2 seen = {0, member(k).scale * member(k).weight};
      if (kExact && wants_.standardized) {
        if (columns_.one_tile()) {
          seen = standardization(k);
        } else {
          seen = {shared()[k].centre, shared()[k].coefficient};
        }
      }
      RowTile<Element, Shape> tile;
      fetch(k, first, tile);
#pragma unroll
      for (int i = 0; i < kCount; ++i) {
        log_p[i] = __fmaf_rn(logit(tile.at(i)) - seen.x, seen.y, log_p[i]);
      }
      if (kExact && left_out_ >= 0)
        left_out_logit_ += static_cast<double>(left_out_logit(k, seen.x, seen.y));
    }
    if (!kExact || left_out_ < 0) return;
#pragma unroll
    for (int i = 0; i < kCount; ++i) {
      if (columns_.column(first, i) == left_out_) log_p[i] = -HUGE_VALF;
    }
  }

  __device__ const Member& member(int k) const {
    return members_.all == nullptr ? members_.first[k] : members_.all[k];
  }

  const bool of_logits;
  float log_p[kCount];  // of the thread's columns of the tile
  Split split;          // of the class left out
  // v / T = log p + log_partition; a mixture's logits are T log p.
  double log_partition = 0;
  double negative_entropy = 0;  // sum_k w_k sum_j p_kj log p_kj, of a mixture
  double target_at_one = 0;

 private:
  __device__ MemberConstants* shared() const {
    return reinterpret_cast<MemberConstants*>(team_.shared());
  }

  __device__ void fetch(int k, int first, RowTile<Element, Shape>& tile) const {
    const float rest = members_.form == RETORT_PROBABILITIES ? 0 : -HUGE_VALF;
    tile.load(columns_, member(k).logits, offset_, first, element_of<Element>(rest));
  }

  __device__ void see(const RowTile<Element, Shape>& tile, int first, float centre,
                      float coefficient, float (&z)[kCount]) const {
#pragma unroll
    for (int i = 0; i < kCount; ++i) {
      z[i] = (logit(tile.at(i)) - centre) * coefficient;
      if (kExact && columns_.column(first, i) == left_out_) z[i] = -HUGE_VALF;
    }
  }

  __device__ float logit(float element) const {
    if (members_.form != RETORT_PROBABILITIES) return element;
    return element < 0 ? NAN : logf(element);
  }

  // Of the class left out.
  __device__ float left_out_logit(int k, float centre, float coefficient) const {
    const Element element = static_cast<const Element*>(member(k).logits)[offset_ + left_out_];
    return (logit(to_float(element)) - centre) * coefficient;
  }

  __device__ SoftmaxSums sums() const {
    return SoftmaxSums::of(scale_ * kLog2E, wants_.target_at_one ? kLog2E : 0);
  }

  // The centre of a member's logits and what they are multiplied by, its share in a mean of logits included.
  __device__ float2 standardization(int k) {
    if (!kExact || !wants_.standardized) return standardization(k, {});
    return standardization(k, moments_of_member(k));
  }

  __device__ float2 standardization(int k, Moments moments) const {
    const float factor = member(k).scale * (of_logits ? member(k).weight : 1);
    if (!kExact || !wants_.standardized) return {0, factor};
    return {moments.mean, factor / (wants_.epsilon + moments.deviation)};
  }

  // ---- mean of logits ----

  __device__ void measure_mean_of_logits() {
    SoftmaxSums row = sums();
    if (kExact) prepare_standardization();
    columns_.for_each_tile([&](int first) {
      load_mean(first);
      row.add(log_p);
    });
    row = team_.reduce(row);
    log_partition =
        static_cast<double>(logf(row.sum)) + static_cast<double>(row.reference()) * scale_;
    mean_ = softmax_of(row, {0, 1}, left_out_logit_);
    if (kExact && left_out_ >= 0) {
      split = mean_.split;
      if (wants_.target_at_one) target_at_one = exp(mean_.log_target_at_one);
    }
    if (columns_.one_tile()) take_logarithms();
  }

  // The members' centres and coefficients, which a row of several tiles needs for each of them.
  __device__ void prepare_standardization() {
    if (!wants_.standardized || columns_.one_tile()) return;
    for (int k = 0; k < members_.count; ++k) {
      const float2 seen = standardization(k);
      if (threadIdx.x == 0) shared()[k] = {seen.x, seen.y, 0, 0, 0};
    }
    team_.sync();
  }

  __device__ void take_logarithms() {
#pragma unroll
    for (int i = 0; i < kCount; ++i)
      log_p[i] = (log_p[i] - mean_.peak) * scale_ - mean_.log_normalizer;
  }

  // ---- mean of probabilities ----

  __device__ void measure_mixture() {
    start_mixture();
    float z[kCount];
    RowTile<Element, Shape> next;
    if (columns_.one_tile()) fetch(0, columns_.first(), next);
    for (int k = 0; k < members_.count; ++k) {
      const float2 seen = standardization(k);
      SoftmaxSums row = sums();
      if (columns_.one_tile()) {
        see(next, columns_.first(), seen.x, seen.y, z);
        if (k + 1 < members_.count) fetch(k + 1, columns_.first(), next);
        if constexpr (kExact) {
          row.add(z);
        } else {
          row.add(z, z);
        }
      } else {
        columns_.for_each_tile([&](int first) {
          load_member(k, first, seen.x, seen.y, z);
          row.add(z);
        });
      }
      const SoftmaxSums own = row;
      row = team_.reduce(row);
      const double rest = split.log_rest;
      const MemberConstants constants = measure_member(k, row, seen);
      if (!columns_.one_tile()) {
        if (threadIdx.x == 0) shared()[k] = constants;
      } else if (kExact) {
        shift_mixture(rest);
        add_member(z, constants.peak, log_share(constants));
      } else {
        add_exponentials(z, row.shrink_from(own) * (member(k).weight / row.sum));
      }
    }
    if (columns_.one_tile()) {
      finish_mixture();
    } else {
      team_.sync();
    }
  }

  // What a member's sums add to the mixture's.
  __device__ MemberConstants measure_member(int k, const SoftmaxSums& row, float2 seen) {
    const float weight = member(k).weight;
    const float log_normalizer = logf(row.sum);
    // 0, but NaN where the member has no distribution: a masked class of the mixture shows no more of it.
    log_partition += static_cast<double>(0 * log_normalizer);
    if (wants_.entropies) {
      negative_entropy += static_cast<double>(weight) *
                          (static_cast<double>(row.product) / static_cast<double>(row.sum) *
                               static_cast<double>(kLn2) -
                           static_cast<double>(log_normalizer));
    }
    MemberConstants constants{seen.x, seen.y, row.reference(), log_normalizer,
                              static_cast<double>(logf(weight))};
    if (!kExact || left_out_ < 0) return constants;
    const Softmax own =
        softmax_of(row, seen, static_cast<double>(left_out_logit(k, seen.x, seen.y)));
    const double log_weight = log(static_cast<double>(weight));
    split.log_target = log_add(split.log_target, log_weight + own.split.log_target);
    split.log_rest = log_add(split.log_rest, log_weight + own.split.log_rest);
    if (wants_.target_at_one)
      target_at_one += static_cast<double>(weight) * exp(own.log_target_at_one);
    constants.log_weight = log_weight + own.split.log_rest;
    return constants;
  }

  // log(w_k / Z_k), among what is left where a class is left out.
  __device__ float log_share(const MemberConstants& constants) const {
    if (!kExact || left_out_ < 0)
      return static_cast<float>(constants.log_weight) - constants.log_normalizer;
    if (constants.log_weight == -HUGE_VAL) return 0;  // of classes without mass
    return static_cast<float>(constants.log_weight - split.log_rest) - constants.log_normalizer;
  }

  // The mixture is kept relative to the mass that its members so far leave beside the class left out.
  __device__ void shift_mixture(double rest) {
    if (left_out_ < 0 || rest == split.log_rest || rest == -HUGE_VAL) return;
    const float shift = static_cast<float>(rest - split.log_rest);
#pragma unroll
    for (int i = 0; i < kCount; ++i) log_p[i] += shift;
  }

  __device__ void start_mixture() {
#pragma unroll
    for (int i = 0; i < kCount; ++i) log_p[i] = kExact ? -HUGE_VALF : 0;
  }

  // Adds w_k p_k to the mixture, which is its logarithm where it is exact.
  __device__ void add_member(const float (&z)[kCount], float peak, float log_share) {
    const float share = expf(log_share);
#pragma unroll
    for (int i = 0; i < kCount; ++i) {
      const float x = (z[i] - peak) * scale_;
      log_p[i] =
          kExact ? log_add(log_p[i], x + log_share) : __fmaf_rn(exponential(x), share, log_p[i]);
    }
  }

  // Of a plain row: e * factor.
  __device__ void add_exponentials(const float (&e)[kCount], float factor) {
#pragma unroll
    for (int i = 0; i < kCount; ++i) log_p[i] = __fmaf_rn(e[i], factor, log_p[i]);
  }

  __device__ void finish_mixture() {
    if (kExact) return;
#pragma unroll
    for (int i = 0; i < kCount; ++i) log_p[i] = logf(log_p[i]);
  }

  // ---- the class left out ----

  // `target`: its logit, which may be the largest of all.
  __device__ Softmax softmax_of(const SoftmaxSums& row, float2 seen, double target) const {
    Softmax softmax{seen.x, seen.y, row.reference(), logf(row.sum), {}};
    if (!kExact || left_out_ < 0) return softmax;
    if (row.sum == 0) softmax.log_normalizer = 0;
    const double above = target - static_cast<double>(row.reference());
    const double x = above * static_cast<double>(scale_);
    softmax.split = split_between(x, log(static_cast<double>(row.sum)));
    if (!wants_.target_at_one) return softmax;
    const double at_one = x * static_cast<double>(temperature_);
    softmax.log_all_at_one = log_add(at_one, log(static_cast<double>(row.other)));
    softmax.log_target_at_one = at_one - softmax.log_all_at_one;
    return softmax;
  }

  Team& team_;
  const Columns<Element, Shape>& columns_;
  const EnsembleMembers& members_;
  EnsembleWants wants_;
  float temperature_;
  float scale_;
  int64_t offset_ = 0;
  int left_out_ = -1;
  double left_out_logit_ = 0;  // of a mean of logits
  Softmax mean_{};             // of a mean of logits
};

}  // namespace retort::cuda
