package dev.slipway.common.operation;

import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/// The operations of one service, by kind.
public final class OperationCatalog {

  /// An operation with what is known of its types.
  record Entry<I extends Record, S extends Record>(
      String kind, Operation<I, S> operation, Plan<I, S> plan, Class<I> input, Class<S> state) {}

  private final Map<String, Entry<?, ?>> byKind = new LinkedHashMap<>();

  public OperationCatalog(Iterable<? extends Operation<?, ?>> operations) {
    for (Operation<?, ?> operation : operations) {
      Entry<?, ?> entry = entry(operation);
      if (byKind.put(entry.kind(), entry) != null) {
        throw new IllegalStateException("Two operations are of the kind " + entry.kind());
      }
    }
  }

  Optional<Entry<?, ?>> find(String kind) {
    return Optional.ofNullable(byKind.get(kind));
  }

  Entry<?, ?> get(String kind) {
    return find(kind)
        .orElseThrow(() -> new IllegalArgumentException("There is no operation " + kind));
  }

  /// The shape of a kind's plan; an empty one where a newer or older version began it. That is
  /// stuck, which needs no plan.
  PlanShape shapeOf(String kind) {
    return find(kind)
        .map(entry -> entry.plan().shape())
        .orElseGet(() -> new PlanShape(Duration.ZERO, false, false, List.of()));
  }

  /// The kinds and the signature of each plan, for the golden file.
  public SortedMap<String, String> signatures() {
    SortedMap<String, String> signatures = new TreeMap<>();
    byKind.forEach((kind, entry) -> signatures.put(kind, entry.plan().shape().signature()));
    return signatures;
  }

  /// The kind of an operation, from its annotation.
  public static String kindOf(Class<?> operation) {
    OperationKind kind = operation.getAnnotation(OperationKind.class);
    if (kind == null) {
      throw new IllegalStateException(operation.getName() + " needs an @OperationKind");
    }
    return kind.value();
  }

  private static <I extends Record, S extends Record> Entry<I, S> entry(Operation<I, S> operation) {
    Class<?> type = operation.getClass();
    // A container may hand out a subclass that intercepts.
    while (type.getAnnotation(OperationKind.class) == null && type.getSuperclass() != null) {
      type = type.getSuperclass();
    }
    for (Type implemented : type.getGenericInterfaces()) {
      if (implemented instanceof ParameterizedType parameterized
          && parameterized.getRawType() == Operation.class) {
        @SuppressWarnings("unchecked") // The bound of Operation's first parameter.
        var input = (Class<I>) parameterized.getActualTypeArguments()[0];
        @SuppressWarnings("unchecked") // The bound of Operation's second parameter.
        var state = (Class<S>) parameterized.getActualTypeArguments()[1];
        return new Entry<>(kindOf(type), operation, operation.plan(), input, state);
      }
    }
    throw new IllegalStateException(type.getName() + " must implement Operation directly");
  }
}
