// How the student's gradient moves with each teacher's logits, along a tangent u on the student's logits.
//
// With x = student / T, y = v / T of the teachers' mean, and b of the divergence (see divergence.h):
//
//   of logits         d<dD/dx, u>/dy   = b - p <1, b>                              (as for the softmax p(y))
//   of probabilities  d<dD/dx, u>/dy_k = r_k b - p_k <r_k, b>,  r_kj = w_k p_kj / p_j: member k's share of p_j
//
// The squared error of a mean of logits knows no p: there it is b itself. The normalised divergence's label
// part, p1_y (<s, u> - u_y), moves by p1_y (onehot(y) - p1).
//
// Bytes: (K + 2) rows read, K written. A row is one team's; of a row of one tile a thread keeps log p, the
// student's logits, u and one member's log p_k of its columns in registers, and reads each member of a mixture
// once more. A longer row is read again, all K of them, in each of a member's two sweeps. A tile of a member's
// gradient is written after u of the same columns was read, so one teacher's may overwrite it.
#pragma once

#include <type_traits>

#include "distillation_row.cuh"

namespace retort::cuda {

template <typename Element, typename Shape, typename Divergence>
class DistillationTangentRow {
 public:
  using Team = typename Shape::Team;
  using Teachers = EnsembleRow<Element, Shape, true>;
  static constexpr int kCount = Shape::kColumns;
  static constexpr bool kNormalized = std::is_same_v<Divergence, Normalized>;

  __device__ DistillationTangentRow(Team& team, const Columns<Element, Shape>& columns,
                                    const DistillationTangentParameters& a)
      : team_(team),
        columns_(columns),
        a_(a),
        teachers_(team, columns, a.teachers, a.options.mean, a.options.temperature,
                  wants_of(a.options)),
        student_(team, columns, a) {}

  // Inlined although it is long: a call would put the row's registers into memory.
  __device__ __forceinline__ void compute(int64_t row) {
    row_ = row;
    const RowLabel of_row(a_, row);
    label_ = of_row.label;
    if (of_row.weight == 0) return write_zeros();
    const int left_out = Divergence::kLeavesLabelOut ? label_ : -1;
    teachers_.measure(row, left_out);
    student_.measure(row, label_, left_out);
    const RowFacts facts{a_.classes, student_.log_partition - teachers_.log_partition,
                         teachers_.split, student_.split};
    measure_tangent();
    set_coefficients(of_row.weight * scale_of_rows(a_));
    const Divergence d(a_.options, facts);
    for (int k = 0; k < a_.teachers.count; ++k) member_gradient(d, k);
  }

 private:
  // ---- the tangent ----

  // u on what the soft part sees: through the student's standardisation, whose derivative is symmetric, so that
  // forward it is what it is backward.
  __device__ void measure_tangent() {
    const float at_label =
        to_float(static_cast<const Element*>(a_.tangent.data)[row_ * a_.tangent.stride + label_]);
    standardization_ = {student_.moments, student_.coefficient};
    if (a_.options.standardize_logits) {
      columns_.for_each_tile([&](int first) {
        student_.fill(first);
        load_tangent(first);
#pragma unroll
        for (int i = 0; i < kCount; ++i) {
          if (columns_.has(first, i)) standardization_.add(u_[i], student_.standardized(i));
        }
      });
      standardization_.sums = team_.reduce(standardization_.sums);
    }
    if (columns_.one_tile()) load_seen_tangent(columns_.first());
    label_u_ = seen(at_label, student_.standardized_label());
    measure_means(at_label);
  }

  __device__ void measure_means(float at_label) {
    Totals<float, 3> sums{};
    for_each_filled_tile([&](int first) {
#pragma unroll
      for (int i = 0; i < kCount; ++i) {
        if (!columns_.has(first, i)) continue;
        const Entry e = entry(i);
        sums.values[0] += e.p * u_[i];
        sums.values[1] += e.q * u_[i];
        if (kNormalized) sums.values[2] += expf(student_.log_at_one(i)) * u_[i];
      }
    });
    sums = team_.reduce(sums);
    means_ = {sums.values[0], sums.values[1]};
    target_slope_ = static_cast<double>(sums.values[2]) - static_cast<double>(at_label);
  }

  __device__ void load_tangent(int first) {
    load_tile(columns_, a_.tangent.data, row_ * a_.tangent.stride, first, 0, u_);
  }

  __device__ void load_seen_tangent(int first) {
    load_tangent(first);
#pragma unroll
    for (int i = 0; i < kCount; ++i) u_[i] = seen(u_[i], student_.standardized(i));
  }

  __device__ float seen(float u, float z) const {
    return a_.options.standardize_logits ? standardization_.gradient(u, z) : u;
  }

  __device__ void set_coefficients(double weight) {
    const double alpha = static_cast<double>(a_.options.alpha);
    coefficient_ = static_cast<float>(alpha * static_cast<double>(a_.soft_scale) /
                                      static_cast<double>(a_.options.temperature) * weight);
    target_slope_ *=
        kNormalized ? alpha * weight * static_cast<double>(a_.options.target_weight) : 0;
    if (has_no_distribution()) coefficient_ = NAN;
  }

  // A NaN in either side, or a side that is masked throughout, makes the row NaN, whatever of it the
  // divergence's slope takes.
  __device__ bool has_no_distribution() const {
    const Split &p = teachers_.split, &q = student_.split;
    const double logarithms = p.log_target + p.log_rest + q.log_target + q.log_rest;
    const double sum = static_cast<double>(means_.p) + static_cast<double>(means_.q) + logarithms;
    return sum != sum;
  }

  // ---- a member's gradient ----

  // The sweeps over a row: <r_k, b>, what the member's standardisation needs of all classes, and the gradient
  // itself. They are one loop so that a divergence's terms are compiled once.
  enum Sweep { kSumShares, kSumStandardized, kWrite };

  __device__ void member_gradient(const Divergence& d, int k) {
    const bool standardizes = a_.options.standardize_logits != 0;
    const Member& member = teachers_.member(k);
    StandardizationBackward backward{};
    if (standardizes) {
      backward.moments = teachers_.moments_of_member(k);
      backward.coefficient = 1 / (a_.options.standardize_epsilon + backward.moments.deviation);
    }
    start_member(d, k, backward.moments);
    // dy_k / dz_k, without the standardisation
    const float slope =
        member.scale * (teachers_.of_logits ? member.weight : 1) / a_.options.temperature;
    const bool is_slope_itself = Divergence::kOfLogits && teachers_.of_logits;
    product_ = 0;
    for (int sweep = is_slope_itself ? kSumStandardized : kSumShares; sweep <= kWrite; ++sweep) {
      if (sweep == kSumStandardized && !standardizes) continue;
      Totals<float, 1> shares{};
      for_each_filled_tile([&](int first) {
        fill_member(k, first);
        float g[kCount], z[kCount];
        if (standardizes && sweep != kSumShares) teachers_.load_raw_member(k, first, z);
#pragma unroll
        for (int i = 0; i < kCount; ++i) {
          const float own = share(d, i);
          const bool has = columns_.has(first, i);
          if (sweep == kSumShares) {
            if (has) shares.values[0] += own;
            continue;
          }
          g[i] = columns_.column(first, i) == label_ && Divergence::kLeavesLabelOut
                     ? label_gradient()
                     : gradient(i, own);
          if (!standardizes) continue;
          const float standardized = (z[i] - backward.moments.mean) * backward.coefficient;
          if (sweep == kWrite) {
            g[i] = backward.gradient(g[i], standardized);
          } else if (has) {
            backward.add(g[i], standardized);
          }
        }
        if (sweep == kWrite) write(member, first, g, slope);
      });
      if (sweep == kSumShares) product_ = label_share_ + team_.reduce(shares).values[0];
      if (sweep == kSumStandardized) backward.sums = team_.reduce(backward.sums);
    }
  }

  // The softmax that member k's gradient goes back through, and what is the same for all classes.
  __device__ void start_member(const Divergence& d, int k, Moments moments) {
    double weight = 1, log_weight = 0;
    if (teachers_.of_logits) {
      softmax_ = teachers_.softmax_of_mean();
    } else {
      softmax_ = teachers_.softmax_of_member(k, moments, log_own_);
      if (columns_.one_tile()) take_logarithms();
      weight = static_cast<double>(teachers_.member(k).weight);
      log_weight = log(weight);
    }
    log_share_ = static_cast<float>(log_weight);
    rest_ = 1;
    target_ = label_share_ = 0;
    if (!Divergence::kLeavesLabelOut) return;
    const Split& own = softmax_.split;
    log_share_ = static_cast<float>(log_weight + own.log_rest - teachers_.split.log_rest);
    rest_ = static_cast<float>(exp(own.log_rest));
    label_p_ = static_cast<float>(exp(own.log_target));
    if (target_slope_ != 0) {
      target_ = static_cast<float>(target_slope_ * static_cast<double>(a_.options.temperature) *
                                   weight * exp(softmax_.log_target_at_one));
    }
    label_share_ = d.label_tangent_flow(label_u_, means_);
    if (teachers_.of_logits || label_share_ == 0) return;
    label_share_ *=
        static_cast<float>(exp(log_weight + own.log_target - teachers_.split.log_target));
  }

  // r_j * b_j
  __device__ float share(const Divergence& d, int i) const {
    const Entry e = entry(i);
    const float b = d.tangent_flow(e, u_[i], means_);
    if (teachers_.of_logits) return b;
    const float log_r = log_own_[i] + log_share_ - e.log_p;
    return where_masked(log_own_[i], 0, b * exp_nonpositive(minimum(log_r, 0)));
  }

  // On y_kj of a class that is not left out.
  __device__ float gradient(int i, float share) const {
    const float log_p = teachers_.of_logits ? teachers_.log_p[i] : log_own_[i];
    const float g = (share - exponential(log_p) * (product_ * rest_)) * coefficient_;
    if (target_ == 0) return g;
    const float log_at_one = (log_p + softmax_.log_normalizer) * a_.options.temperature -
                             static_cast<float>(softmax_.log_all_at_one);
    return g - exp_nonpositive(minimum(log_at_one, 0)) * target_;
  }

  __device__ float label_gradient() const {
    const float g = (label_share_ - label_p_ * product_) * coefficient_;
    return target_ == 0 ? g
                        : g + target_ * (1 - static_cast<float>(exp(softmax_.log_target_at_one)));
  }

  __device__ void fill_member(int k, int first) {
    if (teachers_.of_logits || columns_.one_tile()) return;
    teachers_.load_member(k, first, softmax_.centre, softmax_.coefficient, log_own_);
    take_logarithms();
  }

  // Of the logits in log_own_.
  __device__ void take_logarithms() {
    const float scale = 1 / a_.options.temperature;
#pragma unroll
    for (int i = 0; i < kCount; ++i)
      log_own_[i] = (log_own_[i] - softmax_.peak) * scale - softmax_.log_normalizer;
  }

  template <typename Body>
  __device__ void for_each_filled_tile(Body body) {
    columns_.for_each_tile([&](int first) {
      first_ = first;
      if (!columns_.one_tile()) {
        teachers_.fill(first);
        student_.fill(first);
        load_seen_tangent(first);
      }
      body(first);
    });
  }

  __device__ Entry entry(int i) const {
    return entry_of<Divergence>(teachers_.log_p[i], student_.log_q(i),
                                columns_.column(first_, i) == label_);
  }

  __device__ void write(const Member& member, int first, const float (&g)[kCount],
                        float slope) const {
    store_tile(columns_, member.gradient, row_ * a_.teacher_gradient_stride, first,
               [&](int i) { return g[i] * slope; });
  }

  __device__ void write_zeros() const {
    const float zeros[kCount] = {};
    for (int k = 0; k < a_.teachers.count; ++k) {
      columns_.for_each_tile([&](int first) { write(teachers_.member(k), first, zeros, 0); });
    }
  }

  Team& team_;
  const Columns<Element, Shape>& columns_;
  const DistillationTangentParameters& a_;
  Teachers teachers_;
  StudentRow<Element, Shape, true> student_;
  int64_t row_ = 0;
  int first_ = 0;  // the thread's first column of the tile
  int label_ = 0;
  float u_[kCount];                            // of the thread's columns of the tile
  StandardizationBackward standardization_{};  // of the student
  TangentMeans means_{};
  float label_u_ = 0;
  float coefficient_ = 0;
  double target_slope_ = 0;
  // Of the member under way.
  typename Teachers::Softmax softmax_{};
  float log_own_[kCount];  // log p_k of the thread's columns of the tile
  float log_share_ = 0;    // log r_kj = log p_kj + log_share - log p_j
  float rest_ = 1;         // mass outside the label where it is left out
  float label_p_ = 0;
  float label_share_ = 0;
  float product_ = 0;  // <r, b>
  float target_ = 0;   // the normalised divergence's label part adds target * (onehot(y) - p1)
};

template <typename Element, typename Shape, typename Divergence>
__global__ void __launch_bounds__(Shape::Team::kThreads, 1)
    distillation_tangent(const __grid_constant__ DistillationTangentParameters a) {
  typename Shape::Team team;
  const Columns<Element, Shape> columns(team, a.classes);
  DistillationTangentRow<Element, Shape, Divergence> tangent_row(team, columns, a);
  for (int64_t row = team.first_row(); row < a.rows; row += team.rows_at_once()) {
    tangent_row.compute(row);
  }
}

}  // namespace retort::cuda
