package dev.slipway.common.operation;

import dev.slipway.common.golden.GoldenFile;

/// The signature of each plan of a service, kept in a file.
///
/// A running operation finds its steps by name, also after an update of the service. So a plan that
/// was released is not changed: the new one stands beside it, with a kind of its own.
public final class PlanSignatures {

  private static final String HEAD =
      """
      # The plans of this service. A released line is never changed: an operation that was begun before
      # an update has to find its steps after it. A changed plan gets a kind of its own.
      """;

  private PlanSignatures() {}

  /// Fails when a plan is not the one in the file.
  public static void verify(OperationCatalog catalog, GoldenFile file) {
    var text = new StringBuilder(HEAD);
    catalog
        .signatures()
        .forEach(
            (kind, signature) ->
                text.append(kind)
                    .append(' ')
                    .append(signature)
                    .append(' ')
                    .append(
                        String.join(
                            ",",
                            catalog.get(kind).plan().shape().steps().stream()
                                .map(StepShape::name)
                                .toList()))
                    .append('\n'));
    file.says(text.toString());
  }
}
