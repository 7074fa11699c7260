package io.retort.distill;

/** Asks a run, from another thread, to stop after its current step and leave a checkpoint. */
public final class Interruption {

  private final Interruption parent;
  private volatile boolean requested;

  /** Nobody has asked yet. */
  public Interruption() {
    this(null);
  }

  private Interruption(Interruption parent) {
    this.parent = parent;
  }

  /** One that is requested where this one is, but not the other way round. */
  Interruption child() {
    return new Interruption(this);
  }

  /** Asks to stop; may be called from any thread. */
  public void request() {
    requested = true;
  }

  /** Whether someone asked to stop. */
  public boolean requested() {
    return requested || (parent != null && parent.requested());
  }
}
