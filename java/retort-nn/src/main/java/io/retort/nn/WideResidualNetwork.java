package io.retort.nn;

import java.util.ArrayList;
import java.util.List;

/**
 * wrn-16-2 and its like: Zagoruyko and Komodakis, "Wide Residual Networks" (2016). Three stages of
 * n blocks of 16k, 32k and 64k channels, in which batch normalisation and ReLU come before each
 * convolution. A block that changes the shape takes its 1x1 shortcut from behind its first ReLU, as
 * the authors' code does.
 *
 * @param blocks n, blocks of a stage
 * @param width k, how many times as wide as a plain residual network
 */
record WideResidualNetwork(int blocks, int width) implements Architecture.Blueprint {
  private static final int[] CHANNELS = {16, 32, 64};

  static WideResidualNetwork parse(String name, int[] sizes) {
    if (sizes.length != 2 || sizes[0] < 10 || sizes[0] % 6 != 4) {
      throw new IllegalArgumentException(
          "architecture must have a depth of 6n + 4 from 10 on and a width, as in wrn-16-2, got "
              + name);
    }
    return new WideResidualNetwork((sizes[0] - 4) / 6, sizes[1]);
  }

  @Override
  public Layer layers(Device device, ImageShape input, int classes) {
    List<Layer> layers = new ArrayList<>();
    Convolution first = ResidualNetwork.convolution(device, "conv1", input, CHANNELS[0], 3, 1);
    layers.add(first);
    ImageShape image = first.output();
    for (int stage = 1; stage <= CHANNELS.length; stage++) {
      int channels = Math.multiplyExact(CHANNELS[stage - 1], width);
      for (int block = 1; block <= blocks; block++) {
        int stride = stage > 1 && block == 1 ? 2 : 1;
        String name = "stage" + stage + ".block" + block;
        image = addBlock(layers, device, name, image, channels, stride);
      }
    }
    layers.add(new BatchNorm(device, "norm", image, true));
    layers.add(AveragePool.global(device, "pool", image));
    layers.add(new Flatten("flatten", new ImageShape(1, 1, image.channels())));
    layers.add(Classifier.linear(device, image.channels(), classes));
    return new Sequential("wrn", layers);
  }

  private static ImageShape addBlock(
      List<Layer> layers, Device device, String name, ImageShape input, int channels, int stride) {
    Layer activation = new BatchNorm(device, name + ".norm1", input, true);
    Convolution first =
        ResidualNetwork.convolution(device, name + ".conv1", input, channels, 3, stride);
    ImageShape output = first.output();
    List<Layer> convolutions =
        List.of(
            first,
            new BatchNorm(device, name + ".norm2", output, true),
            ResidualNetwork.convolution(device, name + ".conv2", output, channels, 3, 1));
    if (input.equals(output)) {
      List<Layer> body = new ArrayList<>(List.of(activation));
      body.addAll(convolutions);
      layers.add(
          new Residual(device, name, input, output, new Sequential(name, body), null, false));
    } else {
      Layer body = new Sequential(name, convolutions);
      Layer shortcut =
          ResidualNetwork.convolution(device, name + ".shortcut.conv", input, channels, 1, stride);
      layers.add(activation);
      layers.add(new Residual(device, name, input, output, body, shortcut, false));
    }
    return output;
  }
}
