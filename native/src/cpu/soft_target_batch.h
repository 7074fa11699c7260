// The loss of soft_target_loss.h for rows of few classes, a batch of them at a time: as many as a vector has lanes
// at the most, so that the logarithms and divisions that a row needs once are a vector's, a lane for each.
//
// How a batch lies in the scratch is its layout's to say, which is SoftTargetTile (a lane is a row) or
// SoftTargetRows (a lane is a class). A row's bits depend on no other row.
#pragma once

#include "outgoing.h"
#include "soft_target_loss.h"

namespace {

// Rows of the matrices that a call reads.
struct BatchRows {
  int64_t first;
  int64_t count;
};

template <typename Layout>
class SoftTargetBatches {
 public:
  explicit SoftTargetBatches(const retort::DistillationLossRows& a)
      : a_(a), rows_(a.rows), loss_(a), layout_(a) {}

  retort::LossSums compute(int64_t first_row, int64_t end_row) {
    LossLanes losses;
    const int64_t most = layout_.most_rows();
    for (int64_t row = first_row; row < end_row; row += most) {
      const int64_t rest = end_row - row, later = rest - most;
      compute_batch({row, rest < most ? rest : most}, later < most ? later : most, &losses);
    }
    if (a_.streams_gradient) outgoing_.finish();
    return losses.sums();
  }

 private:
  // `later` rows are the next batch.
  void compute_batch(BatchRows batch, int64_t later, LossLanes* losses) {
    upcoming_ = operands_of(batch.first + batch.count, later);
    loss_.read_rows(batch.first, batch.count, &lanes_);
    const SoftTargetPeaks peaks = load_operands(batch);
    layout_.read_logits(batch, loss_.smooths_labels(), peaks.student, &lanes_);
    const SoftTargetSums totals = layout_.exponentiate(batch, loss_, peaks, &upcoming_);
    if (a_.gradient.data != nullptr) {
      layout_.write_gradient(batch, loss_, loss_.factors(totals, lanes_), lanes_, &upcoming_,
                             &outgoing_);
    }
    // Last, for nothing here waits for its logarithms.
    loss_.add_losses(batch.first, batch.count, totals, lanes_, losses);
  }

  SoftTargetPeaks load_operands(BatchRows batch) {
    SoftTargetPeaks peaks{broadcast(0), broadcast(0)};
    if (loss_.mixture()) {
      mix_teachers(batch);
    } else if (loss_.teacher_count() > 0) {
      peaks.teacher = load_matrices(batch, loss_.teachers(), layout_.teacher());
    }
    peaks.student = load_matrices(batch, loss_.student(), layout_.student());
    return peaks;
  }

  // The rows' maxima. A row without a class to count has the peak 0, so that its exponentials are 0, not NaN.
  Vector load_matrices(BatchRows batch, const WeightedMatrices& matrices, float* scratch) {
    const Vector peak = with_elements(rows_.options.dtype, [&](auto elements) {
      return layout_.load_matrices(batch, matrices, elements, &upcoming_, scratch);
    });
    return where_masked(peak, broadcast(0), peak);
  }

  // p of the teachers, and what the mean of their KLs needs of each. A member is where the student will be.
  void mix_teachers(BatchRows batch) {
    const retort::MemberLogits& teachers = rows_.teachers;
    Vector negative_entropy = broadcast(0);
    for (int64_t k = 0; k < teachers.count; ++k) {
      const Vector peak = load_matrices(batch, loss_.member(k), layout_.student());
      const MemberSums sums = layout_.exponentiate_member(
          batch, peak, broadcast(loss_.scale() * teachers.scales[k]), &upcoming_);
      const Vector share = broadcast(teachers.weights[k]) / sums.normalizer;
      layout_.add_member(batch, share, k == 0);
      if (!loss_.wants_entropies()) continue;
      negative_entropy = negative_entropy + share * (sums.negative_entropy * broadcast(kLn2) -
                                                     sums.normalizer * log_of(sums.normalizer));
    }
    store(lanes_.negative_entropy, negative_entropy);
  }

  UpcomingOperands operands_of(int64_t row, int64_t count) const {
    if (count <= 0) return {};
    const int64_t size = rows_.options.dtype == RETORT_F32 ? 4 : 2;
    const int64_t stride = rows_.teachers.stride * size, own = rows_.student.stride * size;
    return {rows_.teachers.logits, loss_.teacher_count(), row * stride,
            static_cast<const char*>(rows_.student.data) + row * own, count * own};
  }

  const retort::DistillationLossRows& a_;
  const retort::DistillationRows& rows_;
  SoftTargetLoss loss_;
  Layout layout_;
  SoftTargetLanes lanes_;
  UpcomingOperands upcoming_;
  OutgoingLines outgoing_{layout_.staging()};
};

}  // namespace
