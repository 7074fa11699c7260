// A batch of soft_target_batch.h whose lanes are rows: a vector holds one class of as many rows. So a row of 10
// classes leaves no lane empty, and sums need no step across lanes; the operands and the gradient are transposed
// on their way.
#pragma once

#include "soft_target_batch.h"
#include "transposed_tile.h"

namespace {

class SoftTargetTile {
 public:
  // Beyond, a row's own vectors have few empty lanes, and cost less than the transpositions.
  static constexpr int64_t kMostClasses = 128;

  explicit SoftTargetTile(const retort::DistillationLossRows& a)
      : a_(a), classes_(a.rows.classes) {}

  static int64_t most_rows() { return kLanes; }
  float* teacher() { return teacher_; }
  float* student() { return student_; }
  void* staging() { return staging_; }

  template <typename Element>
  Vector load_matrices(BatchRows batch, const WeightedMatrices& matrices, Elements<Element>,
                       UpcomingOperands* upcoming, float* scratch) const {
    const TileRows rows(batch.first, batch.count, matrices.stride);
    return load_tile<Element>(rows, classes_, matrices, upcoming, scratch);
  }

  // What the hard part takes from the student's logits before they are exponentials.
  void read_logits(BatchRows batch, bool wants_sum, Vector peak, SoftTargetLanes* lanes) const {
    for (int64_t i = 0; i < batch.count; ++i) {
      lanes->label_logit[i] = student_[lanes->label[i] * kLanes + i];
    }
    store(lanes->label_logit, load(lanes->label_logit) - peak);
    if (!wants_sum) return;
    Sum sum = broadcast(0);
    for (int64_t j = 0; j < classes_; ++j) sum = sum + (load(student_ + j * kLanes) - peak);
    store(lanes->logit_sum, vector_of(sum));
  }

  SoftTargetSums exponentiate(BatchRows, const SoftTargetLoss& loss, const SoftTargetPeaks& peaks,
                              UpcomingOperands* upcoming) {
    SoftTargetSums sums;
    loss.with_exponentials(
        true, [&](auto exponentials) { sums = exponentials.of(block(), peaks, upcoming); });
    return sums;
  }

  MemberSums exponentiate_member(BatchRows, Vector peak, Vector scale, UpcomingOperands* upcoming) {
    return ::exponentiate_member(classes_ * kLanes, student_, peak, scale, upcoming);
  }
  void add_member(BatchRows, Vector share, bool first) {
    ::add_member(classes_ * kLanes, student_, share, first, teacher_);
  }

  void write_gradient(BatchRows batch, const SoftTargetLoss& loss, const SoftTargetFactors& factors,
                      const SoftTargetLanes& lanes, UpcomingOperands* upcoming,
                      OutgoingLines* outgoing) {
    float labels[kLanes];
    for (int64_t i = 0; i < kLanes; ++i) labels[i] = static_cast<float>(lanes.label[i]);
    const Vector label = load(labels);
    loss.with_gradient([&](auto gradient_of, auto elements) {
      const auto gradient = gradient_of(block(), factors);
      const auto column = [&](int64_t j) {
        const Vector own = broadcast(static_cast<float>(j));
        const Vector term = where_same_bits(label, own, factors.at_label, broadcast(0));
        return gradient.at(j * kLanes) - term;
      };
      write(batch, lanes, column, elements, upcoming, outgoing);
    });
  }

 private:
  template <typename Column, typename Element>
  void write(BatchRows batch, const SoftTargetLanes& lanes, Column column,
             Elements<Element> elements, UpcomingOperands* upcoming, OutgoingLines* outgoing) {
    const int64_t stride = a_.gradient.stride;
    Element* output = elements.of(a_.gradient.data, batch.first * stride);
    // Rows that lie one behind the other are one run of whole lines.
    const bool streams = a_.streams_gradient && stride == classes_;
    if (streams) {
      output = outgoing->place(output, batch.count * classes_);
    }
    store_tile(TileRows(0, batch.count, stride), classes_, column, upcoming, output);
    for (int64_t i = 0; !lanes.all_count && i < batch.count; ++i) {
      if (lanes.weight[i] == 0) store_zeros(output + i * stride, classes_);
    }
    if (streams) outgoing->send();
  }

  SoftTargetBlock block() { return {classes_ * kLanes, teacher_, student_, hard_}; }

  static constexpr int64_t kTile = kMostClasses * kLanes;

  // The gaps keep the same class of the three out of the same set of the first level.
  alignas(64) float teacher_[kTile + kGap];
  float student_[kTile + kGap];
  float hard_[kTile + kGap];
  float staging_[kTile + OutgoingLines::kRoomBesides / 4];
  const retort::DistillationLossRows& a_;
  const int64_t classes_;
};

}  // namespace
