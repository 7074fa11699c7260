package io.retort.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.TreeMap;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.assertj.core.api.Assertions;
import org.junit.jupiter.api.Test;

class BatchesTest {
  private final ImageDataset dataset = Examples.random(23, 6, 5, 3);
  private final Normalization normalization = Normalization.of(dataset);
  private final Augmentation augmentation = new Augmentation(2, true);

  static List<Batch> copies(Iterable<Batch> batches) {
    List<Batch> copies = new ArrayList<>();
    batches.forEach(batch -> copies.add(batch.copy()));
    return copies;
  }

  static float[] pixels(Batch batch) {
    float[] pixels = new float[batch.pixels().limit()];
    batch.pixels().get(0, pixels);
    return pixels;
  }

  static void assertSame(Batch actual, Batch expected) {
    assertThat(actual.epoch()).isEqualTo(expected.epoch());
    assertThat(actual.step()).isEqualTo(expected.step());
    assertThat(actual.indices()).isEqualTo(expected.indices());
    assertThat(actual.labels()).isEqualTo(expected.labels());
    assertThat(pixels(actual)).isEqualTo(pixels(expected));
  }

  private static int[] indices(List<Batch> batches) {
    return batches.stream().flatMapToInt(batch -> Arrays.stream(batch.indices())).toArray();
  }

  @Test
  void evaluationGivesEveryExampleInOrderAsItIs() {
    List<Batch> batches = copies(Batches.inOrder(dataset, normalization, 5).epoch(0));

    assertThat(batches).extracting(Batch::rows).containsExactly(5, 5, 5, 5, 3);
    float[][] table = normalization.table();
    int example = 0;
    for (Batch batch : batches) {
      for (int row = 0; row < batch.rows(); row++, example++) {
        assertThat(batch.indices()[row]).isEqualTo(example);
        assertThat(batch.labels()[row]).isEqualTo(dataset.label(example));
        byte[] image = dataset.pixels(example);
        for (int i = 0; i < image.length; i++) {
          assertThat(batch.pixels().get(row * image.length + i))
              .isEqualTo(table[i % 3][image[i] & 0xff]);
        }
      }
    }
    assertThat(example).isEqualTo(23);
  }

  @Test
  void evaluationIsTheSameInEveryEpoch() {
    Batches batches = Batches.inOrder(dataset, normalization, 5);

    assertThat(indices(copies(batches.epoch(4)))).isEqualTo(indices(copies(batches.epoch(0))));
  }

  @Test
  void aBatchMayBeLargerThanTheDataSetInEvaluation() {
    Batches batches = Batches.inOrder(dataset, normalization, 1000);

    assertThat(batches.stepsPerEpoch()).isEqualTo(1);
    assertThat(copies(batches.epoch(0)).get(0).rows()).isEqualTo(23);
  }

  @Test
  void trainingDropsThePartialBatch() {
    Batches batches = Batches.of(dataset, normalization, 5, augmentation, 1);

    assertThat(batches.stepsPerEpoch()).isEqualTo(4);
    assertThat(copies(batches.epoch(0))).extracting(Batch::rows).containsExactly(5, 5, 5, 5);
    assertThat(indices(copies(batches.epoch(0)))).doesNotHaveDuplicates();
  }

  @Test
  void trainingKeepsThePartialBatchWhereAsked() {
    Batches batches = Batches.of(dataset, normalization, 5, augmentation, 1, LastBatch.KEEP);

    assertThat(batches.stepsPerEpoch()).isEqualTo(5);
    assertThat(Arrays.stream(indices(copies(batches.epoch(3)))).sorted())
        .containsExactly(IntStream.range(0, 23).boxed().toArray(Integer[]::new));
  }

  @Test
  void epochsAndSeedsDifferInOrderAndAugmentation() {
    Batches batches = Batches.of(dataset, normalization, 23, augmentation, 1);
    Batch first = copies(batches.epoch(0)).get(0);

    assertThat(copies(batches.epoch(1)).get(0).indices()).isNotEqualTo(first.indices());
    assertThat(
            copies(Batches.of(dataset, normalization, 23, augmentation, 2).epoch(0))
                .get(0)
                .indices())
        .isNotEqualTo(first.indices());
    assertThat(imagesByIndex(batches, 1)).isNotEqualTo(imagesByIndex(batches, 0));
    assertSame(copies(batches.epoch(0)).get(0), first);
  }

  @Property(tries = 40)
  void anEpochEnteredAtAStepGoesOnBitForBit(
      @ForAll long seed,
      @ForAll @IntRange(min = 0, max = 50) int epoch,
      @ForAll @IntRange(min = 1, max = 23) int batchSize,
      @ForAll LastBatch lastBatch) {
    Batches batches = Batches.of(dataset, normalization, batchSize, augmentation, seed, lastBatch);
    List<Batch> all = copies(batches.epoch(epoch));
    for (int step = 0; step <= batches.stepsPerEpoch(); step++) {
      List<Batch> rest = copies(batches.epoch(epoch, step));
      assertThat(rest).hasSize(all.size() - step);
      for (int i = 0; i < rest.size(); i++) {
        assertSame(rest.get(i), all.get(step + i));
      }
    }
  }

  @Property(tries = 40)
  void theBatchSizeChangesNeitherOrderNorAugmentation(
      @ForAll long seed,
      @ForAll @IntRange(min = 0, max = 50) int epoch,
      @ForAll @IntRange(min = 1, max = 30) int batchSize) {
    Batches whole = Batches.of(dataset, normalization, 23, augmentation, seed, LastBatch.KEEP);
    Batches parts =
        Batches.of(dataset, normalization, batchSize, augmentation, seed, LastBatch.KEEP);

    assertThat(indices(copies(parts.epoch(epoch)))).isEqualTo(indices(copies(whole.epoch(epoch))));
    assertThat(imagesByIndex(parts, epoch)).isEqualTo(imagesByIndex(whole, epoch));
  }

  /** The pixels of each example, as lists so that they compare by value. */
  private static Map<Integer, List<Float>> imagesByIndex(Batches batches, int epoch) {
    Map<Integer, List<Float>> images = new TreeMap<>();
    for (Batch batch : batches.epoch(epoch)) {
      int image = batch.height() * batch.width() * batch.channels();
      for (int row = 0; row < batch.rows(); row++) {
        List<Float> pixels = new ArrayList<>();
        for (int i = 0; i < image; i++) {
          pixels.add(batch.pixels().get(row * image + i));
        }
        images.put(batch.indices()[row], pixels);
      }
    }
    return images;
  }

  @Test
  void pixelsAreADirectBufferInNativeOrderWhateverTheConsumerDidToIt() {
    for (Batch batch : Batches.inOrder(dataset, normalization, 5).epoch(0)) {
      assertThat(batch.pixels().isDirect()).isTrue();
      assertThat(batch.pixels().order()).isEqualTo(ByteOrder.nativeOrder());
      assertThat(batch.pixels().position()).isZero();
      assertThat(batch.pixels().limit()).isEqualTo(batch.rows() * 6 * 5 * 3);
      batch.pixels().position(7).limit(11);
    }
  }

  @Test
  void iteratorsOfOneEpochDoNotDisturbEachOther() {
    Iterable<Batch> epoch = Batches.of(dataset, normalization, 5, augmentation, 9).epoch(2);
    List<Batch> expected = copies(epoch);
    Iterator<Batch> first = epoch.iterator();
    Iterator<Batch> second = epoch.iterator();
    first.next();
    first.next();

    assertSame(second.next(), expected.get(0));
    assertSame(first.next(), expected.get(2));
  }

  @Test
  void afterTheLastBatchThereIsNone() {
    Batches batches = Batches.inOrder(dataset, normalization, 5);
    Iterator<Batch> end = batches.epoch(0, 5).iterator();

    assertThat(end.hasNext()).isFalse();
    Assertions.assertThatExceptionOfType(NoSuchElementException.class).isThrownBy(end::next);
  }

  @Test
  void aBatchTellsWhereItStands() {
    Batch batch = Batches.inOrder(dataset, normalization, 5).epoch(3, 2).iterator().next();

    assertThat(batch.epoch()).isEqualTo(3);
    assertThat(batch.step()).isEqualTo(2);
    assertThat(List.of(batch.height(), batch.width(), batch.channels())).containsExactly(6, 5, 3);
  }

  @Test
  void refusesArgumentsOutOfRange() {
    Batches batches = Batches.inOrder(dataset, normalization, 5);

    assertThatIllegalArgumentException()
        .isThrownBy(() -> Batches.inOrder(dataset, normalization, 0))
        .withMessage("batchSize must be at least 1, got 0");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Batches.of(dataset, normalization, 24, augmentation, 0))
        .withMessageContainingAll("batchSize", "23", "24");
    assertThatIllegalArgumentException()
        .isThrownBy(
            () -> Batches.inOrder(dataset, Normalization.of(Examples.random(2, 6, 5, 1)), 5))
        .withMessage("normalization must have the 3 channels of the data set, got 1");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Batches.of(dataset, normalization, 5, new Augmentation(6, false), 0))
        .withMessage("augmentation.padding must lie in [0, 5], got 6");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> batches.epoch(-1))
        .withMessage("epoch must be at least 0, got -1");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> batches.epoch(0, 6))
        .withMessage("firstStep must lie in [0, 5], got 6");
    assertThatIllegalArgumentException().isThrownBy(() -> batches.epoch(0, -1));
    assertThatIllegalArgumentException().isThrownBy(() -> batches.prefetch(2, 0, 1));
    assertThatIllegalArgumentException().isThrownBy(() -> batches.prefetch(0, 6, 1));
  }

  @Test
  void refusesNull() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Batches.inOrder(null, normalization, 5))
        .withMessage("dataset must not be null");
    assertThatIllegalArgumentException().isThrownBy(() -> Batches.inOrder(dataset, null, 5));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Batches.of(dataset, normalization, 5, null, 0));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Batches.of(dataset, normalization, 5, augmentation, 0, null));
  }
}
