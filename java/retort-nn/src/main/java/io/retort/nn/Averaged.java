package io.retort.nn;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/**
 * The mean of layers that all see the same input:
 *
 * <pre>
 *   y = (1/n) sum over layers i of f(i)(x)      dL/df(i) = (1/n) dL/dy
 * </pre>
 *
 * <p>A network made of it trains several networks as one, on the loss of their mean. The layers'
 * parameters are named {@code network1.…} and so on. Closing it closes the layers.
 */
public final class Averaged extends DeviceLayer {
  private final List<Layer> layers;
  private final RowBuffer output;
  private final RowBuffer shareOfGradient;
  private final RowBuffer inputGradient;
  private final RowBuffer outputTangent;
  private final float share;

  /**
   * Layers side by side.
   *
   * @param inputItem shape of a row of the input
   * @param outputItem shape of a row of every layer's output
   * @param layers at least one; their parameters must not lie in a network yet
   */
  public Averaged(
      Device device,
      String name,
      long[] inputItem,
      long[] outputItem,
      List<? extends Layer> layers) {
    super(device, name);
    this.layers = List.copyOf(Arguments.notNull("layers", layers));
    Arguments.atLeast("layers", this.layers.size(), 1);
    share = 1f / this.layers.size();
    output = rowBuffer(outputItem);
    shareOfGradient = rowBuffer(outputItem);
    inputGradient = rowBuffer(inputItem);
    outputTangent = rowBuffer(outputItem);
    for (int i = 0; i < this.layers.size(); i++) {
      String outer = "network" + (i + 1);
      this.layers.get(i).parameters().forEach(parameter -> parameter.nameWithin(outer));
      this.layers.get(i).buffers().forEach(buffer -> buffer.nameWithin(outer));
    }
  }

  @Override
  public Tensor forward(Tensor input, Mode mode) {
    remember(input, mode);
    List<Tensor> outputs = new ArrayList<>();
    for (Layer layer : layers) {
      outputs.add(layer.forward(input, mode));
    }
    return sum(share, outputs, output.rows(input.rows()));
  }

  @Override
  public Tensor backward(Tensor outputGradient, boolean inputGradientWanted) {
    long rows = trainingInput().rows();
    Tensor gradient = shareOfGradient.rows(rows);
    Arguments.shape(argument("outputGradient"), outputGradient, gradient.shape());
    sum(share, List.of(outputGradient), gradient);
    List<Tensor> inputGradients = new ArrayList<>();
    for (Layer layer : layers) {
      inputGradients.add(layer.backward(gradient, inputGradientWanted));
    }
    return inputGradientWanted ? sum(1, inputGradients, inputGradient.rows(rows)) : null;
  }

  @Override
  public Tensor tangent(Tensor inputTangent) {
    Tensor result = outputTangent.rows(trainingInput().rows());
    List<Tensor> tangents = new ArrayList<>();
    for (Layer layer : layers) {
      Tensor tangent = layer.tangent(inputTangent);
      if (tangent != null) {
        tangents.add(tangent);
      }
    }
    return tangents.isEmpty() ? null : sum(share, tangents, result);
  }

  /** {@code sum} = a factor times the sum of the terms. */
  private Tensor sum(float factor, List<Tensor> terms, Tensor sum) {
    Tensor first = terms.get(0);
    device.linearCombination(factor, first, 0, first, sum);
    for (Tensor term : terms.subList(1, terms.size())) {
      device.linearCombination(1, sum, factor, term, sum);
    }
    return sum;
  }

  @Override
  public List<Parameter> parameters() {
    return layers.stream().flatMap(layer -> layer.parameters().stream()).toList();
  }

  @Override
  public List<Parameter> buffers() {
    return layers.stream().flatMap(layer -> layer.buffers().stream()).toList();
  }

  @Override
  public void close() {
    super.close();
    layers.forEach(Layer::close);
  }

  /** mean-10-of-NAME: networks of one architecture whose logits are averaged. */
  record Networks(int count, Architecture member) implements Architecture.Blueprint {
    @Override
    public Layer layers(Device device, ImageShape input, int classes) {
      List<Layer> members =
          IntStream.range(0, count).mapToObj(i -> member.layers(device, input, classes)).toList();
      return new Averaged(device, "mean", item(input), new long[] {classes}, members);
    }
  }
}
