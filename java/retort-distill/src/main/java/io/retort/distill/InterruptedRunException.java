package io.retort.distill;

/** A run stopped because it was asked to; its checkpoint is on the disk and it can be resumed. */
public final class InterruptedRunException extends RuntimeException {
    private static final long serialVersionUID = 1;

    InterruptedRunException(String model, long step) {
        super(model + " stopped after step " + step);
    }
}
