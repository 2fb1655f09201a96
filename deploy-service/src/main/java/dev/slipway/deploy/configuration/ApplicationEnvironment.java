package dev.slipway.deploy.configuration;

import dev.slipway.deploy.domain.Language;
import dev.slipway.deploy.domain.Manifest;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/// The environment variables of an application. What the platform must decide wins over the user's
/// secrets, those over `env:` of the configuration, that over the platform's suggestions (`PG*`).
///
/// @param application `app_…`
/// @param version     the identifier
/// @param url         public address, with scheme
/// @param secrets     of the user, decrypted
/// @param authority   the file with the certificate of the platform's authority
/// @param trust       the file with all that Node.js is to trust beside what it brings: this one
///     authority, and those of the machine
/// @param machine     how this machine reaches the registries of packages
public record ApplicationEnvironment(
    String application,
    String version,
    String url,
    Manifest manifest,
    DatabaseLocation location,
    Map<String, String> secrets,
    String authority,
    String trust,
    Registries machine) {

  /// Where a runtime puts the certificate of the platform's authority, below a version's folder:
  /// for a configuration file, which is read in that folder and may be moved with it.
  public static final String AUTHORITY = ".slipway/ca.pem";

  /// The variable that [ConfigurationFile] refers to. A runtime keeps names that begin with
  /// `SLIPWAY_` for itself and passes none of them on.
  static final String PASSWORD = "DBOS__DATABASE_PASSWORD";

  public ApplicationEnvironment {
    secrets = Map.copyOf(secrets);
  }

  /// Of installs, builds, migrations.
  public Map<String, String> ofCommands() {
    Map<String, String> environment = common();
    // Programs read these names in any case, and prefer the one that the application did not use.
    Set<String> own = new TreeSet<>(String.CASE_INSENSITIVE_ORDER);
    own.addAll(environment.keySet());
    machine
        .variables()
        .forEach(
            (name, value) -> {
              if (!own.contains(name)) {
                environment.put(name, value);
              }
            });
    // npm 12 runs no install scripts otherwise, and says so to nobody.
    environment.putIfAbsent("npm_config_dangerously_allow_all_scripts", "true");
    environment.putIfAbsent("npm_config_update_notifier", "false");
    environment.putIfAbsent("COREPACK_ENABLE_DOWNLOAD_PROMPT", "0");
    return environment;
  }

  /// Of one executor.
  public Map<String, String> ofExecutor(String executor) {
    Map<String, String> environment = common();
    environment.put("DBOS__VMID", executor);
    return environment;
  }

  /// What must never be seen in an output: the values of the secrets, the password of the role.
  public Set<String> masked() {
    Set<String> masked = new HashSet<>(secrets.values());
    masked.add(location.password());
    masked.addAll(machine.secrets());
    masked.removeIf(String::isBlank);
    return masked;
  }

  private Map<String, String> common() {
    Map<String, String> environment = new TreeMap<>(suggested());
    environment.putAll(manifest.environment());
    environment.putAll(secrets);
    // They were refused when they were set; a rule that came later holds for older ones as well.
    environment.keySet().removeIf(name -> SecretNames.problem(name).isPresent());
    environment.putAll(decided());
    return environment;
  }

  private Map<String, String> suggested() {
    Map<String, String> suggested = new TreeMap<>();
    suggested.put("PORT", Integer.toString(ConfigurationFile.PORT));
    suggested.put("PGHOST", location.host());
    suggested.put("PGPORT", Integer.toString(location.port()));
    suggested.put("PGUSER", location.role());
    suggested.put("PGPASSWORD", location.password());
    suggested.put("PGDATABASE", location.database());
    suggested.put("PGCONNECT_TIMEOUT", "10");
    suggested.put("PGSSLMODE", mode());
    if (!location.linked()) {
      suggested.put("PGSSLROOTCERT", authority);
    }
    return suggested;
  }

  private Map<String, String> decided() {
    Map<String, String> decided = new TreeMap<>();
    decided.put("DBOS__APPID", application);
    decided.put("DBOS__APPVERSION", version);
    // The platform keeps what is written; the SDK would send it a second time.
    decided.put("DBOS__CAPTURE_STD", "false");
    decided.put("DBOS_APP_HOSTNAME", url);
    decided.put("DBOS_DATABASE_URL", url(location.database()));
    decided.put("DBOS_SYSTEM_DATABASE_URL", url(location.systemDatabase()));
    decided.put(PASSWORD, location.password());
    if (inCloud()) {
      decided.put("DBOS__CLOUD", "true");
    }
    if (readsParts()) {
      decided.put("DBOS_DBHOST", location.host());
      decided.put("DBOS_DBPORT", Integer.toString(location.port()));
      decided.put("DBOS_DBUSER", location.role());
      decided.put("DBOS_DBPASSWORD", location.password());
    }
    // Also where the database is somebody else's: registries and what the application calls are
    // reached as from this machine.
    decided.put("NODE_EXTRA_CA_CERTS", trust);
    return decided;
  }

  /// From version 4 on, the SDK takes its telemetry for installed when it is in the cloud, and does
  /// not start without it.
  private boolean inCloud() {
    Optional<SdkVersion> sdk = SdkVersion.of(manifest.sdk());
    boolean needsTelemetry =
        manifest.language() == Language.NODE && sdk.isPresent() && sdk.get().atLeast(4, 0);
    return !needsTelemetry || manifest.healthOnAdmin();
  }

  /// These override the file from 2.4 to 2.10.
  private boolean readsParts() {
    Optional<SdkVersion> sdk = SdkVersion.of(manifest.sdk());
    return manifest.language() == Language.NODE
        && sdk.isPresent()
        && sdk.get().atLeast(2, 4)
        && sdk.get().before(3, 0);
  }

  private String url(String database) {
    String host = location.host().contains(":") ? '[' + location.host() + ']' : location.host();
    String trust = location.linked() ? "" : "&sslrootcert=" + encoded(authority);
    return "postgresql://%s:%s@%s:%d/%s?sslmode=%s%s"
        .formatted(
            location.role(), location.password(), host, location.port(), database, mode(), trust);
  }

  /// A plus is no space to every client.
  private static String encoded(String path) {
    return URLEncoder.encode(path, StandardCharsets.UTF_8).replace("+", "%20").replace("%2F", "/");
  }

  /// Of a linked server only its owner knows the authority. What means encrypted without proof
  /// has one name for Node.js, and another for libpq.
  private String mode() {
    if (!location.linked()) {
      return "verify-full";
    }
    return manifest.language() == Language.NODE ? "no-verify" : "require";
  }

  /// Says nothing of the secrets.
  @Override
  public String toString() {
    return "ApplicationEnvironment[" + application + ' ' + version + ']';
  }
}
