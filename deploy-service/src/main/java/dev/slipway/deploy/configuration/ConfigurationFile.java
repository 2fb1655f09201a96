package dev.slipway.deploy.configuration;

import dev.slipway.common.operation.DriverFailure;
import dev.slipway.deploy.domain.Language;
import dev.slipway.deploy.domain.Manifest;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// What the platform writes into `dbos-config.yaml`, by the version of the SDK that will read it:
/// old ones refuse keys they do not know, and need others. No password is among it: the file refers
/// to a variable, which every SDK that reads passwords from the file replaces.
public final class ConfigurationFile {

  /// Where every application listens.
  static final int PORT = 3000;
  private static final int ADMIN_PORT = 3001;

  /// What says where a database is; the developer's own values are of another machine.
  private static final Set<String> CONNECTION =
      Set.of(
          "hostname",
          "port",
          "username",
          "password",
          "ssl",
          "ssl_ca",
          "sys_db_name",
          "local_suffix");

  private final Map<String, Object> values;
  private final Manifest manifest;
  private final String application;
  private final DatabaseLocation location;

  private ConfigurationFile(
      Map<String, Object> values,
      Manifest manifest,
      String application,
      DatabaseLocation location) {
    this.values = values;
    this.manifest = manifest;
    this.application = application;
    this.location = location;
  }

  /// The file to put in place of the one that was uploaded. Rewriting its own result changes
  /// nothing.
  ///
  /// @param original empty when there was none
  /// @param manifest with the SDK that is installed
  /// @return empty when the version needs no such file and has none
  /// @throws DriverFailure.Permanent `bad-configuration`
  public static Optional<String> rewrite(
      Optional<String> original, Manifest manifest, String application, DatabaseLocation location)
      throws DriverFailure {
    Optional<SdkVersion> sdk = SdkVersion.of(manifest.sdk());
    if (sdk.isEmpty()) {
      // Nobody but the application itself reads it.
      return original;
    }
    Map<String, Object> values = new LinkedHashMap<>(Configuration.read(original).values());
    var file = new ConfigurationFile(values, manifest, application, location);
    file.write(sdk.get());
    return Optional.of(Yaml.write(file.values));
  }

  private void write(SdkVersion sdk) throws DriverFailure {
    values.remove("database_url");
    values.remove("system_database_url");
    // The platform puts these into the environment, where secrets win over them; the SDK would put
    // them over secrets.
    values.remove("env");
    commands();
    switch (manifest.language()) {
      case NODE -> node(sdk);
      case PYTHON -> python(sdk);
      case OTHER -> throw new IllegalStateException("there is no SDK for other languages");
    }
  }

  private void node(SdkVersion sdk) throws DriverFailure {
    if (sdk.atLeast(1, 19)) {
      values.put("name", application);
    } else {
      values.remove("name");
      values.remove("language");
    }
    if (sdk.before(3, 0)) {
      put("database", located(Language.NODE));
    } else {
      put("database", withoutConnection());
    }
    if (sdk.before(4, 0)) {
      put("runtimeConfig", runtime(sdk));
    } else if (!manifest.healthOnAdmin()) {
      // Out of the cloud, it reads the address from the file alone.
      values.put("system_database_url", "${DBOS_SYSTEM_DATABASE_URL}");
    }
    if (sdk.before(3, 0)) {
      singleEndpoints();
    }
  }

  private void python(SdkVersion sdk) throws DriverFailure {
    values.put("name", application);
    values.put("language", "python");
    if (sdk.before(2, 0)) {
      put("database", located(Language.PYTHON));
      singleEndpoints();
    } else {
      put("database", withoutConnection());
    }
  }

  /// Lists of commands are where every SDK looks for them, as lists.
  private void commands() throws DriverFailure {
    Map<String, Object> database = section("database");
    list(database, "migrate", manifest.migrate());
    list(database, "rollback", manifest.rollback());
    put("database", database);
    values.remove("migrate");
    values.remove("rollback");
    Map<String, Object> runtime = section("runtimeConfig");
    var configuration = new Configuration(values);
    list(runtime, "start", configuration.commands("runtimeConfig", "start"));
    list(runtime, "setup", configuration.commands("runtimeConfig", "setup"));
    put("runtimeConfig", runtime);
  }

  private static void list(Map<String, Object> section, String name, List<String> commands) {
    if (commands.isEmpty()) {
      section.remove(name);
    } else {
      section.put(name, commands);
    }
  }

  private Map<String, Object> withoutConnection() throws DriverFailure {
    Map<String, Object> database = section("database");
    database.keySet().removeAll(CONNECTION);
    return database;
  }

  private Map<String, Object> located(Language language) throws DriverFailure {
    Map<String, Object> database = withoutConnection();
    // Out of its place first, so that a second rewriting finds the same order.
    database.remove("app_db_name");
    database.put("hostname", location.host());
    database.put("port", location.port());
    database.put("username", location.role());
    database.put("password", "${" + ApplicationEnvironment.PASSWORD + "}");
    database.put("app_db_name", location.database());
    database.put("sys_db_name", location.systemDatabase());
    // Unset, a server on this machine is taken for one without TLS.
    if (location.linked() || language == Language.PYTHON) {
      database.put("ssl", true);
    }
    if (!location.linked()) {
      database.put("ssl_ca", ApplicationEnvironment.AUTHORITY);
    }
    return database;
  }

  private Map<String, Object> runtime(SdkVersion sdk) throws DriverFailure {
    Map<String, Object> runtime = section("runtimeConfig");
    runtime.put("port", PORT);
    if (sdk.atLeast(1, 25)) {
      runtime.put("admin_port", ADMIN_PORT);
    } else {
      // It is the next port then, which is the same one.
      runtime.remove("admin_port");
    }
    if (sdk.before(1, 29)) {
      runtime.remove("start");
      runtime.remove("setup");
    }
    return runtime;
  }

  private void singleEndpoints() throws DriverFailure {
    Map<String, Object> telemetry = section("telemetry");
    if (telemetry.get("OTLPExporter") instanceof Map<?, ?> exporter) {
      Map<String, Object> single = new LinkedHashMap<>();
      exporter.forEach(
          (name, endpoint) -> {
            if (!(endpoint instanceof List<?> list)) {
              single.put(String.valueOf(name), endpoint);
            } else if (!list.isEmpty()) {
              single.put(String.valueOf(name), list.getFirst());
            }
          });
      telemetry.put("OTLPExporter", single);
      put("telemetry", telemetry);
    }
  }

  private Map<String, Object> section(String name) throws DriverFailure {
    return new LinkedHashMap<>(new Configuration(values).section(name));
  }

  private void put(String name, Map<String, Object> section) {
    if (section.isEmpty()) {
      values.remove(name);
    } else {
      values.put(name, section);
    }
  }
}
