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

final class CommandsTest {

  private static final String FOUND = "export PATH=\"$PWD/node_modules/.bin:$PATH\"; ";

  @ParameterizedTest
  @CsvSource({
    "1.30.13, node_modules/.bin/dbos-sdk migrate, node_modules/.bin/dbos-sdk rollback",
    "2.10.24, node_modules/.bin/dbos migrate,     node_modules/.bin/dbos rollback",
    "3.6.0,   node_modules/.bin/dbos migrate,     down",
    "4.27.6,  node_modules/.bin/dbos migrate,     down",
    ",        up,                                 down"
  })
  void theSdkMigratesWhereItCan(@Nullable String sdk, String migrate, String rollback) {
    Manifest manifest = manifest(PackageManager.NPM_LOCKED, sdk);

    assertThat(Commands.migrate(manifest)).containsExactly(FOUND + migrate);
    assertThat(Commands.rollback(manifest)).containsExactly(FOUND + rollback);
  }

  @Test
  void whatIsThereToDoFollowsFromThePackageManager() {
    assertThat(Commands.install(manifest(PackageManager.NPM_LOCKED, null)))
        .containsExactly("npm ci --include=dev --no-audit --no-fund");
    assertThat(Commands.install(manifest(PackageManager.NPM, null)))
        .singleElement()
        .asString()
        .startsWith("npm install --include=dev")
        .contains("--no-package-lock");
    assertThat(Commands.install(manifest(PackageManager.YARN, null)))
        .singleElement()
        .asString()
        .contains("yarn install --frozen-lockfile", "corepack yarn");
    assertThat(Commands.install(manifest(PackageManager.PNPM, null)))
        .singleElement()
        .asString()
        .contains(
            "install --frozen-lockfile --prod=false",
            "corepack pnpm",
            "COREPACK_DEFAULT_TO_LATEST=0");
    assertThat(Commands.install(manifest(PackageManager.YARN_BERRY, null)))
        .singleElement()
        .asString()
        .contains("yarn install --immutable", "corepack yarn", "YARN_NODE_LINKER=node-modules")
        .as("no range, of which the newest of the day would be taken")
        .containsPattern("echo @\\d+\\.\\d+\\.\\d+\\)");
    assertThat(Commands.build(manifest(PackageManager.NPM_LOCKED, null)))
        .containsExactly("npm run build");
    assertThat(Commands.prune(manifest(PackageManager.NPM_LOCKED, null)))
        .singleElement()
        .asString()
        .startsWith("npm prune --omit=dev");
    for (PackageManager rewriting :
        List.of(PackageManager.YARN, PackageManager.YARN_BERRY, PackageManager.PNPM)) {
      assertThat(Commands.prune(manifest(rewriting, null)))
          .as("%s changes what stays, so it works on a copy", rewriting)
          .hasSize(2)
          .first()
          .asString()
          .contains("cp -a node_modules");
    }
    assertThat(Commands.prune(manifest(PackageManager.PIP, null))).isEmpty();
  }

  @Test
  void nothingIsPrunedWhereNothingIsForDevelopment() {
    for (PackageManager packages : PackageManager.values()) {
      assertThat(Commands.prune(manifest(packages, null, false))).isEmpty();
    }
  }

  private static Manifest manifest(PackageManager packages, @Nullable String sdk) {
    return manifest(packages, sdk, true);
  }

  private static Manifest manifest(
      PackageManager packages, @Nullable String sdk, boolean development) {
    return new Manifest(
        Language.NODE,
        packages,
        null,
        development,
        sdk,
        List.of(),
        true,
        List.of("up"),
        List.of("down"),
        List.of("start"),
        null,
        Map.of(),
        sdk != null);
  }
}
