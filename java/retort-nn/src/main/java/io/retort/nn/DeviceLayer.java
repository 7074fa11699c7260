package io.retort.nn;

import java.util.ArrayList;
import java.util.List;

/**
 * What layers that run operations share: a device, buffers of rows, and the input they last saw.
 */
abstract class DeviceLayer implements Layer {
  final Device device;
  private final String name;
  private final List<RowBuffer> rowBuffers = new ArrayList<>();
  private Tensor trainingInput;

  DeviceLayer(Device device, String name) {
    this.device = Arguments.notNull("device", device);
    this.name = Arguments.notNull("name", name);
  }

  @Override
  public final String name() {
    return name;
  }

  @Override
  public List<Parameter> parameters() {
    return List.of();
  }

  @Override
  public List<Parameter> buffers() {
    return List.of();
  }

  @Override
  public void close() {
    trainingInput = null;
    rowBuffers.forEach(RowBuffer::close);
  }

  /** A buffer of rows of the shape {@code item} that closes with the layer. */
  final RowBuffer rowBuffer(long... item) {
    RowBuffer buffer = new RowBuffer(device, item);
    rowBuffers.add(buffer);
    return buffer;
  }

  /** The name of an argument in messages. */
  final String argument(String argument) {
    return name + ": " + argument;
  }

  /** Notes the input of a forward pass. */
  final void remember(Tensor input, Mode mode) {
    trainingInput = Arguments.notNull("mode", mode) == Mode.TRAINING ? input : null;
  }

  /** The input of the last forward pass, which was in training mode. */
  final Tensor trainingInput() {
    if (trainingInput == null) {
      throw new IllegalStateException(
          name + ": backward and tangent need a last forward pass in training mode");
    }
    return trainingInput;
  }

  static long[] item(ImageShape image) {
    return new long[] {image.height(), image.width(), image.channels()};
  }
}
