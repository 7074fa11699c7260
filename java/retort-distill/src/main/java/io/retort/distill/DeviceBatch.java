package io.retort.distill;

import io.retort.data.Batch;
import io.retort.nn.Device;
import io.retort.nn.ImageShape;
import io.retort.nn.IntTensor;
import io.retort.nn.Tensor;

/** Room for a batch on a device, filled again and again. */
final class DeviceBatch implements AutoCloseable {

  private final Tensor room;
  private final IntTensor labels;
  private Tensor images;

  DeviceBatch(Device device, int mostRows, ImageShape shape) {
    room = device.tensor(mostRows, shape.height(), shape.width(), shape.channels());
    labels = device.integers(mostRows);
    images = room;
  }

  /** Copies a batch of at most as many rows as there is room for. */
  void upload(Batch batch) {
    if (images.rows() != batch.rows()) {
      images = room.firstRows(batch.rows());
    }
    images.upload(batch.pixels(), images.size());
    labels.upload(batch.labels(), batch.rows());
  }

  /** The images of the last batch, [rows, height, width, channels]. */
  Tensor images() {
    return images;
  }

  /** Its labels, one a row from the first element on. */
  IntTensor labels() {
    return labels;
  }

  @Override
  public void close() {
    room.close();
    labels.close();
  }
}
