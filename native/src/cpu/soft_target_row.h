// The loss of soft_target_loss.h row by row: a lane is a class, a vector holds neighbouring classes.
//
// A row is taken in blocks whose operands lie in the first level of the cache: a block is loaded, its peaks
// found, exponentiated. Peaks only rise from block to block, and where one does, the sums so far are scaled
// once: no element is touched again. The exponentials of a row that fits stay in the scratch, each relative
// to the peak of its block's time, which is one more factor of the gradient; of a longer row the operands
// are read and exponentiated a second time, out of the second level or the third.
#pragma once

#include "soft_target_loss.h"
#include "streaming.h"

namespace {

// sum_k weights[k] * matrices[k] of a block from an offset on, -inf up to a whole vector; returns the
// maximum. Four matrices at a time: as many streams as stay in registers with their weights.
template <typename Element, int64_t kCount>
Vector add_matrices(const void* const* matrices, const float* weights, bool first, int64_t offset,
                    int64_t columns, UpcomingOperands* upcoming, float* v) {
  const Element* rows[kCount];
  Vector weight[kCount];
  for (int64_t k = 0; k < kCount; ++k) {
    rows[k] = static_cast<const Element*>(matrices[k]) + offset;
    weight[k] = broadcast(weights[k]);
  }
  UpcomingOperands next = *upcoming;
  Vector peak = broadcast(-INFINITY);
  for_each_vector(columns, [&](int64_t j, auto lanes) {
    Vector sum = lanes.load(rows[0] + j, -INFINITY) * weight[0];
    if (!first) sum = sum + load(v + j);
    for (int64_t k = 1; k < kCount; ++k) {
      sum = multiply_add(lanes.load(rows[k] + j, -INFINITY), weight[k], sum);
    }
    store(v + j, sum);
    peak = maximum(sum, peak);
    next.fetch(1);
  });
  *upcoming = next;
  return peak;
}

template <typename Element>
Vector weighted_sum(const void* const* matrices, const float* weights, int64_t count,
                    int64_t offset, int64_t columns, UpcomingOperands* upcoming, float* v) {
  Vector peak = broadcast(-INFINITY);
  int64_t k = 0;
  const auto add = [&](auto group) {
    constexpr int64_t kCount = decltype(group)::value;
    peak = add_matrices<Element, kCount>(matrices + k, weights + k, k == 0, offset, columns,
                                         upcoming, v);
    k += kCount;
  };
  const int64_t fours = count / 4;
  for (int64_t i = 0; i < fours; ++i) add(RowCount<4>{});
  if (count - k == 3) add(RowCount<3>{});
  if (count - k == 2) add(RowCount<2>{});
  if (count - k == 1) add(RowCount<1>{});
  return peak;
}

// The largest value of a softmax so far.
struct RunningPeak {
  float value = -INFINITY;

  // What exponents are relative to; 0 before there is a class that counts.
  float reference() const { return value == -INFINITY ? 0 : value; }
  // Raises it, and returns by how much exponents fall.
  float raise(float peak) {
    const float before = value;
    if (peak > value) value = peak;
    return before == -INFINITY ? 0 : value - before;
  }
};

// The sums of a row over its blocks.
struct SoftTargetTotals {
  RunningPeak teacher_peak;
  RunningPeak student_peak;
  float teacher = 0;
  float student = 0;
  float hard = 0;
  float divergence = 0;

  // Makes the sums relative to the peaks of one block more.
  void raise(float teacher_to, float student_to, float scale, float kept) {
    const float teacher_fall = teacher_peak.raise(teacher_to) * scale;
    const float student_rise = student_peak.raise(student_to);
    const float student_fall = student_rise * scale;
    if (teacher_fall == 0 && student_fall == 0) return;
    const float shrink = exp2f(-teacher_fall);
    // No mass is 0 however far a peak moves, and so are terms that vanish beside what comes, infinite or not;
    // a NaN stays in the other sums.
    if (teacher != 0) divergence += teacher * (student_fall - kept * teacher_fall);
    divergence = shrink == 0 ? 0 : divergence * shrink;
    teacher *= shrink;
    student *= exp2f(-student_fall);
    hard *= exp2f(-student_rise * kLog2E);
  }

  void add(const SoftTargetSums& block) {
    teacher += sum_of_lanes(block.teacher);
    student += sum_of_lanes(block.student);
    hard += sum_of_lanes(block.hard);
    divergence += sum_of_lanes(block.divergence);
  }
};

class SoftTargetRows {
 public:
  explicit SoftTargetRows(const retort::DistillationLossRows& a)
      : a_(a),
        rows_(a.rows),
        classes_(a.rows.classes),
        padded_(whole_vectors(classes_)),
        group_rows_(rows_of_group(padded_)),
        loss_(a),
        kept_columns_(kScratchBlocks / (loss_.needs_third_scratch() ? 3 : 2) * kRowBlock),
        teacher_(scratch_),
        student_(teacher_ + kept_columns_ + kGap),
        other_(loss_.needs_third_scratch() ? student_ + kept_columns_ + kGap : nullptr) {}

  retort::LossSums compute(int64_t first_row, int64_t end_row) {
    retort::LossSums sums{0, 0};
    end_row_ = end_row;
    for (int64_t row = first_row; row < end_row; row += group_rows_) {
      const int64_t rest = end_row - row;
      compute_group(row, rest < group_rows_ ? rest : group_rows_, &sums);
    }
    if (a_.streams_gradient) finish_streams();
    return sums;
  }

 private:
  struct BlockPeaks {
    float teacher;
    float student;
  };

  void compute_group(int64_t first_row, int64_t count, retort::LossSums* all) {
    loss_.read_rows(first_row, count, &lanes_);
    upcoming_ = next_group(first_row + group_rows_);
    measure_group(first_row, count);
    const SoftTargetSums sums{load(sums_.teacher), load(sums_.student), load(sums_.hard),
                              load(sums_.divergence)};
    loss_.add_losses(first_row, count, sums, lanes_, all);
    if (a_.gradient.data == nullptr) return;
    store_factors(loss_.factors(sums, lanes_));
    for (int64_t i = 0; i < count; ++i) {
      select(first_row, i);
      if (lanes_.weight[i] == 0) {
        ignore_row(a_, row_);
      } else {
        write_gradient();
      }
    }
  }

  static int64_t rows_of_group(int64_t padded) {
    const int64_t rows = kGroupColumns / padded;
    return rows > kLanes ? kLanes : rows < 1 ? 1 : rows;
  }

  // The row that the functions below are about, and its place in the scratch.
  void select(int64_t first_row, int64_t i) {
    lane_ = i;
    row_ = first_row + i;
    label_ = lanes_.label[i];
    place_ = group_rows_ > 1 ? i * padded_ : 0;
  }

  // All rows are loaded before the first is exponentiated: what one row waits for, sums across lanes and the
  // exponentials' latency, the others then fill.
  void measure_group(int64_t first_row, int64_t count) {
    SoftTargetTotals totals[kLanes];
    for (int64_t i = 0; i < count; ++i) {
      select(first_row, i);
      if (lanes_.weight[i] == 0) continue;
      if (loss_.mixture()) lanes_.negative_entropy[i] = mix_teachers();
      if (classes_ <= kRowBlock) raise_peaks(0, classes_, &totals[i]);
    }
    for (int64_t i = 0; i < count; ++i) {
      select(first_row, i);
      if (lanes_.weight[i] == 0) continue;
      label_logit_ = logit_sum_ = 0;
      for_each_row_block([&](int64_t first, int64_t columns) {
        if (classes_ > kRowBlock) {
          upcoming_ = next_block(first, columns, false);
          raise_peaks(first, columns, &totals[i]);
        }
        read_logits(first, columns, totals[i].student_peak.reference());
        totals[i].add(exponentiate(first, columns, totals[i]));
      });
      keep(totals[i]);
    }
  }

  void raise_peaks(int64_t first, int64_t columns, SoftTargetTotals* totals) {
    const BlockPeaks peaks = load_block(first, columns);
    totals->raise(peaks.teacher, peaks.student, loss_.scale(), loss_.kept());
  }

  // What the hard part takes from the student's logits before they are exponentials.
  void read_logits(int64_t first, int64_t columns, float peak) {
    const float* const logits = scratch(first, columns).student;
    if (label_ >= first && label_ < first + columns) {
      label_logit_ = static_cast<double>(logits[label_ - first]);
    }
    if (!loss_.smooths_labels()) return;
    Sum sum = broadcast(0);
    for_each_vector(columns, [&](int64_t j, auto lanes) {
      sum = sum + lanes.keep(load(logits + j) - broadcast(peak));
    });
    logit_sum_ += static_cast<double>(sum_of_lanes(sum)) +
                  static_cast<double>(peak) * static_cast<double>(columns);
  }

  void keep(const SoftTargetTotals& totals) {
    sums_.teacher[lane_] = totals.teacher;
    sums_.student[lane_] = totals.student;
    sums_.hard[lane_] = totals.hard;
    sums_.divergence[lane_] = totals.divergence;
    const double peak = static_cast<double>(totals.student_peak.reference());
    lanes_.label_logit[lane_] = static_cast<float>(label_logit_ - peak);
    lanes_.logit_sum[lane_] = static_cast<float>(logit_sum_ - peak * static_cast<double>(classes_));
    last_peaks_ = {totals.teacher_peak.reference(), totals.student_peak.reference()};
  }

  template <typename Body>
  void for_each_row_block(Body body) const {
    for (int64_t first = 0; first < classes_; first += kRowBlock) {
      body(first, classes_ - first < kRowBlock ? classes_ - first : kRowBlock);
    }
  }

  static int64_t whole_vectors(int64_t columns) { return (columns + kLanes - 1) / kLanes * kLanes; }
  // Whether the row's exponentials stay in the scratch.
  bool keeps() const { return classes_ <= kept_columns_; }
  SoftTargetBlock scratch(int64_t first, int64_t columns) {
    const int64_t place = keeps() ? place_ + first : 0;
    return {whole_vectors(columns), teacher_ + place, student_ + place,
            other_ == nullptr ? nullptr : other_ + place};
  }

  float load_matrices(const void* const* matrices, const float* weights, int64_t count,
                      int64_t offset, int64_t columns, float* v) {
    return largest_lane(with_elements(rows_.options.dtype, [&](auto elements) {
      return weighted_sum<typename decltype(elements)::Type>(matrices, weights, count, offset,
                                                             columns, &upcoming_, v);
    }));
  }
  float load_member(int64_t k, int64_t count, int64_t first, int64_t columns, float* v) {
    return load_matrices(rows_.teachers.logits + k, loss_.weights() + k, count,
                         row_ * rows_.teachers.stride + first, columns, v);
  }

  BlockPeaks load_block(int64_t first, int64_t columns) {
    const SoftTargetBlock block = scratch(first, columns);
    BlockPeaks peaks{-INFINITY, -INFINITY};
    if (loss_.mixture()) {
      if (!keeps()) mix_block(first, columns);
    } else if (loss_.teacher_count() > 0) {
      peaks.teacher = load_member(0, loss_.teacher_count(), first, columns, block.teacher);
    }
    const float one = 1;
    peaks.student = load_matrices(&rows_.student.data, &one, 1, row_ * rows_.student.stride + first,
                                  columns, block.student);
    return peaks;
  }

  SoftTargetSums exponentiate(int64_t first, int64_t columns, const SoftTargetTotals& totals) {
    const BlockPeaks peaks{totals.teacher_peak.reference(), totals.student_peak.reference()};
    if (keeps()) peaks_[first / kRowBlock] = peaks;
    return exponentiate(first, columns, peaks);
  }
  SoftTargetSums exponentiate(int64_t first, int64_t columns, const BlockPeaks& peaks) {
    return loss_.exponentiate(scratch(first, columns),
                              {broadcast(peaks.teacher), broadcast(peaks.student)}, &upcoming_);
  }

  // p of a row that fits, or what mix_block() needs of a longer one; returns
  // sum_k w_k sum_j p_kj log p_kj.
  float mix_teachers() {
    const retort::MemberLogits& teachers = rows_.teachers;
    double negative_entropy = 0;
    for (int64_t k = 0; k < teachers.count; ++k) {
      const Member member = keeps() ? measure_kept(k) : measure_long(k);
      peak_of_member_[k] = member.peak;
      share_[k] = teachers.weights[k] / member.normalizer;
      if (keeps()) {
        add_member(padded_, other_ + place_, broadcast(share_[k]), k == 0, teacher_ + place_);
      }
      negative_entropy += static_cast<double>(teachers.weights[k]) *
                          (static_cast<double>(member.entropy) /
                               static_cast<double>(member.normalizer) * static_cast<double>(kLn2) -
                           static_cast<double>(logf(member.normalizer)));
    }
    return loss_.wants_entropies() ? static_cast<float>(negative_entropy) : 0;
  }

  struct Member {
    float peak;
    float normalizer;
    float entropy;  // sum_j e_j t_j
  };
  Vector member_scale(int64_t k) const {
    return broadcast(loss_.scale() * rows_.teachers.scales[k]);
  }

  Member measure_kept(int64_t k) {
    RunningPeak peak;
    peak.raise(load_member(k, 1, 0, classes_, other_ + place_));
    const MemberSums sums =
        exponentiate_member(padded_, other_ + place_, broadcast(peak.reference()), member_scale(k));
    return {peak.reference(), sum_of_lanes(sums.normalizer), sum_of_lanes(sums.negative_entropy)};
  }

  Member measure_long(int64_t k) {
    const float scale = loss_.scale() * rows_.teachers.scales[k];
    RunningPeak peak;
    float normalizer = 0, entropy = 0;
    for_each_row_block([&](int64_t first, int64_t columns) {
      const float fall = peak.raise(load_member(k, 1, first, columns, other_)) * scale;
      const MemberSums sums = exponentiate_member(whole_vectors(columns), other_,
                                                  broadcast(peak.reference()), broadcast(scale));
      const float shrink = exp2f(-fall);
      entropy = shrink == 0 ? 0 : (entropy - normalizer * fall) * shrink;
      entropy += sum_of_lanes(sums.negative_entropy);
      normalizer = normalizer * shrink + sum_of_lanes(sums.normalizer);
    });
    return {peak.reference(), normalizer, entropy};
  }

  void mix_block(int64_t first, int64_t columns) {
    const int64_t elements = whole_vectors(columns);
    for (int64_t k = 0; k < rows_.teachers.count; ++k) {
      load_member(k, 1, first, columns, other_);
      exponentiate_member(elements, other_, broadcast(peak_of_member_[k]), member_scale(k));
      add_member(elements, other_, broadcast(share_[k]), k == 0, teacher_);
    }
  }

  void write_gradient() {
    const SoftTargetFactors factors = {
        broadcast(factors_.student[lane_]), broadcast(factors_.teacher[lane_]),
        broadcast(factors_.hard[lane_]), broadcast(factors_.uniform[lane_]), broadcast(0)};
    for_each_row_block([&](int64_t first, int64_t columns) {
      if (!keeps()) {
        upcoming_ = next_block(first, columns, true);
        load_block(first, columns);
        exponentiate(first, columns, last_peaks_);
      }
      const SoftTargetBlock block = scratch(first, columns);
      loss_.write_gradient(block, of_block(factors, first), &upcoming_);
      if (label_ >= first && label_ < first + columns) {
        block.teacher[label_ - first] -= factors_.at_label[lane_];
      }
      store_gradient(first, columns, block.teacher);
    });
  }

  // The factors for exponentials relative to the peaks of their block. Peaks only rise, but from the 0 that
  // stands for that of a block without a class to count.
  SoftTargetFactors of_block(const SoftTargetFactors& factors, int64_t first) const {
    if (!keeps() || classes_ <= kRowBlock) return factors;
    const BlockPeaks& peaks = peaks_[first / kRowBlock];
    const float teacher = fminf(peaks.teacher - last_peaks_.teacher, 0);
    const float student = fminf(peaks.student - last_peaks_.student, 0);
    return {factors.student * broadcast(exp2f(student * loss_.scale())),
            factors.teacher * broadcast(exp2f(teacher * loss_.scale())),
            factors.hard * broadcast(exp2f(student * kLog2E)), factors.uniform, factors.at_label};
  }

  void store_factors(const SoftTargetFactors& factors) {
    store(factors_.student, factors.student);
    store(factors_.teacher, factors.teacher);
    store(factors_.hard, factors.hard);
    store(factors_.uniform, factors.uniform);
    store(factors_.at_label, factors.at_label);
  }

  void store_gradient(int64_t first, int64_t columns, float* gradient) {
    const int64_t offset = row_ * a_.gradient.stride + first;
    if (!a_.streams_gradient) {
      store_block(rows_.options.dtype, a_.gradient.data, offset, columns,
                  [&](int64_t j) { return load(gradient + j); });
      return;
    }
    with_elements(rows_.options.dtype, [&](auto elements) {
      using Element = typename decltype(elements)::Type;
      // In place: an element is no longer than the f32 it was.
      Element* const narrow = reinterpret_cast<Element*>(gradient);
      if (sizeof(Element) < sizeof(float)) {
        for_each_whole_vector(columns, [&](int64_t j) { store(narrow + j, load(gradient + j)); });
      }
      stream_bytes(elements.of(a_.gradient.data, offset), narrow,
                   columns * static_cast<int64_t>(sizeof(Element)));
    });
  }

  // The rows after a group.
  UpcomingOperands next_group(int64_t row) const {
    const int64_t rest = end_row_ - row;
    if (rest <= 0) return {};
    const int64_t size = rows_.options.dtype == RETORT_F32 ? 4 : 2;
    const int64_t stride = rows_.student.stride;
    return {rows_.teachers.logits, loss_.teacher_count(), row * rows_.teachers.stride * size,
            static_cast<const char*>(rows_.student.data) + row * stride * size,
            (rest < group_rows_ ? rest : group_rows_) * stride * size};
  }

  // What is read after this block: the row's next one, its first again for the gradient, or the next row's.
  UpcomingOperands next_block(int64_t first, int64_t columns, bool for_gradient) const {
    int64_t row = row_, next = first + columns;
    if (next >= classes_) {
      next = 0;
      if (keeps() || for_gradient || a_.gradient.data == nullptr) ++row;
      if (row == end_row_) return {};
    }
    const int64_t width = classes_ - next < kRowBlock ? classes_ - next : kRowBlock;
    const int64_t size = rows_.options.dtype == RETORT_F32 ? 4 : 2;
    return {
        rows_.teachers.logits, loss_.teacher_count(), (row * rows_.teachers.stride + next) * size,
        static_cast<const char*>(rows_.student.data) + (row * rows_.student.stride + next) * size,
        width * size};
  }

  static constexpr int64_t kRowBlock = 1024;
  // 96 KiB, which the second level holds beside what comes next: two matrices of 12 blocks, or three of 8.
  static constexpr int64_t kScratchBlocks = 24;
  // The gaps keep the same column of the three out of the same set of the first level.
  static constexpr int64_t kScratch = kScratchBlocks * kRowBlock + 2 * kGap;
  static constexpr int64_t kGroupColumns = kRowBlock;

  struct Sums {
    float teacher[kLanes] = {};
    float student[kLanes] = {};
    float hard[kLanes] = {};
    float divergence[kLanes] = {};
  };
  struct Factors {
    float student[kLanes];
    float teacher[kLanes];
    float hard[kLanes];
    float uniform[kLanes];
    float at_label[kLanes];
  };

  alignas(64) float scratch_[kScratch];
  SoftTargetLanes lanes_;
  Sums sums_;
  Factors factors_;
  const retort::DistillationLossRows& a_;
  const retort::DistillationRows& rows_;
  const int64_t classes_;
  const int64_t padded_;
  const int64_t group_rows_;  // rows whose sums are finished together, a lane each
  SoftTargetLoss loss_;
  const int64_t kept_columns_;  // of the longest row whose exponentials stay in the scratch
  UpcomingOperands upcoming_;
  int64_t end_row_ = 0;
  int64_t lane_ = 0;
  int64_t row_ = 0;
  int64_t label_ = 0;
  int64_t place_ = 0;
  double label_logit_ = 0;
  double logit_sum_ = 0;     // of the student's logits, where labels are smoothed
  BlockPeaks last_peaks_{};  // of the whole row, where it is more than a block
  BlockPeaks peaks_[kScratchBlocks / 2];
  float peak_of_member_[kMostMembers];
  float share_[kMostMembers];
  float* const teacher_;
  float* const student_;
  float* const other_;  // a member, then the hard exponentials
};

}  // namespace
