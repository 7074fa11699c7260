package io.retort.cli.settings;

import java.util.Optional;
import java.util.stream.Stream;

/**
 * What a flag can set. A setting is one line here; its type, its default and its place in a YAML
 * file come from the component of the configuration record that its key names.
 */
public enum Setting {
  DATA(
      Group.DATA,
      "--data",
      "data.dataset",
      "NAME",
      "Data set: fashion-mnist, mnist, cifar-10, cifar-100 or folder"),
  DATA_DIR(Group.DATA, "--data-dir", "data.path", "DIR", "Where its files lie", "the usual place"),
  AUGMENTATION(
      Group.DATA,
      "--augmentation",
      "data.augmentation",
      "NAME",
      "Changes of training images: none, standard, crop or flip"),
  HOLD_OUT(
      Group.DATA,
      "--hold-out",
      "data.hold_out",
      "N",
      "Judge by N training images that nothing learns from, not by the test images, as the choice"
          + " of settings should"),
  TRAIN_LIMIT(
      Group.DATA,
      "--train-limit",
      "data.train_limit",
      "N",
      "Use the first N training images; 0: all"),
  TEST_LIMIT(
      Group.DATA, "--test-limit", "data.test_limit", "N", "Use the first N test images; 0: all"),

  ARCHITECTURE(
      Group.TRAINING,
      "--architecture",
      "architecture",
      "NAME",
      "Network, for example mlp-256-128, cnn-16-32-128, cnnbn-16-32-128, resnet-20 or wrn-16-2"),
  EPOCHS(Group.TRAINING, "--epochs", "epochs", "N", "Passes over the training images"),
  BATCH_SIZE(Group.TRAINING, "--batch-size", "batch_size", "N", "Images in a step"),
  OPTIMIZER(Group.TRAINING, "--optimizer", "optimizer.kind", "NAME", "sgd, adam or adamw"),
  MOMENTUM(Group.TRAINING, "--momentum", "optimizer.momentum", "X", "Momentum of sgd"),
  NESTEROV(
      Group.TRAINING,
      "--nesterov",
      "optimizer.nesterov",
      "BOOL",
      "Nesterov's momentum: true or false"),
  WEIGHT_DECAY(Group.TRAINING, "--weight-decay", "optimizer.weight_decay", "X", "Weight decay"),
  LEARNING_RATE(
      Group.TRAINING,
      "--learning-rate",
      "schedule.learning_rate",
      "X",
      "Peak of the learning rate"),
  SCHEDULE(
      Group.TRAINING, "--schedule", "schedule.kind", "NAME", "constant, step, cosine or one-cycle"),
  WARMUP(
      Group.TRAINING,
      "--warmup",
      "schedule.warmup",
      "X",
      "Fraction of all steps in which cosine and one-cycle rise to the peak"),
  LABEL_SMOOTHING(
      Group.TRAINING,
      "--label-smoothing",
      "label_smoothing",
      "X",
      "Probability spread evenly over all classes"),
  SEED(Group.TRAINING, "--seed", "seed", "N", "Decides weights, order and augmentation"),

  MEMBERS(Group.DISTILLATION, "--members", "members", "N", "Networks in the ensemble"),
  MEAN(
      Group.DISTILLATION,
      "--mean",
      "mean",
      "NAME",
      "What members are averaged as: logits or probabilities"),
  TEMPERATURE(Group.DISTILLATION, "--temperature", "temperature", "T", "Divides the logits"),
  ALPHA(
      Group.DISTILLATION,
      "--alpha",
      "alpha",
      "X",
      "Weight of the soft targets; the labels weigh 1 - alpha"),
  STUDENT_ARCHITECTURE(
      Group.DISTILLATION,
      "--student-architecture",
      "student_architecture",
      "NAME",
      "The student's network",
      "that of the members"),
  STUDENT_EPOCHS(
      Group.DISTILLATION,
      "--student-epochs",
      "student_epochs",
      "N",
      "The student's epochs; 0: as many as the members",
      "half as many again as the members"),
  SEEDS(Group.DISTILLATION, "--seeds", "seeds", "N", "Students of each method, of different seeds"),
  JOINT(
      Group.DISTILLATION,
      "--joint",
      "joint_networks",
      "N",
      "Networks whose mean is trained as one, all in memory together; 0: leave it out"),
  JOINT_RATE(
      Group.DISTILLATION,
      "--joint-rate",
      "joint_rate",
      "X",
      "Multiplies the learning rate of that mean, by SGD; 0: by the number of its networks"),
  SIMILARITY_TEMPERATURE(
      Group.DISTILLATION,
      "--similarity-temperature",
      "similarity_temperature",
      "T",
      "Divides the cosines of KD-sim"),
  TOP_K(Group.DISTILLATION, "--top-k", "top_k", "K", "Probabilities that KD-topk keeps"),
  MIXTURE_SHARE(
      Group.DISTILLATION,
      "--mixture-share",
      "mixture_share",
      "X",
      "Weight of KD-sim in the mixture; KD-pt weighs the rest"),

  DEVICE(Group.MACHINE, "--device", "device", "NAME", "cpu, cuda or auto"),
  PRECISION(
      Group.MACHINE,
      "--precision",
      "precision",
      "NAME",
      "What products and convolutions multiply: f32, or on a GPU tf32 or bf16"),
  THREADS(
      Group.MACHINE, "--threads", "threads", "N", "Threads; 0: one a processor. Changes no result"),
  PARALLEL(
      Group.MACHINE,
      "--parallel",
      "parallel_models",
      "N",
      "Networks that train at a time; 0: one a thread, on a GPU up to four. Changes no result");

  /** Under which heading of the help a setting stands. */
  enum Group {
    DATA("Data"),
    TRAINING("Training"),
    DISTILLATION("Distillation"),
    MACHINE("Machine");

    final String heading;

    Group(String heading) {
      this.heading = heading;
    }
  }

  final Group group;
  final String flag;
  final String placeholder;
  final String description;
  private final String key;
  private final String defaultText;

  Setting(Group group, String flag, String key, String placeholder, String description) {
    this(group, flag, key, placeholder, description, null);
  }

  /** A setting whose default is a rule rather than a value. */
  Setting(
      Group group,
      String flag,
      String key,
      String placeholder,
      String description,
      String defaultText) {
    this.group = group;
    this.flag = flag;
    this.key = key;
    this.placeholder = placeholder;
    this.description = description;
    this.defaultText = defaultText;
  }

  /** What holds in a configuration when the flag is not given, in words. */
  String defaultIn(Record configuration) {
    return defaultText != null
        ? defaultText
        : ValueText.of(RecordTree.get(configuration, keyIn(configuration).orElseThrow()));
  }

  /**
   * The key in a configuration of the given kind, such as {@code training.schedule.warmup}; empty
   * if it has no such setting. A configuration that says how its networks are trained keeps that
   * below {@code training}.
   */
  Optional<String> keyIn(Record configuration) {
    return Stream.of(key, "training." + key)
        .filter(candidate -> RecordTree.has(configuration, candidate))
        .findFirst();
  }
}
