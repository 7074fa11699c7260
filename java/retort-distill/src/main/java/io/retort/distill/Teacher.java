package io.retort.distill;

import io.retort.data.Batch;
import io.retort.nn.Tensor;
import java.util.List;

/** One or more networks that a student learns from. */
interface Teacher extends AutoCloseable {

  /** No teacher: the labels alone. */
  Teacher NONE =
      new Teacher() {
        @Override
        public List<Tensor> logits(Batch batch, Tensor images) {
          return List.of();
        }

        @Override
        public void close() {}
      };

  /**
   * What the teachers say of a batch.
   *
   * @param images the batch on the student's device
   * @return logits [rows, classes], one tensor a teacher; valid until the next call. Where targets
   *     are transformed they are probabilities, as the loss is told
   */
  List<Tensor> logits(Batch batch, Tensor images);

  @Override
  void close();
}
