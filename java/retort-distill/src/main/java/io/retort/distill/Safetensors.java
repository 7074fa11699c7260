package io.retort.distill;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Named f32 tensors and text metadata in the safetensors format: eight bytes of little-endian
 * header length, a JSON header, then the data, little-endian and without gaps, in the order of the
 * header.
 *
 * <p>Reading trusts nothing: a header that is too long or no JSON, another data type than F32, an
 * extent that does not fit the shape, an overlap, a gap or a byte too many is a {@link
 * FormatException}.
 *
 * @param metadata what the file says about itself, in the order of the file
 * @param tensors the tensors by name, in the order of the file
 */
public record Safetensors(Map<String, String> metadata, Map<String, FloatTensor> tensors) {

  /** The longest header that the format allows. */
  private static final long LONGEST_HEADER = 100_000_000;

  /** The data begin at a multiple of this, so that a mapped file can be read in place. */
  private static final int ALIGNMENT = 8;

  private static final String METADATA = "__metadata__";

  private static final int CHUNK_BYTES = 1 << 20;

  private static final JsonMapper JSON =
      JsonMapper.builder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();

  /** Says what is wrong with a file. */
  public static final class FormatException extends IOException {
    private static final long serialVersionUID = 1;

    FormatException(String message) {
      super(message);
    }
  }

  /**
   * A tensor in host memory, row-major.
   *
   * @param shape its dimensions; empty for a scalar
   * @param values as many as the product of the shape; shared, not copied
   */
  public record FloatTensor(List<Long> shape, float[] values) {
    /**
     * Checks the size.
     *
     * @throws IllegalArgumentException if the shape does not hold that many values
     */
    public FloatTensor {
      shape = List.copyOf(shape);
      long elements = 1;
      for (long dimension : shape) {
        elements = Math.multiplyExact(elements, dimension);
      }
      if (elements != values.length) {
        throw new IllegalArgumentException(
            "shape " + shape + " does not hold " + values.length + " values");
      }
    }

    /** A tensor of the given shape. */
    public static FloatTensor of(long[] shape, float[] values) {
      return new FloatTensor(Arrays.stream(shape).boxed().toList(), values);
    }
  }

  private record Extent(String name, List<Long> shape, long begin, long end) {}

  /**
   * Copies the maps, not the values.
   *
   * @throws IllegalArgumentException if a tensor has the name that the format keeps for metadata
   */
  public Safetensors {
    metadata = Collections.unmodifiableMap(new LinkedHashMap<>(metadata));
    tensors = Collections.unmodifiableMap(new LinkedHashMap<>(tensors));
    if (tensors.containsKey(METADATA)) {
      throw new IllegalArgumentException("a tensor cannot be named " + METADATA);
    }
  }

  /** Writes the file whole or not at all. */
  public void write(Path file) throws IOException {
    byte[] header = header();
    AtomicFile.write(
        file,
        channel -> {
          ByteBuffer start =
              ByteBuffer.allocate(Long.BYTES + header.length).order(ByteOrder.LITTLE_ENDIAN);
          start.putLong(header.length).put(header).flip();
          AtomicFile.writeFully(channel, start);
          ByteBuffer chunk = ByteBuffer.allocateDirect(CHUNK_BYTES).order(ByteOrder.LITTLE_ENDIAN);
          for (FloatTensor tensor : tensors.values()) {
            writeValues(channel, tensor.values(), chunk);
          }
        });
  }

  private byte[] header() throws JsonProcessingException {
    ObjectNode header = JSON.createObjectNode();
    ObjectNode description = header.putObject(METADATA);
    metadata.forEach(description::put);
    long offset = 0;
    for (Map.Entry<String, FloatTensor> entry : tensors.entrySet()) {
      long end = offset + (long) entry.getValue().values().length * Float.BYTES;
      ObjectNode tensor = header.putObject(entry.getKey());
      tensor.put("dtype", "F32");
      entry.getValue().shape().forEach(tensor.putArray("shape")::add);
      tensor.putArray("data_offsets").add(offset).add(end);
      offset = end;
    }
    byte[] json = JSON.writeValueAsBytes(header);
    byte[] padded = Arrays.copyOf(json, (json.length + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT);
    Arrays.fill(padded, json.length, padded.length, (byte) ' ');
    return padded;
  }

  private static void writeValues(FileChannel channel, float[] values, ByteBuffer chunk)
      throws IOException {
    int perChunk = chunk.capacity() / Float.BYTES;
    for (int from = 0; from < values.length; from += perChunk) {
      int count = Math.min(perChunk, values.length - from);
      chunk.clear();
      chunk.asFloatBuffer().put(values, from, count);
      AtomicFile.writeFully(channel, chunk.limit(count * Float.BYTES));
    }
  }

  /**
   * Reads a file.
   *
   * @throws FormatException if it is not a well-formed safetensors file of f32 tensors
   */
  public static Safetensors read(Path file) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      JsonNode header = readHeader(channel, file);
      long dataStart = channel.position();
      Map<String, String> metadata = metadata(header, file);
      Map<String, FloatTensor> tensors = new LinkedHashMap<>();
      for (Extent extent : extents(header, channel.size() - dataStart, file)) {
        tensors.put(
            extent.name(),
            new FloatTensor(
                extent.shape(),
                readValues(channel, dataStart + extent.begin(), extent.end() - extent.begin())));
      }
      return new Safetensors(metadata, tensors);
    }
  }

  private static JsonNode readHeader(FileChannel channel, Path file) throws IOException {
    if (channel.size() < Long.BYTES) {
      throw corrupt(file, "it is shorter than the eight bytes of the header length");
    }
    ByteBuffer length = ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    readFully(channel, length, 0);
    long headerLength = length.flip().getLong();
    if (headerLength < 0 || headerLength > Math.min(LONGEST_HEADER, channel.size() - Long.BYTES)) {
      throw corrupt(
          file,
          "its header length "
              + headerLength
              + " does not fit a file of "
              + channel.size()
              + " bytes");
    }
    ByteBuffer json = ByteBuffer.allocate((int) headerLength);
    readFully(channel, json, Long.BYTES);
    channel.position(Long.BYTES + headerLength);
    try {
      JsonNode header = JSON.readTree(new String(json.array(), StandardCharsets.UTF_8));
      if (!header.isObject()) {
        throw corrupt(file, "its header is no JSON object");
      }
      return header;
    } catch (JsonProcessingException e) {
      throw corrupt(file, "its header is no JSON: " + e.getOriginalMessage());
    }
  }

  private static Map<String, String> metadata(JsonNode header, Path file) throws FormatException {
    Map<String, String> metadata = new LinkedHashMap<>();
    for (Map.Entry<String, JsonNode> entry : header.path(METADATA).properties()) {
      if (!entry.getValue().isTextual()) {
        throw corrupt(file, "metadata " + entry.getKey() + " is no text");
      }
      metadata.put(entry.getKey(), entry.getValue().textValue());
    }
    return metadata;
  }

  /** The extents in the order of the data, checked to cover them without gap or overlap. */
  private static List<Extent> extents(JsonNode header, long dataLength, Path file)
      throws FormatException {
    List<Extent> extents = new ArrayList<>();
    for (Map.Entry<String, JsonNode> entry : header.properties()) {
      if (!entry.getKey().equals(METADATA)) {
        extents.add(extent(entry.getKey(), entry.getValue(), file));
      }
    }
    extents.sort(Comparator.comparingLong(Extent::begin).thenComparingLong(Extent::end));
    long covered = 0;
    for (Extent extent : extents) {
      if (extent.begin() != covered) {
        throw corrupt(
            file,
            "tensor "
                + extent.name()
                + " begins at byte "
                + extent.begin()
                + " where "
                + covered
                + " was expected: a gap or an overlap");
      }
      covered = extent.end();
    }
    if (covered != dataLength) {
      throw corrupt(file, "its tensors take " + covered + " bytes but it holds " + dataLength);
    }
    return extents;
  }

  private static Extent extent(String name, JsonNode tensor, Path file) throws FormatException {
    String type = tensor.path("dtype").asText("missing");
    if (!type.equals("F32")) {
      throw corrupt(file, "tensor " + name + " has data type " + type + ", only F32 is read");
    }
    List<Long> shape = numbers(name, "shape", tensor.path("shape"), file);
    List<Long> offsets = numbers(name, "data_offsets", tensor.path("data_offsets"), file);
    if (offsets.size() != 2) {
      throw corrupt(file, "tensor " + name + " has " + offsets.size() + " data_offsets");
    }
    long length = offsets.get(1) - offsets.get(0);
    if (length != bytes(name, shape, file) || length / Float.BYTES > Integer.MAX_VALUE - 8) {
      throw corrupt(
          file, "tensor " + name + " of shape " + shape + " cannot take " + length + " bytes");
    }
    return new Extent(name, shape, offsets.get(0), offsets.get(1));
  }

  private static long bytes(String name, List<Long> shape, Path file) throws FormatException {
    try {
      long bytes = Float.BYTES;
      for (long dimension : shape) {
        bytes = Math.multiplyExact(bytes, dimension);
      }
      return bytes;
    } catch (ArithmeticException e) {
      throw corrupt(file, "tensor " + name + " of shape " + shape + " is too large");
    }
  }

  private static List<Long> numbers(String name, String field, JsonNode array, Path file)
      throws FormatException {
    if (!array.isArray()) {
      throw corrupt(file, "tensor " + name + " has no array " + field);
    }
    List<Long> numbers = new ArrayList<>();
    for (JsonNode number : array) {
      if (!number.isIntegralNumber() || !number.canConvertToLong() || number.longValue() < 0) {
        throw corrupt(file, "tensor " + name + " has " + field + " " + array);
      }
      numbers.add(number.longValue());
    }
    return numbers;
  }

  private static float[] readValues(FileChannel channel, long position, long bytes)
      throws IOException {
    float[] values = new float[(int) (bytes / Float.BYTES)];
    ByteBuffer chunk = ByteBuffer.allocateDirect(CHUNK_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    int perChunk = CHUNK_BYTES / Float.BYTES;
    for (int from = 0; from < values.length; from += perChunk) {
      int count = Math.min(perChunk, values.length - from);
      chunk.clear().limit(count * Float.BYTES);
      readFully(channel, chunk, position + (long) from * Float.BYTES);
      chunk.flip();
      chunk.asFloatBuffer().get(values, from, count);
    }
    return values;
  }

  private static void readFully(FileChannel channel, ByteBuffer buffer, long position)
      throws IOException {
    long at = position;
    while (buffer.hasRemaining()) {
      int read = channel.read(buffer, at);
      if (read < 0) {
        throw new FormatException("the file ends at byte " + at);
      }
      at += read;
    }
  }

  private static FormatException corrupt(Path file, String why) {
    return new FormatException(file + " is not a safetensors file that can be read: " + why);
  }
}
