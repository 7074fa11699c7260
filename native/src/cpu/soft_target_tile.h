// The loss of soft_target_loss.h for rows of few classes: a lane is a row, a vector holds one class of as many
// rows. So a row of 10 classes leaves no lane empty, sums need no step across lanes, and the logarithms and
// divisions that a row needs once are a vector's. A row's bits depend on no other lane.
#pragma once

#include "soft_target_loss.h"
#include "streaming.h"
#include "transposed_tile.h"

namespace {

// Up to here the scratch of a tile lies in the first level of the cache, and a row's own vectors would
// leave lanes empty or wait for sums across them.
constexpr int64_t kMostTileClasses = 64;

class SoftTargetTiles {
 public:
  explicit SoftTargetTiles(const retort::DistillationLossRows& a)
      : a_(a), rows_(a.rows), classes_(a.rows.classes), loss_(a) {}

  retort::LossSums compute(int64_t first_row, int64_t end_row) {
    retort::LossSums sums{0, 0};
    for (int64_t row = first_row; row < end_row; row += kLanes) {
      const int64_t rest = end_row - row;
      compute_tile(row, rest < kLanes ? rest : kLanes, rest - kLanes, &sums);
    }
    if (a_.streams_gradient) finish_streams();
    return sums;
  }

 private:
  // `later` rows follow.
  void compute_tile(int64_t first_row, int64_t count, int64_t later, retort::LossSums* sums) {
    row_ = first_row;
    count_ = count;
    upcoming_ = next_tile(later < kLanes ? later : kLanes);
    loss_.read_rows(first_row, count, &lanes_);
    const SoftTargetPeaks peaks = load_operands();
    read_logits(peaks.student);
    const SoftTargetBlock block{classes_ * kLanes, teacher_, student_, other_};
    const SoftTargetSums totals = loss_.exponentiate(block, peaks, &upcoming_);
    if (a_.gradient.data != nullptr) {
      const SoftTargetFactors factors = loss_.factors(totals, lanes_);
      loss_.write_gradient(block, factors, &upcoming_);
      store_gradient(factors.at_label);
    }
    // Last, for nothing here waits for its logarithms.
    loss_.add_losses(first_row, count, totals, lanes_, sums);
  }

  SoftTargetPeaks load_operands() {
    SoftTargetPeaks peaks{broadcast(0), broadcast(0)};
    const float one = 1;
    if (loss_.mixture()) {
      mix_teachers();
    } else if (loss_.teacher_count() > 0) {
      peaks.teacher = load_matrices(rows_.teachers.logits, loss_.weights(), loss_.teacher_count(),
                                    rows_.teachers.stride, teacher_);
    }
    peaks.student = load_matrices(&rows_.student.data, &one, 1, rows_.student.stride, student_);
    return peaks;
  }

  Vector load_matrices(const void* const* matrices, const float* weights, int64_t count,
                       int64_t stride, float* tile) {
    const TileRows rows(row_, count_, stride);
    return finite_peak(with_elements(rows_.options.dtype, [&](auto elements) {
      return load_tile<typename decltype(elements)::Type>(rows, classes_, matrices, weights, count,
                                                          &upcoming_, tile);
    }));
  }

  // p of the teachers, and what the mean of their KLs needs of each.
  void mix_teachers() {
    const retort::MemberLogits& teachers = rows_.teachers;
    Vector negative_entropy = broadcast(0);
    for (int64_t k = 0; k < teachers.count; ++k) {
      const Vector peak =
          load_matrices(teachers.logits + k, loss_.weights() + k, 1, teachers.stride, other_);
      const MemberSums sums = exponentiate_member(classes_ * kLanes, other_, peak,
                                                  broadcast(loss_.scale() * teachers.scales[k]));
      const Vector share = broadcast(teachers.weights[k]) / sums.normalizer;
      add_member(classes_ * kLanes, other_, share, k == 0, teacher_);
      if (loss_.wants_entropies()) {
        negative_entropy = negative_entropy + share * (sums.negative_entropy * broadcast(kLn2) -
                                                       sums.normalizer * log_of(sums.normalizer));
      }
    }
    store(lanes_.negative_entropy, negative_entropy);
  }

  // What the hard part takes from the student's logits before they are exponentials.
  void read_logits(Vector peak) {
    for (int64_t i = 0; i < count_; ++i) {
      lanes_.label_logit[i] = student_[lanes_.label[i] * kLanes + i];
      // No class for a row that is ignored, whose gradient is 0.
      label_lanes_[i] = lanes_.weight[i] == 0 ? -1 : static_cast<float>(lanes_.label[i]);
    }
    store(lanes_.label_logit, load(lanes_.label_logit) - peak);
    if (!loss_.smooths_labels()) return;
    Vector sum = broadcast(0);
    for (int64_t j = 0; j < classes_; ++j) sum = sum + (load(student_ + j * kLanes) - peak);
    store(lanes_.logit_sum, sum);
  }

  void clear_ignored_rows() {
    for (int64_t i = 0; i < count_; ++i) {
      if (lanes_.weight[i] != 0) continue;
      for (int64_t j = 0; j < classes_; ++j) teacher_[j * kLanes + i] = 0;
    }
  }

  void store_gradient(Vector at_label) {
    clear_ignored_rows();
    const Vector labels = load(label_lanes_);
    const auto column = [&](int64_t j) {
      const Vector own = broadcast(static_cast<float>(j));
      const Vector term = where_same_bits(labels, own, at_label, broadcast(0));
      return load(teacher_ + j * kLanes) - term;
    };
    with_elements(rows_.options.dtype, [&](auto elements) {
      using Element = typename decltype(elements)::Type;
      if (!a_.streams_gradient || a_.gradient.stride != classes_) {
        const TileRows rows(row_, count_, a_.gradient.stride);
        store_tile(rows, classes_, column, elements.of(a_.gradient.data, 0));
        return;
      }
      // The rows lie one behind the other: all of them are one run of whole lines.
      Element* const staged = reinterpret_cast<Element*>(other_);
      store_tile(TileRows(0, count_, classes_), classes_, column, staged);
      stream_bytes(elements.of(a_.gradient.data, row_ * classes_), staged,
                   count_ * classes_ * static_cast<int64_t>(sizeof(Element)));
    });
  }

  // Of `count` rows after this tile; 0: there are none.
  UpcomingOperands next_tile(int64_t count) const {
    if (count <= 0) return {};
    const int64_t row = row_ + kLanes, size = rows_.options.dtype == RETORT_F32 ? 4 : 2;
    const int64_t stride = rows_.teachers.stride * size, own = rows_.student.stride * size;
    return {rows_.teachers.logits, loss_.teacher_count(), row * stride,
            static_cast<const char*>(rows_.student.data) + row * own, count * own};
  }

  static constexpr int64_t kTile = kMostTileClasses * kLanes;

  // The gaps keep the same class of the three out of the same set of the first level.
  alignas(64) float teacher_[kTile + kGap];
  float student_[kTile + kGap];
  float other_[kTile];  // a member, then the hard exponentials, then the gradient's rows
  SoftTargetLanes lanes_;
  float label_lanes_[kLanes] = {};
  const retort::DistillationLossRows& a_;
  const retort::DistillationRows& rows_;
  const int64_t classes_;
  SoftTargetLoss loss_;
  UpcomingOperands upcoming_;
  int64_t row_ = 0;
  int64_t count_ = 0;
};

}  // namespace
