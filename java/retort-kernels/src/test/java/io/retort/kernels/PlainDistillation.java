package io.retort.kernels;

/** The distillation loss of one row in plain double-precision Java: what the tests compare with. */
final class PlainDistillation {
  final double loss;
  final double[] gradient;

  PlainDistillation(
      double[] student,
      double[][] teachers,
      Mean mean,
      double temperature,
      double alpha,
      int label) {
    int classes = student.length;
    double[] q = softmax(student, temperature);
    double[] s = softmax(student, 1);
    double[] p = new double[classes];
    for (double[] teacher : teachers) {
      double[] member = mean == Mean.LOGITS ? teacher : softmax(teacher, temperature);
      for (int j = 0; j < classes; j++) {
        p[j] += member[j] / teachers.length;
      }
    }
    if (mean == Mean.LOGITS) {
      p = softmax(p, temperature);
    }
    double soft = 0;
    gradient = new double[classes];
    for (int j = 0; j < classes; j++) {
      soft += p[j] * Math.log(p[j] / q[j]);
      double target = j == label ? 1 : 0;
      gradient[j] = alpha * temperature * (q[j] - p[j]) + (1 - alpha) * (s[j] - target);
    }
    loss = alpha * temperature * temperature * soft - (1 - alpha) * Math.log(s[label]);
  }

  static double[] softmax(double[] logits, double temperature) {
    double[] p = new double[logits.length];
    double sum = 0;
    for (int j = 0; j < p.length; j++) {
      p[j] = Math.exp(logits[j] / temperature);
      sum += p[j];
    }
    for (int j = 0; j < p.length; j++) {
      p[j] /= sum;
    }
    return p;
  }
}
