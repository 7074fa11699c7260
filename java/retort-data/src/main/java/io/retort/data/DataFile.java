package io.retort.data;

import java.io.BufferedInputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.GZIPInputStream;

/**
 * A binary file read from its beginning to its end. A name that ends in {@code .gz} is uncompressed
 * on the way, and offsets count uncompressed bytes. Failures name the file and the offset.
 */
final class DataFile implements Closeable {
  private final Path path;
  private final InputStream in;
  private long offset;

  private DataFile(Path path, InputStream in) {
    this.path = path;
    this.in = in;
  }

  static DataFile open(Path path) throws IOException {
    InputStream raw = new BufferedInputStream(Files.newInputStream(path), 1 << 16);
    if (!path.getFileName().toString().endsWith(".gz")) {
      return new DataFile(path, raw);
    }
    try {
      return new DataFile(path, new GZIPInputStream(raw, 1 << 16));
    } catch (IOException e) {
      raw.close();
      throw new DataException(path + " is no gzip file; fetch it again", e);
    }
  }

  /** The number of bytes read so far: where the next one lies. */
  long offset() {
    return offset;
  }

  /** Reads a big-endian integer. */
  int readInt(String what) throws IOException {
    return ByteBuffer.wrap(readBytes(Integer.BYTES, what)).getInt();
  }

  /** Reads so many bytes; {@code what} they are is said when the file ends before. */
  byte[] readBytes(int count, String what) throws IOException {
    // Memory grows with what is really there, so a header that lies cannot exhaust it.
    byte[] bytes;
    try {
      bytes = in.readNBytes(count);
    } catch (IOException e) {
      throw broken(e);
    }
    if (bytes.length < count) {
      throw new DataException(
          "%s is cut short: it ends at byte %d, but %s should end at byte %d; fetch it again"
              .formatted(path, offset + bytes.length, what, offset + count));
    }
    offset += count;
    return bytes;
  }

  /**
   * Refuses bytes after those read so far. Also checks a compressed file's checksum, which lies at
   * its end.
   */
  void requireEnd() throws IOException {
    boolean more;
    try {
      more = in.read() >= 0;
    } catch (IOException e) {
      throw broken(e);
    }
    if (more) {
      throw error(offset, "has more bytes than its header announces");
    }
  }

  /** What to throw when the bytes at an offset make no sense. */
  DataException error(long at, String message) {
    return new DataException("%s %s at byte %d".formatted(path, message, at));
  }

  private DataException broken(IOException cause) {
    return new DataException(
        "%s is broken after byte %d (%s); fetch it again"
            .formatted(path, offset, cause.getMessage()),
        cause);
  }

  @Override
  public void close() throws IOException {
    in.close();
  }
}
