// A batch of soft_target_batch.h whose lanes are classes: a vector holds neighbouring classes of one row. The rows
// go through each sweep one after another, so that what one waits for, sums across lanes and the latency of its
// exponentials, the others fill.
#pragma once

#include "soft_target_batch.h"

namespace {

class SoftTargetRows {
 public:
  static constexpr int64_t kMostClasses = 1024;

  explicit SoftTargetRows(const retort::DistillationLossRows& a)
      : a_(a), classes_(a.rows.classes), padded_((classes_ + kLanes - 1) / kLanes * kLanes) {}

  int64_t most_rows() const {
    const int64_t rows = kColumns / padded_;
    return rows > kLanes ? kLanes : rows;
  }
  float* teacher() { return teacher_; }
  float* student() { return student_; }
  void* staging() { return staging_; }

  template <typename Element>
  Vector load_matrices(BatchRows batch, const WeightedMatrices& matrices, Elements<Element>,
                       UpcomingOperands* upcoming, float* scratch) const {
    float peaks[kLanes] = {};
    for (int64_t i = 0; i < batch.count; ++i) {
      peaks[i] = largest_lane(weighted_sum<Element>(matrices, (batch.first + i) * matrices.stride,
                                                    classes_, upcoming, scratch + i * padded_));
    }
    return load(peaks);
  }

  // What the hard part takes from the student's logits before they are exponentials.
  void read_logits(BatchRows batch, bool wants_sum, Vector peak, SoftTargetLanes* lanes) const {
    float peaks[kLanes];
    store(peaks, peak);
    for (int64_t i = 0; i < batch.count; ++i) {
      const float* const logits = student_ + i * padded_;
      lanes->label_logit[i] = logits[lanes->label[i]] - peaks[i];
      if (wants_sum) lanes->logit_sum[i] = sum_about(logits, peaks[i]);
    }
  }

  SoftTargetSums exponentiate(BatchRows batch, const SoftTargetLoss& loss,
                              const SoftTargetPeaks& peaks, UpcomingOperands* upcoming) {
    float teacher_peaks[kLanes], student_peaks[kLanes];
    store(teacher_peaks, peaks.teacher);
    store(student_peaks, peaks.student);
    float teacher[kLanes] = {}, student[kLanes] = {}, hard[kLanes] = {}, divergence[kLanes] = {};
    loss.with_exponentials(true, [&](auto exponentials) {
      for (int64_t i = 0; i < batch.count; ++i) {
        const SoftTargetSums sums = exponentials.of(
            block(i), {broadcast(teacher_peaks[i]), broadcast(student_peaks[i])}, upcoming);
        teacher[i] = sum_of_lanes(sums.teacher);
        student[i] = sum_of_lanes(sums.student);
        hard[i] = sum_of_lanes(sums.hard);
        divergence[i] = sum_of_lanes(sums.divergence);
      }
    });
    return {load(teacher), load(student), load(hard), load(divergence)};
  }

  MemberSums exponentiate_member(BatchRows batch, Vector peak, Vector scale,
                                 UpcomingOperands* upcoming) {
    float peaks[kLanes], normalizer[kLanes] = {}, negative_entropy[kLanes] = {};
    store(peaks, peak);
    for (int64_t i = 0; i < batch.count; ++i) {
      const MemberSums sums = ::exponentiate_member(padded_, student_ + i * padded_,
                                                    broadcast(peaks[i]), scale, upcoming);
      normalizer[i] = sum_of_lanes(sums.normalizer);
      negative_entropy[i] = sum_of_lanes(sums.negative_entropy);
    }
    return {load(normalizer), load(negative_entropy)};
  }

  void add_member(BatchRows batch, Vector share, bool first) {
    float shares[kLanes];
    store(shares, share);
    for (int64_t i = 0; i < batch.count; ++i) {
      const int64_t place = i * padded_;
      ::add_member(padded_, student_ + place, broadcast(shares[i]), first, teacher_ + place);
    }
  }

  void write_gradient(BatchRows batch, const SoftTargetLoss& loss, const SoftTargetFactors& factors,
                      const SoftTargetLanes& lanes, UpcomingOperands* upcoming,
                      OutgoingLines* outgoing) {
    const SoftTargetFactorLanes of_rows(factors);
    loss.with_gradient([&](auto gradient_of, auto elements) {
      for (int64_t i = 0; i < batch.count; ++i) {
        auto* row = elements.of(a_.gradient.data, (batch.first + i) * a_.gradient.stride);
        if (a_.streams_gradient) row = outgoing->place(row, classes_);
        if (lanes.weight[i] == 0) {
          store_zeros(row, classes_);
        } else {
          store_gradient(gradient_of(block(i), of_rows.at(i)), classes_, lanes.label[i], upcoming,
                         row);
        }
        if (a_.streams_gradient) outgoing->send();
      }
    });
  }

 private:
  float sum_about(const float* logits, float peak) const {
    Sum sum = broadcast(0);
    for_each_vector(classes_, [&](int64_t j, auto lanes) {
      sum = sum + lanes.keep(load(logits + j) - broadcast(peak));
    });
    return sum_of_lanes(sum);
  }

  SoftTargetBlock block(int64_t i) {
    const int64_t place = i * padded_;
    return {padded_, teacher_ + place, student_ + place, hard_ + place};
  }

  static constexpr int64_t kColumns = 1024;

  // The gaps keep the same class of the three out of the same set of the first level.
  alignas(64) float teacher_[kColumns + kGap];
  float student_[kColumns + kGap];
  float hard_[kColumns + kGap];
  float staging_[kMostClasses + OutgoingLines::kRoomBesides / 4];
  const retort::DistillationLossRows& a_;
  const int64_t classes_;
  const int64_t padded_;
};

}  // namespace
