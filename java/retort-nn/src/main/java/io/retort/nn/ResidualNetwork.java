package io.retort.nn;

import java.util.ArrayList;
import java.util.List;

/**
 * resnet-20 and its like: the networks for CIFAR-10 in He et al., "Deep Residual Learning for Image
 * Recognition" (2016), section 4.2. Three stages of n blocks of two 3x3 convolutions, of 16, 32 and
 * 64 channels; a shortcut that changes the shape is a strided 1x1 convolution (their option B).
 *
 * @param blocks n, blocks of a stage
 */
record ResidualNetwork(int blocks) implements Architecture.Blueprint {
  private static final int[] CHANNELS = {16, 32, 64};

  static ResidualNetwork parse(String name, int[] sizes) {
    if (sizes.length != 1 || sizes[0] < 8 || sizes[0] % 6 != 2) {
      throw new IllegalArgumentException(
          "architecture must have a depth of 6n + 2 from 8 on, as in resnet-20, got " + name);
    }
    return new ResidualNetwork((sizes[0] - 2) / 6);
  }

  @Override
  public Layer layers(Device device, ImageShape input, int classes) {
    List<Layer> layers = new ArrayList<>();
    Convolution first = convolution(device, "conv1", input, CHANNELS[0], 3, 1);
    layers.add(first);
    layers.add(new BatchNorm(device, "norm1", first.output(), true));
    ImageShape image = first.output();
    for (int stage = 1; stage <= CHANNELS.length; stage++) {
      for (int block = 1; block <= blocks; block++) {
        int stride = stage > 1 && block == 1 ? 2 : 1;
        String name = "stage" + stage + ".block" + block;
        image = addBlock(layers, device, name, image, CHANNELS[stage - 1], stride);
      }
    }
    layers.add(AveragePool.global(device, "pool", image));
    layers.add(new Flatten("flatten", new ImageShape(1, 1, image.channels())));
    layers.add(Classifier.linear(device, image.channels(), classes));
    return new Sequential("resnet", layers);
  }

  private static ImageShape addBlock(
      List<Layer> layers, Device device, String name, ImageShape input, int channels, int stride) {
    Convolution first = convolution(device, name + ".conv1", input, channels, 3, stride);
    ImageShape output = first.output();
    Layer body =
        new Sequential(
            name,
            List.of(
                first,
                new BatchNorm(device, name + ".norm1", output, true),
                convolution(device, name + ".conv2", output, channels, 3, 1),
                new BatchNorm(device, name + ".norm2", output, false)));
    Layer shortcut =
        input.equals(output) ? null : projection(device, name, input, channels, stride);
    layers.add(new Residual(device, name, input, output, body, shortcut, true));
    return output;
  }

  private static Layer projection(
      Device device, String name, ImageShape input, int channels, int stride) {
    Convolution convolution =
        convolution(device, name + ".shortcut.conv", input, channels, 1, stride);
    return new Sequential(
        name + ".shortcut",
        List.of(
            convolution,
            new BatchNorm(device, name + ".shortcut.norm", convolution.output(), false)));
  }

  /** A convolution without bias that keeps the size of the image, or halves it at a stride of 2. */
  static Convolution convolution(
      Device device, String name, ImageShape input, int channels, int kernel, int stride) {
    return new Convolution(
        device,
        name,
        new ConvolutionShape(0, input, channels, kernel, stride, (kernel - 1) / 2),
        false);
  }
}
