/** Image data sets as iterables of batches: readers, augmentation, shuffling and prefetching. */
module io.retort.data {
  requires java.desktop;
  requires net.coobird.thumbnailator;

  exports io.retort.data;
}
