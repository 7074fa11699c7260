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
constexpr int64_t kMostTileClasses = 128;

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
    SoftTargetRow row{broadcast(0), broadcast(0), broadcast(0), broadcast(0), broadcast(0)};
    SoftTargetPeaks peaks{broadcast(0), broadcast(0)};
    if (loss_.mixture()) {
      row.negative_entropy = mix_teachers();
    } else if (loss_.teacher_count() > 0) {
      peaks.teacher = load_matrices(rows_.teachers.logits, loss_.weights(), loss_.teacher_count(),
                                    rows_.teachers.stride, teacher_);
    }
    const float one = 1;
    peaks.student = load_matrices(&rows_.student.data, &one, 1, rows_.student.stride, student_);
    read_rows(peaks.student, &row);
    const SoftTargetBlock block{classes_ * kLanes, teacher_, student_, other_};
    const SoftTargetSums totals = loss_.exponentiate(block, peaks, next_tile(later));
    store(soft_loss_, loss_.soft_loss(totals, row));
    store(hard_loss_, loss_.hard_loss(totals, row));
    add_losses(sums);
    if (a_.gradient.data == nullptr) return;
    loss_.write_gradient(block, loss_.factors(totals, row));
    finish_gradient();
    store_gradient();
  }

  Vector load_matrices(const void* const* matrices, const float* weights, int64_t count,
                       int64_t stride, float* tile) const {
    const TileRows rows(row_, count_, stride);
    return finite_peak(with_elements(rows_.options.dtype, [&](auto elements) {
      return load_tile<typename decltype(elements)::Type>(rows, classes_, matrices, weights, count,
                                                          tile);
    }));
  }

  // p of the teachers; returns sum_k w_k sum_j p_kj log p_kj.
  Vector mix_teachers() {
    const retort::MemberLogits& teachers = rows_.teachers;
    Vector negative_entropy = broadcast(0);
    for (int64_t k = 0; k < teachers.count; ++k) {
      const Vector peak = load_matrices(teachers.logits + k, loss_.weights() + k, 1,
                                        teachers.stride, other_);
      const MemberSums sums = exponentiate_member(classes_ * kLanes, other_, peak,
                                                  broadcast(loss_.scale() * teachers.scales[k]));
      const Vector share = broadcast(teachers.weights[k]) / sums.normalizer;
      add_member(classes_ * kLanes, other_, share, k == 0, teacher_);
      if (loss_.wants_entropies()) {
        negative_entropy = negative_entropy + share * (sums.negative_entropy * broadcast(kLn2) -
                                                       sums.normalizer * log_of(sums.normalizer));
      }
    }
    return negative_entropy;
  }

  // Weights and labels of the rows, and what the hard part takes from the student's logits.
  void read_rows(Vector peak, SoftTargetRow* row) {
    for (int64_t i = 0; i < count_; ++i) {
      weight_[i] = weight_of(rows_, row_ + i);
      soft_weight_[i] = static_cast<float>(loss_.soft_weight(weight_[i]));
      hard_weight_[i] = static_cast<float>(loss_.hard_weight(weight_[i]));
      const int64_t label = weight_[i] == 0 ? 0 : label_at(rows_, row_ + i);
      label_[i] = label < 0 ? 0 : label;
      label_logit_[i] = student_[label_[i] * kLanes + i];
    }
    row->soft_weight = load(soft_weight_);
    row->hard_weight = load(hard_weight_);
    row->label_logit = load(label_logit_) - peak;
    if (!loss_.smooths_labels()) return;
    for (int64_t j = 0; j < classes_; ++j) {
      row->logit_sum = row->logit_sum + (load(student_ + j * kLanes) - peak);
    }
  }

  void add_losses(retort::LossSums* sums) const {
    for (int64_t i = 0; i < count_; ++i) {
      if (weight_[i] == 0) {
        if (a_.row_loss != nullptr) a_.row_loss[row_ + i] = 0;
      } else {
        loss_.add(row_ + i, weight_[i], soft_loss_[i], hard_loss_[i], sums);
      }
    }
  }

  // The label's own term, and 0 in the rows that are ignored.
  void finish_gradient() {
    for (int64_t i = 0; i < count_; ++i) {
      if (weight_[i] == 0) {
        for (int64_t j = 0; j < classes_; ++j) teacher_[j * kLanes + i] = 0;
      } else {
        teacher_[label_[i] * kLanes + i] -= loss_.at_label(hard_weight_[i]);
      }
    }
  }

  void store_gradient() {
    with_elements(rows_.options.dtype, [&](auto elements) {
      using Element = typename decltype(elements)::Type;
      if (!a_.streams_gradient || a_.gradient.stride != classes_) {
        const TileRows rows(row_, count_, a_.gradient.stride);
        store_tile(rows, classes_, teacher_, elements.of(a_.gradient.data, 0));
        return;
      }
      // The rows lie one behind the other: all of them are one run of whole lines.
      Element* const staged = reinterpret_cast<Element*>(other_);
      store_tile(TileRows(0, count_, classes_), classes_, teacher_, staged);
      stream_bytes(elements.of(a_.gradient.data, row_ * classes_), staged,
                   count_ * classes_ * static_cast<int64_t>(sizeof(Element)));
    });
  }

  NextOperands next_tile(int64_t later) const {
    const int64_t row = later > 0 ? row_ + kLanes : row_;
    const int64_t size = rows_.options.dtype == RETORT_F32 ? 4 : 2;
    return {rows_.teachers.logits, later > 0 ? loss_.teacher_count() : 0,
            row * rows_.teachers.stride * size,
            static_cast<const char*>(rows_.student.data) + row * rows_.student.stride * size, size};
  }

  static constexpr int64_t kTile = kMostTileClasses * kLanes;

  const retort::DistillationLossRows& a_;
  const retort::DistillationRows& rows_;
  const int64_t classes_;
  SoftTargetLoss loss_;
  int64_t row_ = 0;
  int64_t count_ = 0;
  double weight_[kLanes];
  int64_t label_[kLanes];
  alignas(64) float soft_weight_[kLanes] = {};
  alignas(64) float hard_weight_[kLanes] = {};
  alignas(64) float label_logit_[kLanes] = {};
  alignas(64) float soft_loss_[kLanes];
  alignas(64) float hard_loss_[kLanes];
  alignas(64) float teacher_[kTile];
  alignas(64) float student_[kTile];
  alignas(64) float other_[kTile];  // a member, then the hard exponentials, then the gradient's rows
};

}  // namespace
