package dev.slipway.common.operation;

import java.util.List;
import java.util.Optional;
import java.util.SortedSet;
import java.util.function.Function;

/// One operation in its surroundings, as the kit needs it: built anew for each case.
public interface Scenario {

  /// What stands in the name of each case.
  String name();

  /// Whether a step of it waits for operations of another service.
  default boolean asks() {
    return false;
  }

  /// Surroundings of their own, in a database that other cases share.
  Rig rig(KernelDatabase database);

  /// One that asks nobody.
  static Scenario of(String name, Function<KernelDatabase, Rig> rigs) {
    return new Scenario() {
      @Override
      public String name() {
        return name;
      }

      @Override
      public Rig rig(KernelDatabase database) {
        return rigs.apply(database);
      }
    };
  }

  /// The surroundings of one case.
  interface Rig {

    /// Every operation of the service, on one fake reality.
    List<Operation<?, ?>> operations();

    /// Brings the subject to where the operation under test may begin.
    default void prepare(OperationEngine engine) throws Exception {}

    /// The operation under test.
    BeginRequest begin();

    /// Other operations on the same subject, the destroy included.
    List<BeginRequest> others();

    /// What another service may ask of the subject, as a step of its own operation.
    default List<BeginRequest> asked() {
      return List.of();
    }

    /// The destroy of the subject.
    Optional<BeginRequest> destroy();

    /// What exists of the subject, without names that differ from case to case.
    SortedSet<String> reality();

    /// How often the driver was told to act so far; for [OperationKit#crashes].
    default long acts() {
      throw new UnsupportedOperationException("Nobody counts");
    }

    /// Takes down what the case has left on purpose; nothing is asked of these surroundings any
    /// more.
    default void close() throws Exception {}
  }
}
