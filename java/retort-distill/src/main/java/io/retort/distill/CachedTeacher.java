package io.retort.distill;

import io.retort.data.Batch;
import io.retort.nn.Device;
import io.retort.nn.Tensor;
import java.util.List;

/**
 * Teachers whose logits on every training image were computed before, so that a step costs hardly
 * more than one on labels. Right only where images are not augmented.
 */
final class CachedTeacher implements Teacher {

  private final List<float[]> members;
  private final int classes;
  private final List<Tensor> tensors;
  private final float[] rows;

  /**
   * Looks logits up.
   *
   * @param members logits or, where the loss is told so, probabilities, row-major [training images,
   *     classes], one a teacher
   * @param batchSize rows of every batch
   */
  CachedTeacher(Device device, List<float[]> members, int batchSize, int classes) {
    this.members = List.copyOf(members);
    this.classes = classes;
    this.rows = new float[batchSize * classes];
    this.tensors = members.stream().map(member -> device.tensor(batchSize, classes)).toList();
  }

  @Override
  public List<Tensor> logits(Batch batch, Tensor images) {
    for (int member = 0; member < tensors.size(); member++) {
      gather(members.get(member), batch.indices());
      tensors.get(member).upload(rows);
    }
    return tensors;
  }

  private void gather(float[] logits, int[] indices) {
    for (int row = 0; row < indices.length; row++) {
      System.arraycopy(logits, indices[row] * classes, rows, row * classes, classes);
    }
  }

  @Override
  public void close() {
    tensors.forEach(Tensor::close);
  }
}
