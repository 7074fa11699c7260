package io.retort.distill;

import io.retort.data.Batch;
import io.retort.nn.Mode;
import io.retort.nn.Network;
import io.retort.nn.Tensor;
import java.util.List;

/** Teachers that see every batch as the student does, augmentation and all. */
final class LiveTeacher implements Teacher {

  private final List<Network> members;

  /** Owns the networks, which lie on the student's device. */
  LiveTeacher(List<Network> members) {
    this.members = List.copyOf(members);
  }

  @Override
  public List<Tensor> logits(Batch batch, Tensor images) {
    return members.stream().map(member -> member.forward(images, Mode.INFERENCE)).toList();
  }

  @Override
  public void close() {
    members.forEach(Network::close);
  }
}
