package dev.slipway.common.operation.api;

import dev.slipway.common.ledger.LedgerRow;
import dev.slipway.common.operation.OperationView;
import dev.slipway.common.operation.Receipt;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// The receipt of an operation on the wire: each thing it has made outside the database, and how
/// the absence of what is gone was verified. Names are relative to the platform, never a path of
/// its machine.
///
/// @param outcome  as in the operation itself; null until it has ended
/// @param things   oldest first; of a destroy also what else is left of its subject
/// @param left     how many of them are not gone: 0 after a destroy or an undone operation
/// @param earlier  of a destroy: how many things of its subject earlier operations had removed
/// @param children the operations it asked for; each has a receipt of its own
public record ReceiptAnswer(
    String operation,
    String kind,
    String subject,
    String subjectName,
    @Nullable String outcome,
    List<Thing> things,
    int left,
    int earlier,
    List<String> children) {

  /// One thing.
  ///
  /// @param kind   `directory`, `process`, `port`, `database`, `role` …
  /// @param name   which one
  /// @param state  `planned`, `made` or `gone`
  /// @param proof  how its absence was verified, in words; null while it is not gone
  /// @param madeBy the operation that made it, or was about to
  /// @param goneBy the operation that verified its absence; null while it is not gone
  public record Thing(
      String kind,
      String name,
      String state,
      Instant plannedAt,
      @Nullable Instant madeAt,
      @Nullable Instant goneAt,
      @Nullable String proof,
      String madeBy,
      @Nullable String goneBy) {

    static Thing of(LedgerRow row) {
      return new Thing(
          row.resource().kind(),
          row.resource().name(),
          row.state().name().toLowerCase(Locale.ROOT),
          row.plannedAt(),
          row.madeAt(),
          row.goneAt(),
          row.proof(),
          row.operation(),
          row.goneBy());
    }
  }

  /// @param all whether to name what earlier operations had removed, too
  static ReceiptAnswer of(Receipt receipt, boolean all) {
    OperationView operation = receipt.operation();
    List<LedgerRow> others = receipt.others().stream().filter(row -> all || row.open()).toList();
    List<LedgerRow> rows =
        Stream.concat(others.stream(), receipt.things().stream())
            .sorted((one, other) -> Long.compare(one.number(), other.number()))
            .toList();
    return new ReceiptAnswer(
        operation.id(),
        operation.kind(),
        operation.subject(),
        operation.subjectName(),
        operation.outcome() == null ? null : operation.outcome().name().toLowerCase(Locale.ROOT),
        rows.stream().map(Thing::of).toList(),
        Math.toIntExact(rows.stream().filter(LedgerRow::open).count()),
        Math.toIntExact(receipt.others().stream().filter(row -> !row.open()).count()),
        receipt.children());
  }
}
