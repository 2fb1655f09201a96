package dev.slipway.docker;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.HexFormat;
import java.util.Map;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// How the things of one installation are called on an engine, and what labels they carry.
///
/// ```text
/// slipway-3fa94c1b-ins_…                  volume: the instance's data
/// slipway-3fa94c1b-ins_….7                container: its server, as the acts of epoch 7 call it
/// slipway-3fa94c1b-ins_….trash.WHEN       the same in the trash, with the volume
/// slipway-3fa94c1b-app_…                  volume: what the application's commands keep at home
/// slipway-3fa94c1b-app_…-VERSION.7        container: the folder of a version
/// slipway-3fa94c1b-exe_….7                container: an executor
/// slipway-3fa94c1b-org_…                  network of an organization
/// slipway-3fa94c1b/app_…:VERSION          image: what a version's executors run from
/// slipway-3fa94c1b/app_…:tree-DIGEST      image: packages for whichever version has that lock file
/// slipway-3fa94c1b/app_…:built-VERSION    image: what a version's own Dockerfile makes
/// slipway-3fa94c1b/app_…:stage-VERSION-0  image: a stage of that, for later versions to begin from
/// ```
/// The number is the installation's, so that two of them can share an engine.
public final class Names {

  public static final String INSTALLATION = "dev.slipway.installation";
  public static final String ORGANIZATION = "dev.slipway.organization";
  public static final String INSTANCE = "dev.slipway.instance";
  public static final String APPLICATION = "dev.slipway.application";

  /// Of an application.
  public static final String VERSION = "dev.slipway.version";

  /// The epoch of the act that made it; that of the last act is in a container's name.
  public static final String EPOCH = "dev.slipway.epoch";

  /// What of the configuration a container was made with.
  public static final String RECIPE = "dev.slipway.recipe";

  /// Which networks one of the installation's own services is to be in; `organizations` is all of
  /// those.
  public static final String JOINS = "dev.slipway.joins";

  private static final int SHORT = 8;
  private static final String TRASH = ".trash.";
  private static final Pattern EPOCHS = Pattern.compile("\\.([1-9][0-9]{0,17})$");
  private static final DateTimeFormatter WHEN =
      DateTimeFormatter.ofPattern("yyyyMMdd'T'HHmmss'Z'").withZone(ZoneOffset.UTC);

  private final String installation;
  private final String prefix;

  public Names(String installation) {
    this.installation = installation;
    this.prefix = "slipway-" + fingerprint(installation).substring(0, SHORT) + '-';
  }

  public String volume(String thing) {
    return prefix + thing;
  }

  public String container(String thing, long epoch) {
    return volume(thing) + '.' + epoch;
  }

  public String trash(String thing, Instant now) {
    return volume(thing) + TRASH + WHEN.format(now);
  }

  /// @param tag without the colon
  public String image(String thing, String tag) {
    return prefix.substring(0, prefix.length() - 1) + '/' + thing + ':' + tag;
  }

  public String network(String organization) {
    return prefix + organization;
  }

  /// Under which name a thing is found inside its organization's network. It is a host name, which
  /// an identifier with its underscore is not.
  public static String host(String thing) {
    return thing.replace('_', '-');
  }

  public static boolean inTrash(String container) {
    return container.contains(TRASH);
  }

  /// The epoch in a container's name; empty when somebody gave it another one.
  public static OptionalLong epoch(String container) {
    Matcher matcher = EPOCHS.matcher(container);
    return matcher.find()
        ? OptionalLong.of(Long.parseLong(matcher.group(1)))
        : OptionalLong.empty();
  }

  /// @param kind [#INSTANCE] or [#APPLICATION]
  public Map<String, String> labels(String organization, String kind, String subject, long epoch) {
    return Map.of(
        INSTALLATION, installation,
        ORGANIZATION, organization,
        kind, subject,
        EPOCH, Long.toString(epoch));
  }

  public Map<String, String> networkLabels(String organization) {
    return Map.of(INSTALLATION, installation, ORGANIZATION, organization);
  }

  public Map<String, String> everything() {
    return Map.of(INSTALLATION, installation);
  }

  /// @param kind [#INSTANCE] or [#APPLICATION]
  public Map<String, String> of(String kind, String subject) {
    return Map.of(INSTALLATION, installation, kind, subject);
  }

  /// Of services that are containers themselves, whatever installation's.
  static Map<String, String> joining() {
    return Map.of(JOINS, "organizations");
  }

  public boolean owns(Map<String, String> labels) {
    return installation.equals(labels.get(INSTALLATION));
  }

  /// Of a text, in hexadecimal digits.
  public static String fingerprint(String text) {
    try {
      return HexFormat.of()
          .formatHex(
              MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8)));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java runtime has SHA-256", e);
    }
  }
}
