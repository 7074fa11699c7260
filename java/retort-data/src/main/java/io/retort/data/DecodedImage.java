package io.retort.data;

/**
 * The pixels of one image file.
 *
 * @param size rows and columns
 * @param channels 1 for grey, 3 for red, green and blue
 * @param bytes row, column, channel
 */
record DecodedImage(ImageSize size, int channels, byte[] bytes) {

  boolean isGrey() {
    return channels == 1;
  }

  /** Copies the pixels; grey ones become red, green and blue where three channels are wanted. */
  void copyTo(byte[] target, int start, int targetChannels) {
    if (channels == targetChannels) {
      System.arraycopy(bytes, 0, target, start, bytes.length);
      return;
    }
    for (int i = 0; i < bytes.length; i++) {
      for (int channel = 0; channel < targetChannels; channel++) {
        target[start + i * targetChannels + channel] = bytes[i];
      }
    }
  }
}
