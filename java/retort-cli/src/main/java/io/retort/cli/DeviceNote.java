package io.retort.cli;

import io.retort.nn.Device;
import io.retort.nn.DeviceKind;

/** Tells a user who left the device to Retort that it is not a GPU, and why. */
final class DeviceNote {
  private DeviceNote() {}

  /** One line where {@code device} is {@code auto} and there is no GPU; otherwise nothing. */
  static void print(Invocation invocation, String device) {
    if (DeviceKind.parse(device) == DeviceKind.AUTO) {
      Device.whyNoCuda()
          .ifPresent(reason -> invocation.err().println("retort: on the CPU, because " + reason));
    }
  }
}
