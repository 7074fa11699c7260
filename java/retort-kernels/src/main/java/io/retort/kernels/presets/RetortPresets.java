package io.retort.kernels.presets;

import org.bytedeco.javacpp.annotation.Platform;
import org.bytedeco.javacpp.annotation.Properties;
import org.bytedeco.javacpp.tools.Info;
import org.bytedeco.javacpp.tools.InfoMap;
import org.bytedeco.javacpp.tools.InfoMapper;

/** How JavaCPP reads Retort's C headers. */
@Properties(
    value =
        @Platform(
            include = {
              "retort/retort.h",
              "retort/network.h",
              "retort/sparse_distillation.h",
              "retort/linear_distillation.h"
            },
            link = "retort"),
    target = "io.retort.kernels.binding",
    global = "io.retort.kernels.binding.Retort")
public class RetortPresets implements InfoMapper {
  @Override
  public void map(InfoMap infos) {
    infos.put(new Info("RETORT_API").cppTypes().annotations());
    infos.put(new Info("RETORT_VERSION").skip());
    infos.put(new Info("retort_thread_pool").pointerTypes("NativeThreadPool"));
    // Java only hands an executor on: its callbacks stay native.
    infos.put(new Info("retort_executor").cast().pointerTypes("Pointer").skip());
    infos.put(new Info("retort_task").skip());
    infos.put(new Info("retort_ensemble_mean_options").pointerTypes("EnsembleMeanOptions"));
    infos.put(new Info("retort_distillation_loss_options").pointerTypes("DistillationLossOptions"));
    infos.put(new Info("retort_convolution").pointerTypes("ConvolutionShape"));
    infos.put(new Info("retort_pooling").pointerTypes("PoolingShape"));
    infos.put(new Info("retort_batch_norm").pointerTypes("BatchNormOptions"));
    infos.put(new Info("retort_smoothed_relu_sum").pointerTypes("SmoothedReluSumOptions"));
    infos.put(new Info("retort_adam").pointerTypes("AdamOptions"));
    infos.put(new Info("retort_sgemm").cast().valueTypes("Pointer").pointerTypes("Pointer").skip());
    infos.put(new Info("retort_distillation_totals").pointerTypes("DistillationTotals"));
    infos.put(
        new Info("retort_sparse_distillation_loss_options")
            .pointerTypes("SparseDistillationLossOptions"));
    infos.put(new Info("retort_linear_layer").pointerTypes("LinearLayerStruct"));
    infos.put(new Info("retort_linear_gradient").pointerTypes("LinearGradientStruct"));
    mapCallsByAddress(infos);
    mapSparseCallsByAddress(infos);
  }

  /**
   * The operations that a framework calls for every batch take addresses, 0 for null, because the
   * glue reads two fields of every Pointer through JNI, a hundred nanoseconds in a call of ten.
   */
  private static void mapCallsByAddress(InfoMap infos) {
    for (String softmax : new String[] {"retort_softmax", "retort_log_softmax"}) {
      byAddress(
          infos,
          softmax,
          """
          @Cast("retort_dtype") int dtype, long rows, long classes,
          @Cast("const void*") long logits, long logits_stride, float temperature,
          @Cast("void*") long output, long output_stride,
          @Cast("const retort_executor*") long executor""");
      byAddress(
          infos,
          softmax + "_backward",
          """
          @Cast("retort_dtype") int dtype, long rows, long classes,
          @Cast("const void*") long output, long output_stride,
          @Cast("const void*") long output_gradient, long output_gradient_stride,
          float temperature, @Cast("void*") long logits_gradient, long logits_gradient_stride,
          @Cast("const retort_executor*") long executor""");
    }
    byAddress(
        infos,
        "retort_ensemble_mean",
        """
        @Cast("const retort_ensemble_mean_options*") long options, long rows, long classes,
        @Cast("const void*const*") long members, long member_count, long member_stride,
        @Cast("void*") long output, long output_stride,
        @Cast("const retort_executor*") long executor""");
    byAddress(
        infos,
        "retort_distillation_loss",
        """
        @Cast("const retort_distillation_loss_options*") long options, long rows, long classes,
        @Cast("const void*") long student, long student_stride,
        @Cast("const void*const*") long teachers, long teacher_count, long teacher_stride,
        @Cast("const float*") long teacher_weights, @Cast("const void*") long labels,
        @Cast("const float*") long row_weights,
        @Cast("void*") long gradient, long gradient_stride, @Cast("float*") long row_loss,
        @Cast("retort_distillation_totals*") long totals,
        @Cast("const retort_executor*") long executor""");
    byAddress(
        infos,
        "retort_distillation_tangent",
        """
        @Cast("const retort_distillation_loss_options*") long options, long rows, long classes,
        @Cast("const void*") long student, long student_stride,
        @Cast("const void*const*") long teachers, long teacher_count, long teacher_stride,
        @Cast("const float*") long teacher_weights, @Cast("const void*") long labels,
        @Cast("const float*") long row_weights,
        @Cast("const void*") long tangent, long tangent_stride,
        @Cast("void*const*") long teacher_gradients, long teacher_gradient_stride,
        @Cast("const retort_executor*") long executor""");
    byAddress(
        infos,
        "retort_linear_distillation",
        """
        @Cast("const retort_distillation_loss_options*") long options, long rows, long classes,
        @Cast("const retort_linear_layer*") long student,
        @Cast("const retort_linear_layer*") long teachers, long teacher_count,
        @Cast("const float*") long teacher_weights, @Cast("const void*") long labels,
        @Cast("const float*") long row_weights,
        @Cast("const retort_linear_gradient*") long gradient, @Cast("float*") long row_loss,
        @Cast("retort_distillation_totals*") long totals, long budget,
        @Cast("float*") long workspace, @Cast("retort_sgemm") long sgemm,
        @Cast("const retort_executor*") long executor""");
    byAddress(
        infos,
        "@Cast(\"int64_t\") long",
        "retort_linear_distillation_workspace",
        """
        @Cast("const retort_distillation_loss_options*") long options, long rows, long classes,
        long teacher_count, long budget""");
  }

  private static void mapSparseCallsByAddress(InfoMap infos) {
    byAddress(
        infos,
        "retort_top_k",
        """
        @Cast("retort_dtype") int dtype, long rows, long classes,
        @Cast("const void*") long logits, long logits_stride, long k,
        @Cast("retort_form") int form, float temperature,
        @Cast("int32_t*") long indices, long indices_stride,
        @Cast("float*") long values, long values_stride,
        @Cast("const retort_executor*") long executor""");
    byAddress(
        infos,
        "retort_sparse_distillation_loss",
        """
        @Cast("const retort_sparse_distillation_loss_options*") long options,
        long rows, long classes, @Cast("const void*") long student, long student_stride,
        @Cast("const int32_t*const*") long teacher_indices,
        @Cast("const float*const*") long teacher_values,
        long teacher_count, long teacher_stride, long k,
        @Cast("const float*") long teacher_weights, @Cast("const void*") long labels,
        @Cast("const float*") long row_weights,
        @Cast("void*") long gradient, long gradient_stride, @Cast("float*") long row_loss,
        @Cast("retort_distillation_totals*") long totals,
        @Cast("const retort_executor*") long executor""");
  }

  static void byAddress(InfoMap infos, String function, String parameters) {
    byAddress(infos, "@Cast(\"retort_status\") int", function, parameters);
  }

  static void byAddress(InfoMap infos, String result, String function, String parameters) {
    infos.put(
        new Info(function)
            .javaText(
                "public static native " + result + " " + function + "(\n" + parameters + ");\n"));
  }
}
