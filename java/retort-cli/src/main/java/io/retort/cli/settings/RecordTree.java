package io.retort.cli.settings;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Records in records, seen as a tree whose leaves have keys such as {@code schedule.learning_rate}:
 * the names of the components on the way, as they are written in YAML.
 */
final class RecordTree {
  private RecordTree() {}

  /** Whether the key names a leaf or a record of the tree. */
  static boolean has(Record root, String key) {
    return find(root, key).isPresent();
  }

  /** The value that a key names. */
  static Object get(Record root, String key) {
    Node node = require(root, key);
    return read(node.owner, node.component);
  }

  /** The type of the value that a key names. */
  static Class<?> type(Record root, String key) {
    return require(root, key).component.getType();
  }

  /** What the record calls the value that a key names. */
  static String nameOf(Record root, String key) {
    return require(root, key).component.getName();
  }

  /** The keys directly in the record that a key names; the empty key names the root. */
  static List<String> keysOf(Record root, String key) {
    Record record = key.isEmpty() ? root : (Record) get(root, key);
    return Arrays.stream(record.getClass().getRecordComponents()).map(RecordTree::key).toList();
  }

  /**
   * The same tree with other leaves.
   *
   * @throws IllegalArgumentException what a record's constructor says of its new values
   */
  static <T extends Record> T with(T root, Map<String, Object> leaves) {
    return with(root, "", leaves);
  }

  private static <T extends Record> T with(T record, String prefix, Map<String, Object> leaves) {
    RecordComponent[] components = record.getClass().getRecordComponents();
    Object[] values = new Object[components.length];
    for (int i = 0; i < components.length; i++) {
      String key = prefix + key(components[i]);
      Object value = read(record, components[i]);
      if (value instanceof Record child) {
        values[i] = with(child, key + ".", leaves);
      } else {
        values[i] = leaves.containsKey(key) ? leaves.get(key) : value;
      }
    }
    return construct(record, components, values);
  }

  private static <T extends Record> T construct(
      T like, RecordComponent[] components, Object[] values) {
    Class<?>[] types =
        Arrays.stream(components).map(RecordComponent::getType).toArray(Class<?>[]::new);
    try {
      @SuppressWarnings("unchecked")
      Class<T> type = (Class<T>) like.getClass();
      return type.getDeclaredConstructor(types).newInstance(values);
    } catch (InvocationTargetException e) {
      if (e.getCause() instanceof RuntimeException refused) {
        throw refused;
      }
      throw new IllegalStateException(e.getCause());
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(like.getClass() + " has no public constructor", e);
    }
  }

  private record Node(Record owner, RecordComponent component) {}

  private static Node require(Record root, String key) {
    return find(root, key)
        .orElseThrow(() -> new IllegalArgumentException(key + " is no key of " + root.getClass()));
  }

  private static Optional<Node> find(Record root, String key) {
    List<String> names = new ArrayList<>(List.of(key.split("\\.", -1)));
    String last = names.remove(names.size() - 1);
    Record owner = root;
    for (String name : names) {
      Optional<RecordComponent> step = component(owner, name);
      if (step.isEmpty() || !(read(owner, step.get()) instanceof Record next)) {
        return Optional.empty();
      }
      owner = next;
    }
    Record found = owner;
    return component(found, last).map(component -> new Node(found, component));
  }

  private static Optional<RecordComponent> component(Record record, String name) {
    return Arrays.stream(record.getClass().getRecordComponents())
        .filter(component -> key(component).equals(name))
        .findFirst();
  }

  private static String key(RecordComponent component) {
    StringBuilder key = new StringBuilder();
    for (char letter : component.getName().toCharArray()) {
      key.append(Character.isUpperCase(letter) ? "_" : "").append(Character.toLowerCase(letter));
    }
    return key.toString();
  }

  private static Object read(Record record, RecordComponent component) {
    try {
      return component.getAccessor().invoke(record);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("cannot read " + component + " of " + record.getClass(), e);
    }
  }
}
