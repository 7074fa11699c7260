package io.retort.distill;

/** Asks a run, from another thread, to stop after its current step and leave a checkpoint. */
public final class Interruption {

    private volatile boolean requested;

    /** Nobody has asked yet. */
    public Interruption() {
    }

    /** Asks to stop; may be called from any thread. */
    public void request() {
        requested = true;
    }

    /** Whether someone asked to stop. */
    public boolean requested() {
        return requested;
    }
}
