// The loss of soft_target_loss.h for rows of many classes, one after another: a lane is a class.
//
// A row is taken in blocks whose operands lie in the first level of the cache: a block is loaded, its peaks
// found, exponentiated. Peaks only rise from block to block, and where one does, the sums so far are scaled
// once: no element is touched again. The last exponentials, and those of a row that fits are all, stay in the
// scratch, each relative to the peak of its block's time, which is one more factor of the gradient. The operands
// of the blocks before are read and exponentiated a second time, from the last to the first: the later ones are
// still in the second level then.
//
// A mixture takes its teachers one after another: where the row fits, each is read and exponentiated once, and
// added to p when its sum is known, in the next one's sweep. The teachers of a longer row are measured first, and
// the divergence, which needs p, is summed in the sweep that writes the gradient.
#pragma once

#include "outgoing.h"
#include "soft_target_loss.h"

namespace {

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

// Of what comes after, relative to a block's peak, to what is relative to a later one. Peaks only rise, but
// from the 0 that stands for that of a block without a class to count.
float shrinkage(float from, float to, float scale) { return exp2f(fminf(from - to, 0) * scale); }

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

class SoftTargetLongRows {
 public:
  explicit SoftTargetLongRows(const retort::DistillationLossRows& a)
      : a_(a),
        rows_(a.rows),
        classes_(a.rows.classes),
        loss_(a),
        row_block_(loss_.teacher_count() > 2 ? kLeastBlock : kMostBlock),
        first_kept_(first_kept()),
        teacher_(scratch_),
        student_(teacher_ + apart()),
        hard_(loss_.keeps_hard_exponentials() ? student_ + apart() : student_) {}

  retort::LossSums compute(int64_t first_row, int64_t end_row) {
    LossLanes losses;
    end_row_ = end_row;
    for (row_ = first_row; row_ < end_row; ++row_) {
      loss_.read_rows(row_, 1, &lanes_);
      if (lanes_.weight[0] == 0) {
        ignore_row(a_, row_);
      } else {
        compute_row(&losses);
      }
    }
    if (a_.streams_gradient) outgoing_.finish();
    return losses.sums();
  }

 private:
  struct Peaks {
    float teacher;
    float student;
  };

  int64_t first_kept() const {
    const int64_t matrices = loss_.keeps_hard_exponentials() ? 3 : 2;
    const int64_t most = kScratch / matrices / row_block_;
    const int64_t blocks = (classes_ + row_block_ - 1) / row_block_;
    if (blocks <= most) return 0;
    return loss_.mixture() ? blocks * row_block_ : (blocks - most) * row_block_;
  }
  // The matrices of the scratch from each other: no wider than they need, so that the same columns lie in
  // different sets of the second level, and by a gap so that they do of the first.
  int64_t apart() const {
    const int64_t kept = (classes_ - first_kept_ + row_block_ - 1) / row_block_ * row_block_;
    return kGap + (kept > 0 ? kept : row_block_);
  }
  // Whether the exponentials of the block stay in the scratch.
  bool keeps(int64_t first) const { return first >= first_kept_; }
  bool keeps_row() const { return first_kept_ == 0; }
  // Whether p is known in the sweep that writes the gradient only.
  bool mixes_late() const { return loss_.mixture() && !keeps_row(); }

  void compute_row(LossLanes* all) {
    if (loss_.mixture()) lanes_.negative_entropy[0] = measure_teachers();
    SoftTargetTotals totals;
    measure(&totals);
    const bool wants_divergence = mixes_late() && loss_.told();
    SoftTargetSums sums = sums_of(totals);
    if (a_.gradient.data != nullptr || wants_divergence) {
      const float divergence =
          write_gradient(SoftTargetFactorLanes(loss_.factors(sums, lanes_)).at(0));
      if (mixes_late()) sums.divergence = broadcast(divergence);
    }
    loss_.add_losses(row_, 1, sums, lanes_, all);
  }

  void measure(SoftTargetTotals* totals) {
    double label_logit = 0, logit_sum = 0;
    for_each_row_block(0, [&](int64_t first, int64_t columns) {
      const int64_t next = first + columns;
      upcoming_ = next < classes_ ? measured_next(next) : after_measuring();
      const Peaks of_block = load_block(first, columns, !mixes_late());
      totals->raise(of_block.teacher, of_block.student, loss_.scale(), loss_.kept());
      const Peaks peaks{totals->teacher_peak.reference(), totals->student_peak.reference()};
      read_logits(first, columns, peaks.student, &label_logit, &logit_sum);
      if (keeps(first)) kept_peaks(first) = peaks;
      totals->add(exponentiate(first, columns, peaks, !mixes_late()));
      last_peaks_ = peaks;
    });
    const auto peak = static_cast<double>(last_peaks_.student);
    lanes_.label_logit[0] = static_cast<float>(label_logit - peak);
    lanes_.logit_sum[0] = static_cast<float>(logit_sum - peak * static_cast<double>(classes_));
  }

  static SoftTargetSums sums_of(const SoftTargetTotals& totals) {
    return {broadcast(totals.teacher), broadcast(totals.student), broadcast(totals.hard),
            broadcast(totals.divergence)};
  }

  // What the hard part takes from the student's logits before they are exponentials.
  void read_logits(int64_t first, int64_t columns, float peak, double* label_logit,
                   double* logit_sum) {
    const float* const logits = block(first, columns).student;
    const int64_t column = lanes_.label[0] - first;
    if (column >= 0 && column < columns) *label_logit = static_cast<double>(logits[column]);
    if (!loss_.smooths_labels()) return;
    Sum sum = broadcast(0);
    for_each_vector(columns, [&](int64_t j, auto lanes) {
      sum = sum + lanes.keep(load(logits + j) - broadcast(peak));
    });
    *logit_sum += static_cast<double>(sum_of_lanes(sum)) +
                  static_cast<double>(peak) * static_cast<double>(columns);
  }

  int64_t columns_of(int64_t first) const {
    return classes_ - first < row_block_ ? classes_ - first : row_block_;
  }
  template <typename Body>
  void for_each_row_block(int64_t begin, Body body) const {
    for (int64_t first = begin; first < classes_; first += row_block_) {
      body(first, columns_of(first));
    }
  }

  SoftTargetBlock block(int64_t first, int64_t columns) {
    const int64_t place = keeps(first) ? first - first_kept_ : 0;
    return {(columns + kLanes - 1) / kLanes * kLanes, teacher_ + place, student_ + place,
            hard_ + place};
  }

  float load_matrices(const WeightedMatrices& matrices, int64_t first, int64_t columns, float* v) {
    return largest_lane(with_elements(rows_.options.dtype, [&](auto elements) {
      return weighted_sum<typename decltype(elements)::Type>(
          matrices, row_ * matrices.stride + first, columns, &upcoming_, v);
    }));
  }

  Peaks load_block(int64_t first, int64_t columns, bool wants_teachers) {
    const SoftTargetBlock scratch = block(first, columns);
    Peaks peaks{-INFINITY, -INFINITY};
    if (loss_.mixture()) {
      if (keeps_row()) {
        add_kept_block(rows_.teachers.count - 1, first, columns);
      } else if (wants_teachers) {
        mix_block(first, columns);
      }
    } else if (loss_.teacher_count() > 0) {
      peaks.teacher = load_matrices(loss_.teachers(), first, columns, scratch.teacher);
    }
    peaks.student = load_matrices(loss_.student(), first, columns, scratch.student);
    return peaks;
  }

  SoftTargetSums exponentiate(int64_t first, int64_t columns, const Peaks& peaks,
                              bool wants_teachers) {
    SoftTargetSums sums;
    loss_.with_exponentials(wants_teachers, [&](auto exponentials) {
      sums = exponentials.of(block(first, columns),
                             {broadcast(peaks.teacher), broadcast(peaks.student)}, &upcoming_);
    });
    return sums;
  }

  // ---- a mixture's teachers ----

  struct Member {
    RunningPeak peak;
    float normalizer = 0;
    float entropy = 0;  // sum_j e_j t_j
  };
  float member_scale(int64_t k) const { return loss_.scale() * rows_.teachers.scales[k]; }

  // p of a row that fits, or what mix_block() needs of a longer one; returns
  // sum_k w_k sum_j p_kj log p_kj.
  float measure_teachers() {
    const retort::MemberLogits& teachers = rows_.teachers;
    double negative_entropy = 0;
    for (int64_t k = 0; k < teachers.count; ++k) {
      const Member member = measure_member(k);
      peak_of_member_[k] = member.peak.reference();
      share_[k] = teachers.weights[k] / member.normalizer;
      negative_entropy += static_cast<double>(teachers.weights[k]) *
                          (static_cast<double>(member.entropy) /
                               static_cast<double>(member.normalizer) * static_cast<double>(kLn2) -
                           static_cast<double>(logf(member.normalizer)));
    }
    return loss_.wants_entropies() ? static_cast<float>(negative_entropy) : 0;
  }

  // The member's exponentials lie where the student's will be.
  Member measure_member(int64_t k) {
    const float scale = member_scale(k);
    Member member;
    for_each_row_block(0, [&](int64_t first, int64_t columns) {
      const SoftTargetBlock scratch = block(first, columns);
      const int64_t next = first + columns;
      upcoming_ = next < classes_ ? member_of(k, row_, next) : after_member(k);
      if (k > 0 && keeps_row()) add_kept_block(k - 1, first, columns);
      const float fall =
          member.peak.raise(load_matrices(loss_.member(k), first, columns, scratch.student)) *
          scale;
      const float peak = member.peak.reference();
      if (keeps_row()) kept_peaks(first).student = peak;
      const MemberSums sums = exponentiate_member(scratch.elements, scratch.student,
                                                  broadcast(peak), broadcast(scale), &upcoming_);
      const float shrink = exp2f(-fall);
      member.entropy = shrink == 0 ? 0 : (member.entropy - member.normalizer * fall) * shrink;
      member.entropy += sum_of_lanes(sums.negative_entropy);
      member.normalizer = member.normalizer * shrink + sum_of_lanes(sums.normalizer);
    });
    return member;
  }

  // Adds to p what a member left in the block, just before the next operand takes its place there.
  void add_kept_block(int64_t k, int64_t first, int64_t columns) {
    const SoftTargetBlock scratch = block(first, columns);
    const float share =
        share_[k] * shrinkage(kept_peaks(first).student, peak_of_member_[k], member_scale(k));
    add_member(scratch.elements, scratch.student, broadcast(share), k == 0, scratch.teacher);
  }

  void mix_block(int64_t first, int64_t columns) {
    const SoftTargetBlock scratch = block(first, columns);
    for (int64_t k = 0; k < rows_.teachers.count; ++k) {
      load_matrices(loss_.member(k), first, columns, scratch.student);
      exponentiate_member(scratch.elements, scratch.student, broadcast(peak_of_member_[k]),
                          broadcast(member_scale(k)), &upcoming_);
      add_member(scratch.elements, scratch.student, broadcast(share_[k]), k == 0, scratch.teacher);
    }
  }

  // ---- the gradient ----

  // Returns the divergence of a mixture that is exponentiated again.
  float write_gradient(const SoftTargetFactors& factors) {
    for_each_row_block(first_kept_, [&](int64_t first, int64_t columns) {
      write_block(first, columns, of_kept_block(factors, first));
    });
    float divergence = 0;
    for (int64_t first = first_kept_ - row_block_; first >= 0; first -= row_block_) {
      upcoming_ = first > 0 ? operands_of(row_, first - row_block_) : first_of_row(row_ + 1);
      const int64_t columns = columns_of(first);
      load_block(first, columns, true);
      divergence += sum_of_lanes(exponentiate(first, columns, last_peaks_, true).divergence);
      if (a_.gradient.data != nullptr) write_block(first, columns, factors);
    }
    return divergence;
  }

  void write_block(int64_t first, int64_t columns, const SoftTargetFactors& factors) {
    loss_.with_gradient([&](auto gradient_of, auto elements) {
      auto* output = elements.of(a_.gradient.data, row_ * a_.gradient.stride + first);
      if (a_.streams_gradient) output = outgoing_.place(output, columns);
      store_gradient(gradient_of(block(first, columns), factors), columns, lanes_.label[0] - first,
                     &upcoming_, output);
      if (a_.streams_gradient) outgoing_.send();
    });
  }

  // The factors for exponentials relative to the peaks of their block.
  SoftTargetFactors of_kept_block(const SoftTargetFactors& factors, int64_t first) {
    const Peaks& peaks = kept_peaks(first);
    const float teacher = shrinkage(peaks.teacher, last_peaks_.teacher, loss_.scale());
    const float student = shrinkage(peaks.student, last_peaks_.student, loss_.scale());
    const float hard = shrinkage(peaks.student, last_peaks_.student, kLog2E);
    return {factors.student * broadcast(student), factors.teacher * broadcast(teacher),
            factors.hard * broadcast(hard), factors.uniform, factors.at_label};
  }

  // What the sweeps read after a block, first those of a mixture's members, then that of the sums.
  UpcomingOperands after_member(int64_t k) const {
    return k + 1 < rows_.teachers.count ? member_of(k + 1, row_, 0) : student_of(row_, 0);
  }
  UpcomingOperands measured_next(int64_t first) const {
    return loss_.mixture() ? student_of(row_, first) : operands_of(row_, first);
  }
  UpcomingOperands after_measuring() const {
    if (a_.gradient.data != nullptr && !keeps_row())
      return operands_of(row_, first_kept_ - row_block_);
    return first_of_row(row_ + 1);
  }
  UpcomingOperands first_of_row(int64_t row) const {
    if (row == end_row_) return {};
    return loss_.mixture() ? member_of(0, row, 0) : operands_of(row, 0);
  }

  // A block of all matrices, or of one.
  UpcomingOperands operands_of(int64_t row, int64_t first) const {
    return {rows_.teachers.logits, loss_.teacher_count(),
            (row * rows_.teachers.stride + first) * element_size(), student_at(row, first),
            columns_of(first) * element_size()};
  }
  UpcomingOperands student_of(int64_t row, int64_t first) const {
    return {nullptr, 0, 0, student_at(row, first), columns_of(first) * element_size()};
  }
  UpcomingOperands member_of(int64_t k, int64_t row, int64_t first) const {
    const char* const member = static_cast<const char*>(rows_.teachers.logits[k]) +
                               (row * rows_.teachers.stride + first) * element_size();
    return {nullptr, 0, 0, member, columns_of(first) * element_size()};
  }
  const char* student_at(int64_t row, int64_t first) const {
    return static_cast<const char*>(rows_.student.data) +
           (row * rows_.student.stride + first) * element_size();
  }
  int64_t element_size() const { return rows_.options.dtype == RETORT_F32 ? 4 : 2; }

  Peaks& kept_peaks(int64_t first) { return peaks_[(first - first_kept_) / row_block_]; }

  static constexpr int64_t kMostBlock = 1024;
  static constexpr int64_t kLeastBlock = 512;
  // 256 KiB, which the second level holds beside what comes next.
  static constexpr int64_t kScratch = 65536;

  alignas(64) float scratch_[kScratch + 2 * kGap];
  alignas(64) float staging_[kMostBlock + OutgoingLines::kRoomBesides / 4];
  SoftTargetLanes lanes_;  // the row's are the first
  const retort::DistillationLossRows& a_;
  const retort::DistillationRows& rows_;
  const int64_t classes_;
  SoftTargetLoss loss_;
  const int64_t row_block_;   // columns of which the first level holds two blocks' operands
  const int64_t first_kept_;  // the first column whose exponentials stay in the scratch
  UpcomingOperands upcoming_;
  OutgoingLines outgoing_{staging_};
  int64_t end_row_ = 0;
  int64_t row_ = 0;
  Peaks last_peaks_{};                       // of the whole row
  Peaks peaks_[kScratch / 2 / kLeastBlock];  // of each block that is kept
  float peak_of_member_[kMostMembers];
  float share_[kMostMembers];
  float* const teacher_;
  float* const student_;  // a member, then the student
  float* const hard_;
};

}  // namespace
