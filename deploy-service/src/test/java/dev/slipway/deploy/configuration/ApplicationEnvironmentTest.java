package dev.slipway.deploy.configuration;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipway.deploy.domain.Language;
import dev.slipway.deploy.domain.Manifest;
import dev.slipway.deploy.domain.Manifest.PackageManager;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class ApplicationEnvironmentTest {

  /// In a folder whose name has a blank.
  private static final String AUTHORITY = "/srv/my slipway/ca.pem";

  private static final String TRUST = "/srv/my slipway/trusted.pem";

  private static final DatabaseLocation LOCATION =
      new DatabaseLocation("localhost", 5433, "shop", "pass", "shop", "shop_dbos_sys", false);

  @Test
  void theDatabasesAreReachedOverVerifiedTls() {
    Map<String, String> environment = environment("2.10.24", true, Map.of()).ofExecutor("exe_1");

    assertThat(environment)
        .containsEntry(
            "DBOS_DATABASE_URL",
            "postgresql://shop:pass@localhost:5433/shop"
                + "?sslmode=verify-full&sslrootcert=/srv/my%20slipway/ca.pem")
        .containsEntry(
            "DBOS_SYSTEM_DATABASE_URL",
            "postgresql://shop:pass@localhost:5433/shop_dbos_sys"
                + "?sslmode=verify-full&sslrootcert=/srv/my%20slipway/ca.pem")
        .containsEntry("NODE_EXTRA_CA_CERTS", TRUST)
        .containsEntry("PORT", "3000")
        .containsEntry("DBOS__DATABASE_PASSWORD", "pass")
        .containsEntry("DBOS__VMID", "exe_1")
        .containsEntry("DBOS__APPID", "app_1")
        .containsEntry("DBOS__APPVERSION", "17")
        .containsEntry("DBOS_APP_HOSTNAME", "https://acme-shop.localhost");
    assertThat(environment.keySet())
        .as("runtimes pass on none of their own")
        .noneMatch(name -> name.startsWith("SLIPWAY_"));
  }

  /// Those are the runtime's own, and would be withheld from the application.
  @ParameterizedTest
  @ValueSource(strings = {"1.30.13", "2.10.24", "4.27.6"})
  void noVariableHasANameThatTheRuntimeKeepsForItself(String sdk) {
    assertThat(environment(sdk, true, Map.of()).ofCommands().keySet())
        .noneMatch(name -> name.startsWith("SLIPWAY_"));
  }

  @Test
  void secretsWinOverTheConfigurationAndOverNothingThatThePlatformDecides() {
    Map<String, String> environment =
        environment(
                "2.10.24",
                true,
                Map.of(
                    "FILE", "secret",
                    "PGHOST", "elsewhere",
                    "DBOS__CLOUD", "false",
                    "DBOS_DBHOST", "dev",
                    "LD_PRELOAD", "/x.so",
                    "BASH_ENV", "/x"))
            .ofCommands();

    assertThat(environment)
        .containsEntry("FILE", "secret")
        .containsEntry("PGHOST", "elsewhere")
        .containsEntry("PGUSER", "shop")
        .containsEntry("DBOS__CLOUD", "true")
        .containsEntry("DBOS_DBHOST", "localhost")
        .doesNotContainKeys("LD_PRELOAD", "BASH_ENV", "DBOS__VMID");
  }

  /// An executor has no business with registries, and a proxy would be between it and whatever it
  /// calls.
  @Test
  void commandsReachRegistriesAsTheMachineDoes() {
    Registries machine =
        Registries.of(
            Map.of(
                "https_proxy", "http://me:hid-den@proxy:3128",
                "NPM_CONFIG_REGISTRY", "https://packages.example",
                "PIP_INDEX_URL", " ",
                "npm_config__auth", "token",
                "KAFKA_SASL_JAAS_CONFIG", "secret"));
    ApplicationEnvironment environment =
        environment(
            "2.10.24", true, Map.of("NPM_CONFIG_REGISTRY", "https://mine.example"), machine);

    assertThat(environment.ofCommands())
        .containsEntry("https_proxy", "http://me:hid-den@proxy:3128")
        .containsEntry("NPM_CONFIG_REGISTRY", "https://mine.example")
        .doesNotContainKeys("PIP_INDEX_URL", "npm_config__auth", "KAFKA_SASL_JAAS_CONFIG");
    assertThat(environment.ofExecutor("exe_1")).doesNotContainKey("https_proxy");
    assertThat(environment.masked()).contains("hid-den");
    assertThat(machine).hasToString("Registries[NPM_CONFIG_REGISTRY, https_proxy]");
  }

  @Test
  void whatTheApplicationSaysOfProxiesWinsWhateverTheCase() {
    Registries machine =
        Registries.of(
            Map.of(
                "https_proxy", "http://machine:3128",
                "HTTP_PROXY", "http://machine:3128",
                "no_proxy", "localhost"));

    assertThat(
            environment(
                    "2.10.24",
                    true,
                    Map.of("HTTPS_PROXY", "http://mine:1", "http_proxy", "http://mine:2"),
                    machine)
                .ofCommands())
        .containsEntry("HTTPS_PROXY", "http://mine:1")
        .containsEntry("http_proxy", "http://mine:2")
        .containsEntry("no_proxy", "localhost")
        .doesNotContainKeys("https_proxy", "HTTP_PROXY");
  }

  @Test
  void applicationsOnALinkedServerTrustWhatThisMachineTrusts() {
    DatabaseLocation linked =
        new DatabaseLocation("db.example", 5432, "shop", "pass", "shop", "shop_dbos_sys", true);
    ApplicationEnvironment environment =
        environment("2.10.24", true, Map.of(), Registries.NONE, linked);

    assertThat(environment.ofCommands()).containsEntry("NODE_EXTRA_CA_CERTS", TRUST);
    assertThat(environment.ofExecutor("exe_1"))
        .containsEntry("NODE_EXTRA_CA_CERTS", TRUST)
        .doesNotContainKey("PGSSLROOTCERT");
  }

  @ParameterizedTest
  @CsvSource({
    "http://me:hid-den@proxy:3128,      hid-den",
    "me:hid-den@proxy:3128,             hid-den",
    "http://me:hid-den@my_proxy:3128,   hid-den",
    "http://me:hid^den@proxy:3128,      hid^den",
    "http://me:hid%20den@proxy:3128,    hid den",
    "https://hidden-token@host/simple,  hidden-token"
  })
  void whatIsSecretInAnAddressIsMasked(String address, String secret) {
    assertThat(Registries.of(Map.of("https_proxy", address)).secrets()).contains(secret);
  }

  @ParameterizedTest
  @CsvSource({
    "1.30.13, true,  true,  false",
    "2.2.0,   true,  true,  false",
    "2.4.0,   true,  true,  true",
    "2.10.24, true,  true,  true",
    "3.6.0,   true,  true,  false",
    "4.27.6,  true,  true,  false",
    "4.27.6,  false, false, false",
    ",        false, true,  false"
  })
  void whetherItIsInTheCloudDependsOnTheSdk(
      @Nullable String sdk, boolean admin, boolean cloud, boolean parts) {
    Map<String, String> environment = environment(sdk, admin, Map.of()).ofCommands();

    assertThat(environment.containsKey("DBOS__CLOUD")).isEqualTo(cloud);
    assertThat(environment.containsKey("DBOS_DBPASSWORD")).isEqualTo(parts);
  }

  @Test
  void secretsAreMaskedAndNotPrinted() {
    ApplicationEnvironment environment =
        environment("2.10.24", true, Map.of("A", "hidden", "B", " "));

    assertThat(environment.masked()).containsExactlyInAnyOrder("hidden", "pass");
    assertThat(environment.toString() + LOCATION).doesNotContain("hidden").doesNotContain("pass");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "1A",
        "A-B",
        "A B",
        "A=B",
        "é",
        "A\0",
        "DBOS__X",
        "DBOS_DATABASE_URL",
        "DBOS_SYSTEM_DATABASE_URL",
        "DBOS_APP_HOSTNAME",
        "DBOS_DBHOST",
        "SLIPWAY_X",
        "LD_PRELOAD",
        "PATH",
        "BASH_ENV",
        "ENV",
        "NODE_EXTRA_CA_CERTS",
        "GLIBC_TUNABLES"
      })
  void someNamesAreNoSecrets(String name) {
    assertThat(SecretNames.problem(name)).isPresent();
  }

  @ParameterizedTest
  @ValueSource(strings = {"A", "_a1", "PGPASSWORD", "NODE_OPTIONS", "DATADOG_API_KEY"})
  void theOthersAre(String name) {
    assertThat(SecretNames.problem(name)).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({"shop, shop", "My-Shop, my_shop", "my shop, my_shop", "1st, _1st", "_1st, _1st"})
  void theDatabasesNameIsThatOfTheApplication(String application, String database) {
    assertThat(DatabaseNames.derived(application)).isEqualTo(database);
    assertThat(DatabaseNames.problem(database)).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "1a",
        "A",
        "a-b",
        "a\"b",
        "a;b",
        "postgres",
        "template1",
        "pg_x",
        "slipway",
        "public",
        "shop_dbos_sys",
        "dbos_x",
        "a23456789012345678901234567890123456789012345678901234x"
      })
  void notEveryNameIsThatOfADatabase(String database) {
    assertThat(DatabaseNames.problem(database)).isPresent();
  }

  private static ApplicationEnvironment environment(
      @Nullable String sdk, boolean admin, Map<String, String> secrets) {
    return environment(sdk, admin, secrets, Registries.NONE);
  }

  private static ApplicationEnvironment environment(
      @Nullable String sdk, boolean admin, Map<String, String> secrets, Registries machine) {
    return environment(sdk, admin, secrets, machine, LOCATION);
  }

  private static ApplicationEnvironment environment(
      @Nullable String sdk,
      boolean admin,
      Map<String, String> secrets,
      Registries machine,
      DatabaseLocation location) {
    var manifest =
        new Manifest(
            Language.NODE,
            PackageManager.NPM_LOCKED,
            null,
            false,
            sdk,
            List.of(),
            false,
            List.of(),
            List.of(),
            List.of("start"),
            null,
            Map.of("FILE", "file"),
            admin);
    return new ApplicationEnvironment(
        "app_1",
        "17",
        "https://acme-shop.localhost",
        manifest,
        location,
        secrets,
        AUTHORITY,
        TRUST,
        machine);
  }
}
