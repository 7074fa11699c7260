/**
 * Image data sets as iterables of batches.
 *
 * <p>{@link io.retort.data.Datasets} reads a data set into memory; {@link io.retort.data.Batches}
 * gives its examples as normalised batches, in an order that depends on a seed and the epoch only;
 * {@link io.retort.data.Prefetch} prepares them ahead on a thread of its own.
 *
 * <pre>{@code
 * DatasetSplits splits = Datasets.load("fashion-mnist", null);
 * Normalization normalization = Normalization.of(splits.train());
 * Augmentation augmentation = Augmentation.standard(splits.train());
 * Batches training = Batches.of(splits.train(), normalization, 128, augmentation, seed);
 * try (Prefetch prefetch = training.prefetch(0, 0, epochs)) {
 *   while (prefetch.hasNext()) {
 *     train(prefetch.next());
 *   }
 * }
 * }</pre>
 */
package io.retort.data;
