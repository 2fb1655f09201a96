package dev.slipway.deploy.configuration;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipway.common.operation.DriverFailure;
import dev.slipway.deploy.domain.Manifest;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Each row of the table in the wire contract's section on what must be written.
final class ConfigurationFileTest {

  private static final DatabaseLocation LOCATION =
      new DatabaseLocation("localhost", 5433, "shop", "s3cret", "shop", "shop_dbos_sys", false);

  private static final String UPLOADED =
      """
      name: other
      language: node
      version: '0800'
      database_url:
      mine: {kept: 1}
      database:
        hostname: dev.example
        port: 5432
        password:
        local_suffix: true
        ssl: false
        app_db_client: knex
        migrate: npx knex migrate:latest
      runtimeConfig:
        port: 8082
        admin_port: 9
        start: [node dist/main.js]
        setup: ./build.sh
      telemetry:
        OTLPExporter: {logsEndpoint: ['http://a', 'http://b'], tracesEndpoint: 'http://c'}
      env: {KEY: value}
      """;

  @ParameterizedTest
  @CsvSource({
    // version, name, admin_port, start, located, endpoints are single, port
    "1.0.0,   false, false, false, true,  true,  true",
    "1.18.0,  false, false, false, true,  true,  true",
    "1.19.0,  true,  false, false, true,  true,  true",
    "1.25.0,  true,  true,  false, true,  true,  true",
    "1.28.0,  true,  true,  false, true,  true,  true",
    "1.29.0,  true,  true,  true,  true,  true,  true",
    "2.1.0,   true,  true,  true,  true,  true,  true",
    "2.6.19,  true,  true,  true,  true,  true,  true",
    "2.10.24, true,  true,  true,  true,  true,  true",
    "3.6.0,   true,  true,  true,  false, false, true",
    "4.27.6,  true,  true,  true,  false, false, false"
  })
  void eachVersionGetsWhatItNeedsAndNothingItRefuses(
      String sdk,
      boolean name,
      boolean adminPort,
      boolean start,
      boolean located,
      boolean single,
      boolean port)
      throws Exception {
    Map<String, Object> written = Yaml.read(rewrite(UPLOADED, sdk));

    assertThat(written.get("name")).isEqualTo(name ? "shop" : null);
    assertThat(written.containsKey("language")).isEqualTo(name);
    assertThat(written).doesNotContainKeys("database_url", "env", "migrate");
    assertThat(written).containsEntry("version", "0800").containsEntry("mine", Map.of("kept", 1));
    Map<?, ?> runtime = section(written, "runtimeConfig");
    assertThat(runtime.containsKey("admin_port")).isEqualTo(adminPort);
    assertThat(runtime.get("start")).isEqualTo(start ? List.of("node dist/main.js") : null);
    assertThat(runtime.get("setup")).isEqualTo(start ? List.of("./build.sh") : null);
    assertThat(runtime.get("port")).isEqualTo(port ? 3000 : 8082);
    Map<?, ?> database = section(written, "database");
    assertThat(database.get("migrate")).isEqualTo(List.of("npx knex migrate:latest"));
    assertThat(database.get("app_db_client")).isEqualTo("knex");
    assertThat(database.containsKey("local_suffix")).isFalse();
    assertThat(database.containsKey("ssl")).isFalse();
    assertThat(database.get("hostname")).isEqualTo(located ? "localhost" : null);
    assertThat(database.get("port")).isEqualTo(located ? 5433 : null);
    assertThat(database.get("username")).isEqualTo(located ? "shop" : null);
    assertThat(database.get("password")).isEqualTo(located ? "${DBOS__DATABASE_PASSWORD}" : null);
    assertThat(database.get("app_db_name")).isEqualTo(located ? "shop" : null);
    assertThat(database.get("sys_db_name")).isEqualTo(located ? "shop_dbos_sys" : null);
    assertThat(database.get("ssl_ca")).isEqualTo(located ? ".slipway/ca.pem" : null);
    Map<?, ?> exporter = section(section(written, "telemetry"), "OTLPExporter");
    assertThat(exporter.get("logsEndpoint"))
        .isEqualTo(single ? "http://a" : List.of("http://a", "http://b"));
  }

  @Test
  void withoutTelemetryVersion4FindsItsDatabaseThroughTheFile() throws Exception {
    assertThat(rewrite(UPLOADED, "4.27.6"))
        .contains("system_database_url: \"${DBOS_SYSTEM_DATABASE_URL}\"");
    assertThat(rewrite(UPLOADED, "3.6.0")).doesNotContain("system_database_url");
  }

  @Test
  void aLinkedServersCertificateIsNotVerifiedByThePlatformsAuthority() throws Exception {
    var linked =
        new DatabaseLocation("db.example", 5432, "shop", "s", "shop", "shop_dbos_sys", true);
    String written =
        ConfigurationFile.rewrite(
                Optional.of(UPLOADED), manifest(UPLOADED, "2.10.24"), "shop", linked)
            .orElseThrow();

    assertThat(written).contains("\"ssl\": true").doesNotContain("ssl_ca");
  }

  @ParameterizedTest
  @ValueSource(strings = {"1.0.0", "1.30.13", "2.6.19", "2.10.24", "3.6.0", "4.27.6"})
  void rewritingAgainChangesNothingAndNoPasswordIsWritten(String sdk) throws Exception {
    String once = rewrite(UPLOADED, sdk);

    assertThat(rewrite(once, sdk)).isEqualTo(once);
    assertThat(once).doesNotContain("s3cret").doesNotContain("null");
  }

  @Test
  void whatLooksLikeSomethingElseStaysText() throws Exception {
    String written = rewrite(START + "application: {a: 'no', b: '012', c: '1e3', d: 7}\n", "2.0.2");

    assertThat(written).contains("\"no\"", "\"012\"", "\"1e3\"", ": 7");
  }

  @Test
  void withoutTheSdkTheFileIsTheApplicationsOwn() throws Exception {
    Manifest manifest =
        ManifestReader.read(
            new FilesOf().with("package.json", "{\"scripts\":{\"start\":\"x\"}}"), "shop", false);

    assertThat(ConfigurationFile.rewrite(Optional.of("a: 1 # mine"), manifest, "shop", LOCATION))
        .contains("a: 1 # mine");
    assertThat(ConfigurationFile.rewrite(Optional.empty(), manifest, "shop", LOCATION)).isEmpty();
  }

  private static final String START = "runtimeConfig: {start: [x]}\n";

  private static String rewrite(String original, String sdk) throws DriverFailure {
    return ConfigurationFile.rewrite(
            Optional.of(original), manifest(original, sdk), "shop", LOCATION)
        .orElseThrow();
  }

  private static Manifest manifest(String original, String sdk) throws DriverFailure {
    return ManifestReader.read(
        new FilesOf()
            .with("dbos-config.yaml", original)
            .with(
                "package.json",
                "{\"dependencies\":{\"@dbos-inc/dbos-sdk\":\"%s\"}}".formatted(sdk)),
        "shop",
        false);
  }

  private static Map<?, ?> section(Map<?, ?> of, String name) {
    return (Map<?, ?>) Objects.requireNonNull(of.get(name), name);
  }
}
