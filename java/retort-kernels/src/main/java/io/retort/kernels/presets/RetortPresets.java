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
            include = {"retort/retort.h", "retort/network.h"},
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
    infos.put(new Info("retort_adam").pointerTypes("AdamOptions"));
    infos.put(new Info("retort_sgemm").cast().valueTypes("Pointer").pointerTypes("Pointer").skip());
    infos.put(new Info("retort_distillation_totals").pointerTypes("DistillationTotals"));
  }
}
