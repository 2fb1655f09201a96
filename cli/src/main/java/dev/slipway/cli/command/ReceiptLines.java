package dev.slipway.cli.command;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.slipway.cli.api.ApiClient;
import dev.slipway.cli.api.OperationView;
import dev.slipway.cli.api.Operations;
import dev.slipway.cli.api.Receipt;
import dev.slipway.cli.console.CommandFailure;
import dev.slipway.cli.console.Output;
import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A receipt in words: a line for each thing, and what it comes to.
final class ReceiptLines {

  private ReceiptLines() {}

  /// The receipt of what has ended; none when it cannot be had, which changes nothing of what was
  /// done.
  static @Nullable Receipt of(ApiClient client, @Nullable OperationView end)
      throws IOException, InterruptedException {
    try {
      return end == null ? null : new Operations(client).receipt(end.id(), false);
    } catch (CommandFailure unknown) {
      return null;
    }
  }

  /// Puts it beside the rest of an answer.
  static void add(ObjectNode json, @Nullable Receipt receipt) {
    if (receipt != null) {
      receipt.json().forEach(json.putArray("receipt")::add);
    }
  }

  static void print(Output output, Receipt receipt) {
    List<Receipt.Thing> things = receipt.things();
    if (!things.isEmpty()) {
      output.table(
          List.of("THING", "NAME", "IS", "CHECKED"),
          things.stream()
              .map(
                  it ->
                      List.of(
                          it.kind(),
                          it.name(),
                          it.state(),
                          it.proof() == null ? "-" : String.valueOf(it.proof())))
              .toList());
    }
    output.line(sum(receipt));
  }

  private static String sum(Receipt receipt) {
    int gone = receipt.things().size() - receipt.left();
    String sentence =
        receipt.things().isEmpty()
            ? "Nothing was made."
            : "%s gone and checked, %s left."
                .formatted(
                    gone == 1 ? "1 thing" : gone + " things",
                    receipt.left() == 0 ? "none" : receipt.left());
    return receipt.earlier() == 0
        ? sentence
        : sentence + " Earlier operations had removed %d more.".formatted(receipt.earlier());
  }
}
