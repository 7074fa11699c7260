package io.retort.data;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * A folder of images: {@code train/CLASS/*} and {@code test/CLASS/*}.
 *
 * <p>The classes are the folders in {@code train}, in the order of their names. Images are the
 * files that end in .png, .jpg or .jpeg; other files are left alone. The images have one channel
 * when all of them are grey, and three otherwise.
 */
final class ImageFolder {
  private static final Set<String> EXTENSIONS = Set.of("png", "jpg", "jpeg");

  private final Origin origin;
  private final ImageSize size;

  ImageFolder(Origin origin, ImageSize size) {
    this.origin = origin;
    this.size = size;
  }

  /** An image file and its class. */
  private record Example(Path path, int label) {}

  DatasetSplits read() throws IOException {
    origin.requireDirectory();
    Path trainFolder = origin.directory().resolve("train");
    Path testFolder = origin.directory().resolve("test");
    List<String> classNames = names(trainFolder, Files::isDirectory);
    if (classNames.isEmpty()) {
      throw new DataException(
          "%s has no folder of a class; %s".formatted(trainFolder, origin.remedy()));
    }
    List<String> testClassNames = names(testFolder, Files::isDirectory);
    for (String name : testClassNames) {
      if (!classNames.contains(name)) {
        throw new DataException(
            "%s is a class that %s does not have".formatted(testFolder.resolve(name), trainFolder));
      }
    }
    List<Example> train = examples(trainFolder, classNames, classNames);
    List<Example> test = examples(testFolder, classNames, testClassNames);
    if (test.isEmpty()) {
      throw new DataException(
          "%s has no folder of a class; %s".formatted(testFolder, origin.remedy()));
    }

    ImageDecoder decoder = new ImageDecoder(size);
    List<DecodedImage> trainImages = decode(train, decoder);
    List<DecodedImage> testImages = decode(test, decoder);
    boolean grey =
        Stream.concat(trainImages.stream(), testImages.stream()).allMatch(DecodedImage::isGrey);
    return new DatasetSplits(
        dataset(trainFolder, train, trainImages, grey, classNames),
        dataset(testFolder, test, testImages, grey, classNames));
  }

  /** The names in a folder that are not hidden, sorted. */
  private List<String> names(Path folder, Predicate<Path> wanted) throws IOException {
    if (!Files.isDirectory(folder)) {
      throw origin.missing(folder);
    }
    try (Stream<Path> paths = Files.list(folder)) {
      return paths
          .filter(wanted)
          .map(path -> path.getFileName().toString())
          .filter(name -> !name.startsWith("."))
          .sorted()
          .toList();
    }
  }

  /**
   * The first image of each class, then the second of each, and so on, so that the first n examples
   * are a fair part of all.
   */
  private List<Example> examples(Path folder, List<String> classNames, List<String> present)
      throws IOException {
    record Ranked(int rank, Example example) {}

    List<Ranked> ranked = new ArrayList<>();
    for (int label = 0; label < classNames.size(); label++) {
      String name = classNames.get(label);
      if (!present.contains(name)) {
        continue;
      }
      Path classFolder = folder.resolve(name);
      List<String> files = names(classFolder, ImageFolder::isImage);
      if (files.isEmpty()) {
        throw new DataException(
            classFolder + " has no image; put PNG or JPEG files there or remove it");
      }
      for (int rank = 0; rank < files.size(); rank++) {
        ranked.add(new Ranked(rank, new Example(classFolder.resolve(files.get(rank)), label)));
      }
    }
    // The sort is stable: within a rank the classes stay in order.
    ranked.sort((a, b) -> Integer.compare(a.rank, b.rank));
    return ranked.stream().map(Ranked::example).toList();
  }

  private static boolean isImage(Path path) {
    String name = path.getFileName().toString();
    String extension = name.substring(name.lastIndexOf('.') + 1).toLowerCase(Locale.ROOT);
    return EXTENSIONS.contains(extension) && Files.isRegularFile(path);
  }

  private static List<DecodedImage> decode(List<Example> examples, ImageDecoder decoder)
      throws IOException {
    List<DecodedImage> images = new ArrayList<>(examples.size());
    for (Example example : examples) {
      images.add(decoder.decode(example.path));
    }
    return images;
  }

  private static ImageDataset dataset(
      Path folder,
      List<Example> examples,
      List<DecodedImage> images,
      boolean grey,
      List<String> classNames)
      throws DataException {
    ImageSize size = images.get(0).size();
    int channels = grey ? 1 : 3;
    long imageBytes = (long) size.height() * size.width() * channels;
    if (images.size() > Integer.MAX_VALUE / imageBytes) {
      throw new DataException(
          "The %d images of %s in %s are more than 2 GiB; ask for a smaller size"
              .formatted(images.size(), size, folder));
    }
    byte[] pixels = new byte[(int) imageBytes * images.size()];
    for (int i = 0; i < images.size(); i++) {
      images.get(i).copyTo(pixels, i * (int) imageBytes, channels);
    }
    int[] labels = examples.stream().mapToInt(Example::label).toArray();
    return ImageDataset.owning(pixels, labels, size.height(), size.width(), channels, classNames);
  }
}
