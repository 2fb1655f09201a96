package dev.slipway.docker;

import com.github.dockerjava.api.exception.DockerException;
import com.github.dockerjava.api.exception.NotFoundException;
import dev.slipway.common.operation.DriverFailure;
import java.util.Locale;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// What an engine's refusals mean for a step, with what a person can do about them.
///
/// Engines tell the kinds of failure apart in words only, so words are what is looked for; what is
/// not known is tried again until the deadline.
public final class Refusals {

  private static final Pattern SAID =
      Pattern.compile("\"message\"\\s*:\\s*\"((?:[^\"\\\\]|\\\\.)*)\"");
  private static final int LONGEST = 300;

  private Refusals() {}

  public static DriverFailure failure(String what, String address, Throwable cause) {
    String text = said(cause);
    String lower = text.toLowerCase(Locale.ROOT);
    if (lower.contains("no space left") || lower.contains("disk quota exceeded")) {
      return new DriverFailure.Permanent(
          "disk-full", "no space is left on the disk of the Docker engine", cause);
    }
    if (lower.contains("port is already allocated")
        || lower.contains("address already in use")
        || lower.contains("ports are not available")) {
      return new DriverFailure.Permanent(
          "port-taken", "another program listens on the port", cause);
    }
    if (lower.contains("non-overlapping ipv4 address pool")
        || lower.contains("predefined address pools")) {
      return new DriverFailure.Permanent(
          "networks-used-up",
          "the Docker engine has no addresses left for a network of this organization; widen"
              + " default-address-pools in its daemon.json",
          cause);
    }
    if (imageMissing(cause)) {
      return new DriverFailure.Permanent(
          "image-missing", "the image is not on the Docker engine", cause);
    }
    if (denied(cause)) {
      return new DriverFailure.Permanent(
          "engine-refused",
          "the platform may not use the Docker engine at %s: let its user into the group of the socket, or set slipway.docker.host"
              .formatted(address),
          cause);
    }
    if (cause instanceof DockerException) {
      return new DriverFailure.Transient(
          "engine-failed", "the Docker engine could not %s: %s".formatted(what, text), cause);
    }
    return new DriverFailure.Transient(
        "engine-unreachable",
        "the Docker engine at %s does not answer; `docker info` tells whether it runs"
            .formatted(address),
        cause);
  }

  /// What has a name of this installation's and is not its own.
  public static DriverFailure foreign(String kind, String name) {
    return new DriverFailure.Permanent(
        "foreign",
        "a %s called %s is on the Docker engine and is not this installation's: rename or remove it"
            .formatted(kind, name));
  }

  public static boolean imageMissing(Throwable cause) {
    String text = said(cause).toLowerCase(Locale.ROOT);
    return cause instanceof NotFoundException
        && (text.contains("no such image") || text.contains("image not known"));
  }

  /// A start whose network was removed meanwhile, or is about to be because there are two.
  public static boolean networkMissing(DockerException failure) {
    String text = said(failure).toLowerCase(Locale.ROOT);
    return text.contains("network")
        && (text.contains("not found") || text.contains("is ambiguous"));
  }

  public static boolean networkInUse(DockerException failure) {
    return said(failure).toLowerCase(Locale.ROOT).contains("active endpoints");
  }

  static boolean connectedAlready(DockerException failure) {
    return said(failure).toLowerCase(Locale.ROOT).contains("already exists in network");
  }

  private static boolean denied(Throwable cause) {
    for (@Nullable Throwable at = cause; at != null; at = at.getCause()) {
      String text = Objects.requireNonNullElse(at.getMessage(), "").toLowerCase(Locale.ROOT);
      if (!(at instanceof DockerException) && text.contains("permission denied")) {
        return true;
      }
    }
    // A proxy before the socket that does not let this request through.
    return cause instanceof DockerException refused && refused.getHttpStatus() == 403;
  }

  /// The engine's own words, on one line.
  public static String said(Throwable cause) {
    String text = Objects.requireNonNullElse(cause.getMessage(), cause.getClass().getSimpleName());
    Matcher message = SAID.matcher(text);
    String words = (message.find() ? message.group(1) : text).replace("\\\"", "\"");
    String line = words.replaceAll("\\s+", " ").strip();
    return line.length() > LONGEST ? line.substring(0, LONGEST) + "…" : line;
  }
}
