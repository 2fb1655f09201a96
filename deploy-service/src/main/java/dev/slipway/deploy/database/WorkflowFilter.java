package dev.slipway.deploy.database;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Which workflows to list. What is absent does not restrict.
///
/// @param ids         these alone
/// @param from        begun at this time or later
/// @param to          begun at this time or earlier
/// @param statuses    any of these
/// @param limit       at most so many
/// @param newestFirst the oldest come first otherwise
public record WorkflowFilter(
    List<String> ids,
    @Nullable String user,
    @Nullable Instant from,
    @Nullable Instant to,
    List<String> statuses,
    @Nullable String version,
    @Nullable String name,
    @Nullable String queue,
    @Nullable Integer limit,
    @Nullable Integer offset,
    boolean newestFirst) {

  private static final int MOST_VALUES = 1000;
  private static final int LONGEST = 1000;

  public WorkflowFilter {
    ids = List.copyOf(ids);
    statuses = List.copyOf(statuses);
  }

  /// Reads the body of a list's request; null is the same as absent. Statuses may be in their old
  /// or new spelling.
  ///
  /// @throws IllegalArgumentException with a public message when a field has the wrong type or
  ///     value
  public static WorkflowFilter parse(JsonNode body) {
    if (!body.isObject()) {
      throw new IllegalArgumentException("the body must be a JSON object");
    }
    List<String> ids = new ArrayList<>(texts(body, "workflow_uuids"));
    ids.addAll(texts(body, "workflow_ids"));
    List<String> statuses = new ArrayList<>();
    for (String status : texts(body, "status")) {
      statuses.add(status);
      switch (status) {
        case "RETRIES_EXCEEDED" -> statuses.add("MAX_RECOVERY_ATTEMPTS_EXCEEDED");
        case "MAX_RECOVERY_ATTEMPTS_EXCEEDED" -> statuses.add("RETRIES_EXCEEDED");
        default -> {
          // The others have one spelling, and one that no SDK knows matches nothing.
        }
      }
    }
    return new WorkflowFilter(
        ids,
        text(body, "authenticated_user"),
        time(body, "start_time"),
        time(body, "end_time"),
        statuses,
        text(body, "application_version"),
        text(body, "workflow_name"),
        text(body, "queue_name"),
        number(body, "limit"),
        number(body, "offset"),
        truth(body, "sort_desc"));
  }

  private static @Nullable String text(JsonNode body, String name) {
    JsonNode value = body.path(name);
    if (value.isMissingNode() || value.isNull()) {
      return null;
    }
    return textOf(value, name);
  }

  private static String textOf(JsonNode value, String name) {
    String text = value.asText();
    if (!value.isTextual() || text.length() > LONGEST || text.indexOf('\0') >= 0) {
      throw new IllegalArgumentException(
          name + " must be text of at most %d characters".formatted(LONGEST));
    }
    return text;
  }

  /// One, or several in a list.
  private static List<String> texts(JsonNode body, String name) {
    JsonNode value = body.path(name);
    if (!value.isArray()) {
      String one = text(body, name);
      return one == null ? List.of() : List.of(one);
    }
    if (value.size() > MOST_VALUES) {
      throw new IllegalArgumentException(name + " has too many values");
    }
    List<String> texts = new ArrayList<>();
    value.forEach(element -> texts.add(textOf(element, name)));
    return texts;
  }

  private static @Nullable Integer number(JsonNode body, String name) {
    JsonNode value = body.path(name);
    if (value.isMissingNode() || value.isNull()) {
      return null;
    }
    if (!value.canConvertToExactIntegral() || !value.canConvertToInt() || value.asInt() < 0) {
      throw new IllegalArgumentException(name + " must be a whole number, not below 0");
    }
    return value.asInt();
  }

  private static boolean truth(JsonNode body, String name) {
    JsonNode value = body.path(name);
    if (!value.isMissingNode() && !value.isNull() && !value.isBoolean()) {
      throw new IllegalArgumentException(name + " must be true or false");
    }
    return value.asBoolean();
  }

  private static @Nullable Instant time(JsonNode body, String name) {
    String text = text(body, name);
    if (text == null) {
      return null;
    }
    try {
      if (text.length() == "2026-01-31".length()) {
        return LocalDate.parse(text).atStartOfDay().toInstant(ZoneOffset.UTC);
      }
      String iso = text.replace(' ', 'T');
      return iso.matches(".*(?:[Zz]|[+-]\\d\\d:\\d\\d)")
          ? OffsetDateTime.parse(iso).toInstant()
          : LocalDateTime.parse(iso).toInstant(ZoneOffset.UTC);
    } catch (DateTimeException noTime) {
      throw new IllegalArgumentException(
          name + " must be a time such as 2026-01-31T12:00:00Z", noTime);
    }
  }
}
