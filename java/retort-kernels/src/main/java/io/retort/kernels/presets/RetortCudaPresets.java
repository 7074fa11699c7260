package io.retort.kernels.presets;

import org.bytedeco.javacpp.annotation.Platform;
import org.bytedeco.javacpp.annotation.Properties;
import org.bytedeco.javacpp.tools.Info;
import org.bytedeco.javacpp.tools.InfoMap;
import org.bytedeco.javacpp.tools.InfoMapper;

/**
 * How JavaCPP reads the C headers of the CUDA library. The glue is not linked to that library,
 * which {@code io.retort.kernels.CudaLibrary} finds when it is wanted: so the glue is built without
 * nvcc, and is loaded only where there is a library for it.
 */
@Properties(
    inherit = RetortPresets.class,
    value =
        @Platform(
            include = {
              "retort/cuda.h",
              "retort/cuda_network.h",
              "retort/cuda_linear_distillation.h"
            }),
    target = "io.retort.kernels.binding.cuda",
    global = "io.retort.kernels.binding.cuda.RetortCuda")
public class RetortCudaPresets implements InfoMapper {
  /**
   * What {@code io.retort.kernels.CudaDistillation} calls takes addresses, as in the presets above.
   */
  @Override
  public void map(InfoMap infos) {
    infos.put(new Info("retort_cublas").pointerTypes("CublasStruct"));
    infos.put(new Info("retort_cuda_overlap").pointerTypes("OverlapStruct"));
    infos.put(
        new Info("retort_cublas_gemm_ex")
            .cast()
            .valueTypes("Pointer")
            .pointerTypes("Pointer")
            .skip());
    RetortPresets.byAddress(
        infos,
        "retort_cuda_softmax",
        """
        @Cast("retort_dtype") int dtype, long rows, long classes,
        @Cast("const void*") long logits, long logits_stride, float temperature,
        @Cast("void*") long output, long output_stride, @Cast("void*") long stream""");
    RetortPresets.byAddress(
        infos,
        "retort_cuda_ensemble_mean",
        """
        @Cast("const retort_ensemble_mean_options*") long options, long rows, long classes,
        @Cast("const void*const*") long members, long member_count, long member_stride,
        @Cast("void*") long output, long output_stride,
        @Cast("void*") long workspace, @Cast("void*") long stream""");
    RetortPresets.byAddress(
        infos,
        "retort_cuda_distillation_loss",
        """
        @Cast("const retort_distillation_loss_options*") long options, long rows, long classes,
        @Cast("const void*") long student, long student_stride,
        @Cast("const void*const*") long teachers, long teacher_count, long teacher_stride,
        @Cast("const float*") long teacher_weights, @Cast("const void*") long labels,
        @Cast("const float*") long row_weights,
        @Cast("void*") long gradient, long gradient_stride, @Cast("float*") long row_loss,
        @Cast("retort_distillation_totals*") long totals,
        @Cast("void*") long workspace, @Cast("void*") long stream""");
    RetortPresets.byAddress(
        infos,
        "retort_cuda_linear_distillation",
        """
        @Cast("const retort_distillation_loss_options*") long options, long rows, long classes,
        @Cast("const retort_linear_layer*") long student,
        @Cast("const retort_linear_layer*") long teachers, long teacher_count,
        @Cast("const float*") long teacher_weights, @Cast("const void*") long labels,
        @Cast("const float*") long row_weights,
        @Cast("const retort_linear_gradient*") long gradient, @Cast("float*") long row_loss,
        @Cast("retort_distillation_totals*") long totals, long budget,
        @Cast("void*") long workspace, @Cast("const retort_cublas*") long cublas,
        @Cast("const retort_cuda_overlap*") long overlap, @Cast("void*") long stream""");
    RetortPresets.byAddress(
        infos,
        "long",
        "retort_cuda_linear_distillation_workspace",
        """
        @Cast("const retort_distillation_loss_options*") long options, long rows, long classes,
        long hidden_size, long teacher_count, long budget, int overlaps""");
  }
}
