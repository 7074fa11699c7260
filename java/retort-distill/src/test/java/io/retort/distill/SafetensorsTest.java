package io.retort.distill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.retort.distill.Safetensors.FloatTensor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SafetensorsTest {

  @TempDir Path directory;

  @Test
  void whatWasWrittenIsReadBackBitForBit() throws IOException {
    float[] large = new float[300_001];
    for (int i = 0; i < large.length; i++) {
      large[i] = (float) Math.sin(i);
    }
    Map<String, FloatTensor> tensors = new LinkedHashMap<>();
    tensors.put("z.large", FloatTensor.of(new long[] {300_001}, large));
    tensors.put(
        "a.special",
        FloatTensor.of(
            new long[] {2, 2},
            new float[] {Float.NaN, -0f, Float.NEGATIVE_INFINITY, Float.MIN_VALUE}));
    tensors.put("empty", FloatTensor.of(new long[] {0, 3}, new float[0]));
    tensors.put("scalar", FloatTensor.of(new long[0], new float[] {7}));
    Path file = directory.resolve("model.safetensors");

    new Safetensors(Map.of("architecture", "mlp-3 \"é\""), tensors).write(file);
    Safetensors read = Safetensors.read(file);

    assertThat(read.metadata()).containsExactly(Map.entry("architecture", "mlp-3 \"é\""));
    assertThat(read.tensors().keySet()).containsExactlyInAnyOrderElementsOf(tensors.keySet());
    tensors.forEach(
        (name, tensor) -> {
          assertThat(read.tensors().get(name).shape()).isEqualTo(tensor.shape());
          assertThat(read.tensors().get(name).values())
              .usingComparator(Arrays::compare)
              .isEqualTo(tensor.values());
        });
  }

  @Test
  void dataBeginAtAMultipleOfEightBytes() throws IOException {
    Path file = directory.resolve("model.safetensors");
    new Safetensors(Map.of("k", "12345"), Map.of("w", FloatTensor.of(new long[] {1}, new float[1])))
        .write(file);

    long header =
        ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN).getLong();

    assertThat(header % 8).isZero();
    assertThat(Files.size(file)).isEqualTo(8 + header + 4);
  }

  @Test
  void aFileFromAnotherWriterIsRead() throws IOException {
    Path file =
        file(
            "{\"b\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]},"
                + "\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}",
            8);

    assertThat(Safetensors.read(file).tensors().keySet())
        .isEqualTo(new java.util.LinkedHashSet<>(List.of("a", "b")));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{\"a\":{\"dtype\":\"F16\",\"shape\":[4],\"data_offsets\":[0,8]}} | 8 | data type F16",
        "{\"a\":{\"shape\":[2],\"data_offsets\":[0,8]}} | 8 | data type missing",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[0,8]}} | 8 | cannot take 8"
            + " bytes",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[8,0]}} | 8 | cannot take -8"
            + " bytes",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[-2],\"data_offsets\":[0,8]}} | 8 | has shape",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[2.0],\"data_offsets\":[0,8]}} | 8 | has shape",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":2,\"data_offsets\":[0,8]}} | 8 | no array shape",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[8]}} | 8 | 1 data_offsets",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[4611686018427387904,4],\"data_offsets\":[0,8]}} | 8 |"
            + " too large",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[4,12]}} | 12 | gap or an"
            + " overlap",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]},\"b\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[4,12]}}"
            + " | 12 | gap or an overlap",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}} | 12 | take 8 bytes but"
            + " it holds 12",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}} | 4 | take 8 bytes but it"
            + " holds 4",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}"
            + " | 4 | Duplicate",
        "{\"__metadata__\":{\"epoch\":1}} | 0 | is no text",
        "[] | 0 | no JSON object",
        "{} {} | 0 | no JSON",
        "{ | 0 | no JSON",
      })
  void aCorruptHeaderIsRefusedWithItsReason(String header, int dataBytes, String reason)
      throws IOException {
    Path file = file(header, dataBytes);

    assertThatThrownBy(() -> Safetensors.read(file))
        .isInstanceOf(Safetensors.FormatException.class)
        .hasMessageContaining(reason);
  }

  @ParameterizedTest
  @ValueSource(longs = {-1, Long.MIN_VALUE, Long.MAX_VALUE, 100_000_001, 3})
  void aHeaderLengthThatDoesNotFitIsRefused(long length) throws IOException {
    Path file = directory.resolve("corrupt");
    Files.write(
        file, ByteBuffer.allocate(10).order(ByteOrder.LITTLE_ENDIAN).putLong(length).array());

    assertThatThrownBy(() -> Safetensors.read(file))
        .isInstanceOf(Safetensors.FormatException.class);
  }

  @Test
  void everyTruncationIsRefused() throws IOException {
    Path file = directory.resolve("model.safetensors");
    new Safetensors(Map.of("k", "v"), Map.of("w", FloatTensor.of(new long[] {3}, new float[3])))
        .write(file);
    byte[] whole = Files.readAllBytes(file);

    for (int length = 0; length < whole.length; length++) {
      Files.write(file, Arrays.copyOf(whole, length));
      assertThatThrownBy(() -> Safetensors.read(file))
          .isInstanceOf(Safetensors.FormatException.class);
    }
  }

  @Test
  void aFailedWriteLeavesTheOldFileAndNoTemporaryOne() throws IOException {
    Path file = directory.resolve("model.safetensors");
    Files.writeString(file, "old");

    assertThatThrownBy(
            () ->
                AtomicFile.write(
                    file,
                    channel -> {
                      AtomicFile.writeFully(channel, ByteBuffer.wrap(new byte[100]));
                      throw new IOException("disk full");
                    }))
        .hasMessage("disk full");

    assertThat(file).hasContent("old");
    assertThat(directory.toFile().list()).containsExactly("model.safetensors");
  }

  private Path file(String header, int dataBytes) throws IOException {
    byte[] json = header.getBytes(StandardCharsets.UTF_8);
    ByteBuffer bytes =
        ByteBuffer.allocate(8 + json.length + dataBytes).order(ByteOrder.LITTLE_ENDIAN);
    bytes.putLong(json.length).put(json);
    return Files.write(directory.resolve("other"), bytes.array());
  }
}
