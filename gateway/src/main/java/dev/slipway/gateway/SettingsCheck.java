package dev.slipway.gateway;

import io.quarkus.runtime.configuration.ConfigurationException;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;

/// Refuses to start with settings that cannot work, and names the key of each that is wrong.
final class SettingsCheck {

  private static final int LARGEST_BODY = 64 * 1024 * 1024;
  private static final long LARGEST_ARCHIVE = 16L * 1024 * 1024 * 1024;
  private static final Pattern NAME =
      Pattern.compile("(\\*\\.)?[A-Za-z0-9_]([A-Za-z0-9._-]*[A-Za-z0-9])?|[0-9a-fA-F:.]+");

  private final TreeMap<String, String> wrong = new TreeMap<>();

  private SettingsCheck() {}

  static void check(GatewaySettings settings) {
    var check = new SettingsCheck();
    check.that(!settings.hosts().isEmpty(), "hosts", "must name an address to listen on");
    check.between("port", settings.port(), 0, 65535);
    check.address("account-url", settings.accountUrl(), Set.of("http"));
    check.address("instance-url", settings.instanceUrl(), Set.of("http"));
    check.address("deploy-url", settings.deployUrl(), Set.of("http"));
    check.address("public-url", settings.publicUrl(), Set.of("https"));
    for (String name : settings.names().orElse(List.of())) {
      check.that(
          NAME.matcher(name.strip()).matches(), "names", "has '" + name + "', which is no name");
    }
    check.between("body-limit", settings.bodyLimit().asLongValue(), 1, LARGEST_BODY);
    check.between(
        "held-bodies",
        settings.heldBodies().asLongValue(),
        // A body of any size has to fit into what is not for small ones alone.
        settings.bodyLimit().asLongValue() * 4 / 3,
        Integer.MAX_VALUE);
    check.that(
        settings.bodyDiscard().asLongValue() >= settings.bodyLimit().asLongValue(),
        "body-discard",
        "must not be smaller than slipway.gateway.body-limit");
    check.between(
        "archive-limit",
        settings.archiveLimit().asLongValue(),
        settings.bodyLimit().asLongValue(),
        LARGEST_ARCHIVE);
    check.positive("body-patience", settings.bodyPatience());
    check.positive("archive-patience", settings.archivePatience());
    check.positive("answer-patience", settings.answerPatience());
    check.positive("authorize-patience", settings.authorizePatience());
    check.that(!settings.retryFor().isNegative(), "retry-for", "must not be negative");
    check.between("connections", settings.connections(), 1, 1_000_000);
    check.between("connections-per-address", settings.connectionsPerAddress(), 1, 1_000_000);
    check.positive("connection-patience", settings.connectionPatience());
    check.between("call-connections", settings.callConnections(), 1, 10_000);
    check.between("wait-connections", settings.waitConnections(), 1, 100_000);
    check.between("waits-per-organization", settings.waitsPerOrganization(), 1, 100_000);
    check.between("stream-connections", settings.streamConnections(), 1, 100_000);
    check.between("streams-per-organization", settings.streamsPerOrganization(), 1, 100_000);
    check.positive("reader-patience", settings.readerPatience());
    check.positive("application-patience", settings.applicationPatience());
    check.positive("drain-patience", settings.drainPatience());
    check.between("application-connections", settings.applicationConnections(), 1, 100_000);
    check.between("archive-connections", settings.archiveConnections(), 1, 1_000);
    check.between("archives-per-organization", settings.archivesPerOrganization(), 1, 1_000);
    check.between("authorize-connections", settings.authorizeConnections(), 1, 10_000);
    check.between("sign-in-burst", settings.signInBurst(), 1, 1_000_000);
    check.positive("sign-in-every", settings.signInEvery());
    if (!check.wrong.isEmpty()) {
      throw new ConfigurationException(
          "cannot start with these settings: " + check.said(), check.wrong.keySet());
    }
  }

  private String said() {
    var said = new StringBuilder();
    wrong.forEach((key, why) -> said.append(said.isEmpty() ? "" : "; ").append(key + ' ' + why));
    return said.toString();
  }

  private void that(boolean holds, String key, String why) {
    if (!holds) {
      wrong.put("slipway.gateway." + key, why);
    }
  }

  private void between(String key, long value, long least, long most) {
    that(
        value >= least && value <= most,
        key,
        "is %d, but must be from %d to %d".formatted(value, least, most));
  }

  private void positive(String key, Duration value) {
    that(
        value.toMillis() > 0 && value.compareTo(Duration.ofDays(1)) <= 0,
        key,
        "must be more than nothing and at most a day");
  }

  private void address(String key, URI value, Set<String> schemes) {
    String scheme = value.getScheme() == null ? "" : value.getScheme().toLowerCase(Locale.ROOT);
    that(
        schemes.contains(scheme) && value.getHost() != null,
        key,
        "is '%s', but must look like %s://host:port"
            .formatted(value, String.join(" or ", schemes)));
  }
}
