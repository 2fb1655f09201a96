package dev.slipway.cli.console;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// What a command says: results on standard output, everything else on standard error.
///
/// Much of it is the text of others, so nothing in it acts on a terminal.
public final class Output {

  private static final String ERASE_LINE = "\r\033[K";

  private final Surroundings surroundings;
  private boolean live;

  public Output(Surroundings surroundings) {
    this.surroundings = surroundings;
  }

  /// A line of the result.
  public void line(String text) {
    clearLive();
    surroundings.out().println(shown(text, Surroundings.Stream.OUTPUT));
    surroundings.out().flush();
  }

  /// A line beside the result.
  public void note(String text) {
    clearLive();
    surroundings.err().println(shown(text, Surroundings.Stream.ERROR));
    surroundings.err().flush();
  }

  public void json(JsonNode value) {
    line(Json.pretty(value));
  }

  /// One line that the next one replaces; shown on a terminal only.
  public void live(String text) {
    if (canBeLive()) {
      surroundings.err().print(ERASE_LINE + Words.plain(text));
      surroundings.err().flush();
      live = true;
    }
  }

  public boolean canBeLive() {
    return surroundings.terminal(Surroundings.Stream.ERROR);
  }

  /// Columns as wide as their widest cell, two blanks apart; an empty table shows its headings.
  public void table(List<String> headings, List<List<String>> given) {
    List<List<String>> rows =
        given.stream()
            .map(row -> row.stream().map(it -> shown(it, Surroundings.Stream.OUTPUT)).toList())
            .toList();
    int[] widths = new int[headings.size()];
    for (int column = 0; column < widths.length; column++) {
      int wide = headings.get(column).length();
      for (List<String> row : rows) {
        wide = Math.max(wide, row.get(column).length());
      }
      widths[column] = wide;
    }
    line(aligned(headings, widths));
    rows.forEach(row -> line(aligned(row, widths)));
  }

  /// The failure in words on standard error, or as JSON on standard output.
  public void failure(CommandFailure failure, boolean json) {
    if (json) {
      json(asJson(failure));
      return;
    }
    note("slipway: " + failure.message());
    failure
        .fields()
        .forEach(
            (field, wrong) -> {
              // A refusal of the platform repeats in its message what it says field by field.
              if (!failure.message().contains(wrong)) {
                note("  " + field + " " + wrong);
              }
            });
    @Nullable String details = failure.details();
    if (details != null && !details.isBlank()) {
      details.lines().forEach(line -> note("  | " + line));
    }
    if (failure.next() != null) {
      note("  " + failure.next());
    }
    if (failure.requestId() != null) {
      note("  (%s, request %s)".formatted(failure.code(), failure.requestId()));
    }
  }

  private String shown(String text, Surroundings.Stream stream) {
    return surroundings.terminal(stream) ? Words.harmless(text) : text;
  }

  private static ObjectNode asJson(CommandFailure failure) {
    ObjectNode error = Json.object();
    error.put("message", failure.message());
    error.put("code", failure.code());
    if (failure.status() != 0) {
      error.put("statusCode", failure.status());
    }
    if (failure.requestId() != null) {
      error.put("requestID", failure.requestId());
    }
    if (failure.operationId() != null) {
      error.put("operationId", failure.operationId());
    }
    if (!failure.fields().isEmpty()) {
      ObjectNode fields = error.putObject("fields");
      failure.fields().forEach(fields::put);
    }
    if (failure.details() != null) {
      error.put("DetailedError", failure.details());
    }
    if (failure.password() != null) {
      error.put("Password", failure.password());
    }
    if (failure.next() != null) {
      error.put("next", failure.next());
    }
    return error;
  }

  private void clearLive() {
    if (live) {
      surroundings.err().print(ERASE_LINE);
      surroundings.err().flush();
      live = false;
    }
  }

  private static String aligned(List<String> cells, int[] widths) {
    StringBuilder line = new StringBuilder();
    for (int column = 0; column < widths.length; column++) {
      line.append(cells.get(column));
      line.append(" ".repeat(widths[column] - cells.get(column).length() + 2));
    }
    return line.toString().lines().map(String::stripTrailing).collect(Collectors.joining());
  }
}
