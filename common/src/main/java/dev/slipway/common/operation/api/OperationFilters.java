package dev.slipway.common.operation.api;

import dev.slipway.common.error.ApiException;
import dev.slipway.common.error.ErrorCode;
import dev.slipway.common.operation.OperationCursor;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.format.DateTimeParseException;
import java.util.Arrays;
import java.util.Locale;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// Reads the filters of a list of operations. What is not understood is refused, saying what is
/// allowed: a filter that is dropped gives an answer to another question.
public final class OperationFilters {

  /// How many operations a page has when nobody says.
  public static final int USUAL = 50;

  /// And at the most.
  public static final int MOST = 200;

  private static final Pattern KIND = Pattern.compile("[a-z][a-z0-9.-]{0,63}");
  private static final int LONGEST_TEXT = 128;

  private OperationFilters() {}

  /// @return from 1 to [#MOST]
  public static int limit(@Nullable String given) {
    if (given == null) {
      return USUAL;
    }
    try {
      int limit = Integer.parseInt(given);
      if (limit >= 1 && limit <= MOST) {
        return limit;
      }
    } catch (NumberFormatException notANumber) {
      // As one that is out of range.
    }
    throw bad("limit", "must be a number from 1 to %d".formatted(MOST));
  }

  static @Nullable String text(String name, @Nullable String given) {
    if (given != null && (given.isEmpty() || given.length() > LONGEST_TEXT || hasControl(given))) {
      throw bad(name, "must be 1 to %d characters".formatted(LONGEST_TEXT));
    }
    return given;
  }

  private static boolean hasControl(String text) {
    return text.chars().anyMatch(Character::isISOControl);
  }

  static @Nullable String kind(@Nullable String given) {
    if (given != null && !KIND.matcher(given).matches()) {
      throw bad("kind", "must be the kind of an operation, such as instance.provision");
    }
    return given;
  }

  static <E extends Enum<E>> @Nullable E word(String name, @Nullable String given, Class<E> of) {
    if (given == null) {
      return null;
    }
    for (E value : of.getEnumConstants()) {
      if (value.name().toLowerCase(Locale.ROOT).equals(given)) {
        return value;
      }
    }
    throw bad(
        name,
        "must be one of "
            + Arrays.stream(of.getEnumConstants())
                .map(value -> value.name().toLowerCase(Locale.ROOT))
                .collect(Collectors.joining(", ")));
  }

  static boolean flag(String name, @Nullable String given) {
    return switch (given) {
      case null -> false;
      case "true" -> true;
      case "false" -> false;
      default -> throw bad(name, "must be true or false");
    };
  }

  static @Nullable Instant time(String name, @Nullable String given) {
    if (given == null) {
      return null;
    }
    try {
      OffsetDateTime time = OffsetDateTime.parse(given);
      // What a database and its reader both can hold.
      if (time.getYear() >= 1 && time.getYear() <= 9999) {
        return time.toInstant();
      }
    } catch (DateTimeParseException notATime) {
      // As one that is out of range.
    }
    throw bad(name, "must be a time such as 2026-03-01T10:00:00Z");
  }

  static @Nullable OperationCursor cursor(@Nullable String given) {
    return given == null
        ? null
        : OperationCursor.decode(given)
            .orElseThrow(() -> bad("cursor", "must be the Next-Cursor of the page before"));
  }

  private static ApiException bad(String name, String problem) {
    return ApiException.of(ErrorCode.INVALID_REQUEST, name + " " + problem)
        .field(name, problem)
        .build();
  }
}
