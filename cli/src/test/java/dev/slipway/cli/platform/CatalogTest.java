package dev.slipway.cli.platform;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dev.slipway.cli.console.Surroundings;
import java.io.ByteArrayInputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CatalogTest {

  private static final List<String> MODULES =
      List.of("local-stack", "account-service", "instance-service", "deploy-service", "gateway");

  @TempDir private Path folder;

  private PlatformHome home;

  @BeforeEach
  void built() throws Exception {
    home = new PlatformHome(folder.resolve("home"));
    Files.createDirectories(home.data());
    for (String module : MODULES) {
      Path target = Files.createDirectories(folder.resolve(module).resolve("target"));
      Files.createFile(
          target.resolve(
              module.equals("local-stack") ? "local-stack-1.jar" : module + "-runner.jar"));
    }
  }

  @Test
  void everyModuleIsAProcessAndIsStoppedOnce() throws Exception {
    assertThat(plans(Map.of()).keySet()).containsExactlyInAnyOrderElementsOf(MODULES);
    assertThat(Catalog.STOPPING.stream().flatMap(List::stream))
        .containsExactlyInAnyOrderElementsOf(MODULES);
    assertThat(PlatformStatus.NAMES).containsExactlyInAnyOrderElementsOf(MODULES);
  }

  @Test
  void thoseWhoAskDeployServiceKnowWhereItIs() throws Exception {
    Map<String, ProcessPlan> plans = plans(Map.of());
    String url =
        "http://127.0.0.1:" + environment(plans, "deploy-service").get("QUARKUS_HTTP_PORT");

    assertThat(environment(plans, "gateway")).containsEntry("SLIPWAY_DEPLOY_URL", url);
    assertThat(environment(plans, "account-service")).containsEntry("SLIPWAY_DEPLOY_URL", url);
    assertThat(environment(plans, "deploy-service"))
        .containsKeys("SLIPWAY_INSTANCE_URL", "SLIPWAY_ACCOUNT_URL")
        .containsEntry("QUARKUS_DATASOURCE_USERNAME", "deploy_service")
        .containsEntry("SLIPWAY_REPLICA", "deploy-service-1");
  }

  @Test
  void theGatewayReadsTheRoutesFromKafkaAndHasNoDatabase() throws Exception {
    assertThat(environment(plans(Map.of()), "gateway"))
        .containsKeys("KAFKA_BOOTSTRAP_SERVERS", "KAFKA_SASL_JAAS_CONFIG")
        .doesNotContainKey("QUARKUS_DATASOURCE_PASSWORD");
  }

  @Test
  void applicationsAreTrustedOnlyWhenThatWasSaid() throws Exception {
    assertThat(environment(plans(Map.of()), "deploy-service"))
        .containsEntry(Catalog.TRUSTED, "false");
    assertThat(environment(plans(Map.of(Catalog.TRUSTED, "true")), "deploy-service"))
        .containsEntry(Catalog.TRUSTED, "true");
    assertThat(environment(plans(Map.of(Catalog.TRUSTED, "perhaps")), "deploy-service"))
        .containsEntry(Catalog.TRUSTED, "false");
  }

  @Test
  void cacheOfAnEarlierBuildIsNotUsed() throws Exception {
    Path jar = folder.resolve("gateway/target/gateway-runner.jar");
    Path cache = Files.createFile(folder.resolve("gateway/target/gateway.aot"));
    Instant built = Instant.parse("2026-01-01T00:00:00Z");
    Files.setLastModifiedTime(jar, FileTime.from(built));

    Files.setLastModifiedTime(cache, FileTime.from(built.plusSeconds(1)));
    assertThat(requireNonNull(plans(Map.of()).get("gateway")).command())
        .contains("-XX:AOTCache=" + cache);
    Files.setLastModifiedTime(cache, FileTime.from(built.minusSeconds(1)));
    assertThat(requireNonNull(plans(Map.of()).get("gateway")).command())
        .noneMatch(word -> word.contains("AOTCache"));
  }

  private static Map<String, String> environment(Map<String, ProcessPlan> plans, String name) {
    return requireNonNull(plans.get(name)).environment();
  }

  private Map<String, ProcessPlan> plans(Map<String, String> variables) throws Exception {
    Map<String, String> environment = new HashMap<>(variables);
    environment.put("SLIPWAY_PORT", Integer.toString(FreePorts.find(1).getFirst()));
    Surroundings surroundings =
        new Surroundings(
            environment,
            folder,
            new ByteArrayInputStream(new byte[0]),
            System.out,
            System.err,
            Set.of(),
            folder);
    Preparation preparation = new Preparation(home, surroundings);
    preparation.folders();
    PlatformSettings settings;
    try (PortReservation reservation = new PortReservation()) {
      settings = preparation.prepare(reservation, purpose -> false);
    }
    return new Catalog(home, settings, surroundings, false)
        .plans().stream().collect(Collectors.toMap(ProcessPlan::name, Function.identity()));
  }
}
