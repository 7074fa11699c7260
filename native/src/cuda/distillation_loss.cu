// retort_cuda_distillation_loss: checks and launches.
#include "arguments.h"
#include "distillation_arguments.h"
#include "distillation_loss_launch.cuh"
#include "launch.cuh"
#include "loss_totals.cuh"
#include "members.cuh"
#include "retort/cuda.h"

namespace retort::cuda {
namespace {

LaunchShape span_launch(int64_t spans) {
  using Team = BlockTeam<kSpanThreads>;
  return {spans, kSpanThreads, 1, Team::shared_bytes(1, 0)};
}

// The number that the sums are divided by where the host knows it; 0 where the rows decide.
double known_denominator(const DistillationParameters& a) {
  if (a.options.reduction != RETORT_REDUCTION_MEAN) return 1;
  if (a.options.denominator > 0) return a.options.denominator;
  // Whether any row is left out, or all are, only the rows show.
  const bool rows_differ = a.labels != nullptr || a.row_weights != nullptr;
  return rows_differ ? 0 : static_cast<double>(a.rows);
}

retort_status find_denominator(const DistillationParameters& a, const Workspace& workspace,
                               void* stream) {
  if (a.rows > 0)
    RETORT_CHECK(
        launch(sum_weights, span_launch(workspace.span_count()), stream, a, workspace.spans()));
  return launch(set_denominator, span_launch(1), stream,
                static_cast<const SpanSums*>(workspace.spans()), workspace.span_count(),
                known_denominator(a), workspace.denominator());
}

retort_status find_totals(const DistillationParameters& a, const Workspace& workspace,
                          retort_distillation_totals* totals, void* stream) {
  if (a.rows > 0) {
    RETORT_CHECK(launch(sum_losses, span_launch(workspace.span_count()), stream,
                        static_cast<const LossSums*>(workspace.row_sums()), a.rows,
                        workspace.spans()));
  }
  return launch(set_totals, span_launch(1), stream, static_cast<const SpanSums*>(workspace.spans()),
                workspace.span_count(), static_cast<const Denominator*>(workspace.denominator()),
                a.options.alpha, totals);
}

retort_status launch_loss(const DistillationParameters& a, void* stream) {
  return with_element(a.options.dtype, [&](auto element) {
    return launch_distillation_loss<decltype(element)>(a, stream);
  });
}

}  // namespace
}  // namespace retort::cuda

retort_status retort_cuda_distillation_loss(
    const retort_distillation_loss_options* options, int64_t rows, int64_t classes,
    const void* student, int64_t student_stride, const void* const* teachers, int64_t teacher_count,
    int64_t teacher_stride, const float* teacher_weights, const void* labels,
    const float* row_weights, void* gradient, int64_t gradient_stride, float* row_loss,
    retort_distillation_totals* totals, void* workspace, void* stream) {
  using namespace retort;
  using namespace retort::cuda;
  DistillationArguments checked;
  RETORT_CHECK(checked.set(options, rows, classes, student, student_stride, teachers, teacher_count,
                           teacher_stride, teacher_weights, labels, row_weights,
                           DistillationArguments::Labels::kOnDevice));
  RETORT_CHECK(checked.check_outputs(gradient, gradient_stride, row_loss));
  RETORT_CHECK(check_classes(classes));
  RETORT_CHECK(check_workspace(workspace, true));
  const Workspace lent(workspace, rows);
  const DistillationRows of = checked.rows();
  DistillationParameters a{};
  a.options = of.options;
  a.soft_scale = of.soft_scale;
  a.rows = rows;
  a.classes = static_cast<int>(classes);
  a.student = of.student;
  a.labels = labels;
  a.row_weights = row_weights;
  a.gradient = {gradient, gradient_stride};
  a.row_loss = row_loss;
  a.row_sums = totals == nullptr ? nullptr : lent.row_sums();
  RETORT_CHECK(pass_members(of.teachers, nullptr, lent, stream, &a.teachers));
  const double known = known_denominator(a);
  if (totals == nullptr && known > 0) {
    a.gradient_scale = 1 / known;
  } else {
    RETORT_CHECK(find_denominator(a, lent, stream));
    a.denominator = lent.denominator();
  }
  RETORT_CHECK(launch_loss(a, stream));
  return totals == nullptr ? RETORT_OK : find_totals(a, lent, totals, stream);
}
