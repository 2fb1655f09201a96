package dev.slipway.cli.command;

import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/// A moment as people say it: `30m`, `12h`, `2d` ago, or a time in RFC 3339.
final class MomentConverter implements ITypeConverter<Instant> {

  private static final Pattern AGO = Pattern.compile("([0-9]{1,6})([smhd])");

  @Override
  public Instant convert(String said) {
    Matcher ago = AGO.matcher(said);
    if (ago.matches()) {
      long number = Long.parseLong(ago.group(1));
      Duration past =
          switch (ago.group(2)) {
            case "s" -> Duration.ofSeconds(number);
            case "m" -> Duration.ofMinutes(number);
            case "h" -> Duration.ofHours(number);
            default -> Duration.ofDays(number);
          };
      Instant then = Instant.now().minus(past);
      return then.isBefore(Instant.EPOCH) ? Instant.EPOCH : then;
    }
    try {
      return OffsetDateTime.parse(said).toInstant();
    } catch (DateTimeException notATime) {
      throw new TypeConversionException(
          "'%s' is neither a time before now (30m, 12h, 2d) nor one such as 2026-03-01T10:00:00Z"
              .formatted(said));
    }
  }
}
