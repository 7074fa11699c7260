package io.retort.distill.transfer;

import io.retort.distill.Safetensors;
import io.retort.distill.Safetensors.FloatTensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What distillation weighs each training image, for several students of one teacher.
 *
 * @param students how many
 * @param omega row-major [students, images]
 * @param student the students' probabilities of the labels at the temperature, the same
 * @param teacher the teacher's, [images]
 */
record ExampleWeights(int students, float[] omega, float[] student, float[] teacher) {

  /**
   * Weighs images.
   *
   * @param students the students' logits, each row-major [labels.length, classes]
   * @param teacher the teacher's logits, the same
   */
  static ExampleWeights of(
      TransferConfig config, List<float[]> students, float[] teacher, int[] labels, int classes) {
    double temperature = config.temperature();
    int images = labels.length;
    float[] omega = new float[students.size() * images];
    float[] student = new float[students.size() * images];
    for (int s = 0; s < students.size(); s++) {
      float[] logits = students.get(s);
      float[] weights =
          ExampleWeight.of(config.alpha(), temperature, teacher, logits, labels, classes);
      float[] probabilities = LabelProbability.of(logits, labels, classes, temperature);
      System.arraycopy(weights, 0, omega, s * images, images);
      System.arraycopy(probabilities, 0, student, s * images, images);
    }
    return new ExampleWeights(
        students.size(),
        omega,
        student,
        LabelProbability.of(teacher, labels, classes, temperature));
  }

  /** Writes three tensors of those names. */
  void write(Path file) throws IOException {
    Map<String, FloatTensor> tensors = new LinkedHashMap<>();
    long[] shape = {students, teacher.length};
    tensors.put("omega", FloatTensor.of(shape, omega));
    tensors.put("student", FloatTensor.of(shape, student));
    tensors.put("teacher", FloatTensor.of(new long[] {teacher.length}, teacher));
    new Safetensors(Map.of(), tensors).write(file);
  }

  /** The weights of all students by the teacher's probability of the label. */
  List<WeightBin> bins() {
    float[] targets = new float[omega.length];
    for (int s = 0; s < students; s++) {
      System.arraycopy(teacher, 0, targets, s * teacher.length, teacher.length);
    }
    return WeightBin.of(targets, omega);
  }
}
