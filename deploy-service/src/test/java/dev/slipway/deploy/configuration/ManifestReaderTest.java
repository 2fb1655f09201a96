package dev.slipway.deploy.configuration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.slipway.common.operation.DriverFailure;
import dev.slipway.deploy.domain.Language;
import dev.slipway.deploy.domain.Manifest;
import dev.slipway.deploy.domain.Manifest.PackageManager;
import java.util.List;
import java.util.Map;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class ManifestReaderTest {

  private static final String PACKAGE =
      "{\"scripts\":{\"start\":\"node main.js\",\"build\":\"tsc\"},"
          + "\"dependencies\":{\"@dbos-inc/dbos-sdk\":\"^2.10\"}}";
  private static final String PLAIN = "{\"scripts\":{\"start\":\"node main.js\"}}";
  private static final String START = "runtimeConfig: {start: [node main.js]}\n";

  @Test
  void aPlainApplicationNeedsNothingButAStartScript() throws Exception {
    Manifest manifest = read(new FilesOf().with("package.json", PLAIN));

    assertThat(manifest)
        .isEqualTo(
            new Manifest(
                Language.NODE,
                PackageManager.NPM,
                null,
                false,
                null,
                List.of(),
                false,
                List.of(),
                List.of(),
                List.of("node main.js"),
                null,
                Map.of(),
                false));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "\"dependencies\":{\"a\":\"1\"}|false",
        "\"devDependencies\":{}|false",
        "\"devDependencies\":{\"a\":\"1\"}|true",
        "\"workspaces\":[\"a\"]|true"
      })
  void itIsKnownWhetherPackagesAreForDevelopment(String more, boolean expected) throws Exception {
    String text = "{\"scripts\":{\"start\":\"node main.js\"},%s}".formatted(more);

    assertThat(read(new FilesOf().with("package.json", text)).development()).isEqualTo(expected);
  }

  @ParameterizedTest
  @CsvSource({
    "package-lock.json,   NPM_LOCKED",
    "npm-shrinkwrap.json, NPM_LOCKED",
    "yarn.lock,           YARN",
    "pnpm-lock.yaml,      PNPM",
    "other.lock,          NPM"
  })
  void theLockFileChoosesThePackageManager(String lock, PackageManager expected) throws Exception {
    assertThat(read(new FilesOf().with("package.json", PLAIN).with(lock, "{}")).packages())
        .isEqualTo(expected);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "package-lock.json|{\"packages\":{\"node_modules/@dbos-inc/dbos-sdk\":{\"version\":\"2.10.24\"}}}",
        "package-lock.json|{\"dependencies\":{\"@dbos-inc/dbos-sdk\":{\"version\":\"2.10.24\"}}}",
        "yarn.lock|`\"@dbos-inc/dbos-sdk@^2.10\":\n  version \"2.10.24\"\n`",
        "yarn.lock|`\"@dbos-inc/dbos-sdk@npm:^2.10\":\n  version: 2.10.24\n`",
        "pnpm-lock.yaml|`packages:\n  '@dbos-inc/dbos-sdk@2.10.24':\n`",
        "pnpm-lock.yaml|`packages:\n\n  /@dbos-inc/dbos-sdk@2.10.24(pg@8):\n`"
      })
  void theLockFileSaysWhichSdkItWillBe(String file, String lock) throws Exception {
    assertThat(read(new FilesOf().with("package.json", PACKAGE).with(file, lock)).sdk())
        .isEqualTo("2.10.24");
  }

  @Test
  void theInstalledSdkCountsMost() throws Exception {
    var files =
        new FilesOf()
            .with("package.json", PACKAGE)
            .with(
                "package-lock.json",
                "{\"packages\":{\"node_modules/@dbos-inc/dbos-sdk\":{\"version\":\"2.10.24\"}}}")
            .with("node_modules/@dbos-inc/dbos-sdk/package.json", "{\"version\":\"2.11.0\"}");

    assertThat(read(files).sdk()).isEqualTo("2.11.0");
    assertThat(read(new FilesOf().with("package.json", PACKAGE)).sdk()).isEqualTo("2.10.0");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "runtimeConfig: {start: [a, b]}|1.30.0|x|a,b",
        "runtimeConfig: {start: a}|2.10.0|x|a",
        "runtimeConfig: {entrypoints: [dist/x.js]}|2.0.0|node x|node_modules/.bin/dbos start",
        "runtimeConfig: {entrypoints: [dist/x.js]}|1.30.0|node x|node_modules/.bin/dbos-sdk start",
        "name: a|2.0.0|npx dbos start|node_modules/.bin/dbos start",
        "name: a|2.0.0||node_modules/.bin/dbos start",
        "name: a|2.0.0|node x|node x",
        "name: a|3.0.0|node x|node x"
      })
  void theStartCommandIsFound(String configuration, String sdk, String script, String expected)
      throws Exception {
    String scripts = script == null ? "{}" : "{\"start\":\"" + script + "\"}";
    var files =
        new FilesOf()
            .with("dbos-config.yaml", configuration)
            .with(
                "package.json",
                "{\"scripts\":%s,\"dependencies\":{\"@dbos-inc/dbos-sdk\":\"%s\"}}"
                    .formatted(scripts, sdk));

    assertThat(String.join(",", read(files).start())).isEqualTo(expected);
  }

  @Test
  void migrationsMayStandAtTheTop() throws Exception {
    Manifest nested =
        read(plain("database: {migrate: [a, b], rollback: c}\nmigrate: [x]\n" + START));
    Manifest top = read(plain("migrate: a\nrollback: [c]\n" + START));

    assertThat(nested.migrate()).containsExactly("a", "b");
    assertThat(nested.rollback()).containsExactly("c");
    assertThat(top.migrate()).containsExactly("a");
    assertThat(top.rollback()).containsExactly("c");
  }

  @Test
  void theEnvironmentIsTextAndLeavesOutWhatThePlatformDecides() throws Exception {
    Manifest manifest =
        read(plain("env: {A: 1, B: 'x', C: true, LD_PRELOAD: /x.so, DBOS__VMID: y}\n" + START));

    assertThat(manifest.environment()).isEqualTo(Map.of("A", "1", "B", "x", "C", "true"));
  }

  @Test
  void theAdminPortTellsHealthWhereThereIsOne() throws Exception {
    assertThat(withSdk("1.30.13").healthOnAdmin()).isTrue();
    assertThat(withSdk("3.6.0").healthOnAdmin()).isTrue();
    assertThat(withSdk("4.27.6").healthOnAdmin()).isFalse();
    assertThat(
            read(new FilesOf()
                    .with("dbos-config.yaml", START)
                    .with(
                        "package.json",
                        "{\"dependencies\":{\"@dbos-inc/dbos-sdk\":\"4.27.6\","
                            + "\"@dbos-inc/otel\":\"4.27.6\"}}"))
                .healthOnAdmin())
        .isTrue();
  }

  @Test
  void theTreeFollowsFromLockFileAndDependenciesAlone() throws Exception {
    var one = new FilesOf().with("package.json", PACKAGE).with("package-lock.json", "{\"a\":1}");
    var renamed =
        new FilesOf()
            .with("package.json", PACKAGE.replaceFirst("\\{", "{\"name\":\"other\","))
            .with("package-lock.json", "{\"a\":1}");
    var other = new FilesOf().with("package.json", PACKAGE).with("package-lock.json", "{\"a\":2}");

    assertThat(read(one).tree()).matches("[0-9a-f]{64}").isEqualTo(read(renamed).tree());
    assertThat(read(other).tree()).isNotEqualTo(read(one).tree());
    assertThat(read(one.with(".npmrc", "x")).tree()).isNotEqualTo(read(renamed).tree());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "# yarn lockfile v1\\n\\n\"@dbos-inc/dbos-sdk@^2\":\\n  version \"2.10.24\"\\n|YARN",
        "__metadata:\\n  version: 8\\n\\n\"@dbos-inc/dbos-sdk@npm:^2\":\\n  version: 2.10.24\\n|YARN_BERRY"
      })
  void whichYarnFollowsFromItsLockFile(String lock, Manifest.PackageManager packages)
      throws Exception {
    Manifest manifest =
        read(
            new FilesOf()
                .with("dbos-config.yaml", START)
                .with("package.json", "{\"dependencies\":{\"@dbos-inc/dbos-sdk\":\"^2\"}}")
                .with("yarn.lock", lock.replace("\\n", "\n")));

    assertThat(manifest.packages()).isEqualTo(packages);
    assertThat(manifest.sdk()).isEqualTo("2.10.24");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"scripts\":{\"start\":\"x\",\"postinstall\":\"y\"}}",
        "{\"scripts\":{\"start\":\"x\"},\"workspaces\":[]}",
        "{\"scripts\":{\"start\":\"x\"},\"dependencies\":{\"a\":\"file:../a\"}}",
        "{\"scripts\":{\"start\":\"x\"},\"dependencies\":{\"a\":\"./a\"}}"
      })
  void whatInstallsItsOwnCodeHasNoTree(String content) throws Exception {
    assertThat(read(new FilesOf().with("package.json", content).with("yarn.lock", "x")).tree())
        .isNull();
  }

  @Test
  void pythonIsKnownByItsRequirements() throws Exception {
    Manifest manifest =
        read(
            new FilesOf()
                .with("requirements.txt", "fastapi\ndbos==0.26.0\n")
                .with("dbos-config.yaml", "language: python\nruntimeConfig: {start: fastapi run}"));

    assertThat(manifest.language()).isEqualTo(Language.PYTHON);
    assertThat(manifest.sdk()).isEqualTo("0.26.0");
    assertThat(manifest.start()).containsExactly("fastapi run");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "language: cobol|the language \"cobol\" is not supported",
        "language: python|requirements.txt is missing",
        "database: {app_db_name: 'a-b'}|the database name \"a-b\" cannot be used",
        "database: {app_db_name: postgres}|is reserved",
        "database: [1]|must be a mapping",
        "runtimeConfig: {start: {a: b}}|must list commands",
        "runtimeConfig: {start: [[a]]}|must list commands",
        "env: {A: [1]}|must be text",
        "a: b: c|is not YAML: see line 1",
        "a: [|is not YAML",
        "- a|must be a mapping",
        "!!javax.script.ScriptEngineManager []|is not YAML",
        "a: !!java.net.URL ['http://x']|is not YAML",
        "a: 1, a: 2|is not YAML"
      })
  void theMessageSaysWhatIsWrong(String configuration, String message) {
    assertThatThrownBy(() -> read(plain(configuration)))
        .isInstanceOfSatisfying(
            DriverFailure.Permanent.class,
            refused -> assertThat(refused.code()).isEqualTo("bad-configuration"))
        .hasMessageContaining(message);
  }

  @Test
  void whatIsMissingIsNamed() {
    assertThatThrownBy(() -> read(new FilesOf())).hasMessageContaining("package.json is missing");
    assertThatThrownBy(() -> read(new FilesOf().with("package.json", "{}")))
        .hasMessageContaining("there is no start command");
    assertThatThrownBy(() -> read(new FilesOf().with("package.json", "[")))
        .hasMessageContaining("package.json is not a JSON object");
  }

  @Test
  void aFileThatGrowsWhenItIsReadIsRefused() {
    var bomb = new StringBuilder("a0: &a0 [x,x,x,x,x,x,x,x,x]\n");
    for (int level = 1; level < 12; level++) {
      bomb.append(
          "a%d: &a%d [%s]\n".formatted(level, level, "*a%d,".formatted(level - 1).repeat(9)));
    }

    assertThatThrownBy(() -> read(plain(bomb.toString())))
        .isInstanceOf(DriverFailure.Permanent.class);
    assertThatThrownBy(() -> read(plain("a: " + "[".repeat(10_000))))
        .isInstanceOf(DriverFailure.Permanent.class);
    assertThatThrownBy(() -> read(plain("a: &a [*a]"))).isInstanceOf(DriverFailure.Permanent.class);
    assertThatThrownBy(() -> read(plain("a: " + "x".repeat(300_000))))
        .isInstanceOf(DriverFailure.Permanent.class);
  }

  @Property(tries = 500)
  void whateverTheFileSaysItIsReadOrRefused(@ForAll("yaml") String yaml) {
    try {
      assertThat(read(plain(yaml)).start()).isNotEmpty();
    } catch (DriverFailure refused) {
      assertThat(refused).isInstanceOf(DriverFailure.Permanent.class);
      assertThat(refused).message().matches("[ -~]+");
    }
  }

  @Provide
  Arbitrary<String> yaml() {
    return Arbitraries.of(
            "database:",
            "runtimeConfig:",
            "start",
            "migrate: ",
            "env",
            "name",
            "language",
            "&a ",
            "*a",
            "!!",
            "!!set",
            "? ",
            "- ",
            "[",
            "]",
            "{",
            "}",
            ": ",
            ", ",
            "\n",
            "\n  ",
            "\t",
            "'",
            "\"",
            "|",
            ">",
            "#",
            "<<: ",
            "null",
            "~",
            "2026-01-31",
            "0x1F",
            "1_000",
            ".inf",
            "\u0000",
            "\ud800",
            "é",
            "%YAML 1.1\n---\n",
            "---",
            "...",
            "${PGPASSWORD}")
        .list()
        .ofMaxSize(25)
        .map(parts -> String.join("", parts));
  }

  private static final String DOCKERFILE = "FROM scratch\n";

  @Test
  void whatHasADockerfileNeedsNothingElseWhereThatIsBuilt() throws Exception {
    Manifest manifest = building(new FilesOf().with("Dockerfile", DOCKERFILE));

    assertThat(manifest.hasDockerfile()).isTrue();
    assertThat(manifest.language()).isEqualTo(Language.OTHER);
    assertThat(manifest.start()).isEmpty();
    assertThat(manifest.healthOnAdmin()).isFalse();
  }

  @Test
  void aDockerfileIsInsteadOfInstallAndBuildAndTheConfigurationHolds() throws Exception {
    Manifest manifest =
        building(
            new FilesOf()
                .with("Dockerfile", DOCKERFILE)
                .with("package.json", PACKAGE)
                .with("package-lock.json", "{}")
                .with(
                    "dbos-config.yaml",
                    """
                    database: {migrate: [up], rollback: [down]}
                    env: {A: b}
                    runtimeConfig: {setup: [apt-get], start: [serve]}
                    """));

    assertThat(manifest.language()).isEqualTo(Language.NODE);
    assertThat(manifest.packages()).isEqualTo(PackageManager.DOCKERFILE);
    assertThat(manifest.tree()).isNull();
    assertThat(manifest.sdk()).startsWith("2.10");
    assertThat(manifest.healthOnAdmin()).isTrue();
    assertThat(manifest.migrate()).containsExactly("up");
    assertThat(manifest.rollback()).containsExactly("down");
    assertThat(manifest.start()).containsExactly("serve");
    assertThat(manifest.environment()).containsEntry("A", "b");
    assertThat(Commands.install(manifest)).isEmpty();
    assertThat(Commands.setup(manifest)).isEmpty();
    assertThat(Commands.build(manifest)).isEmpty();
    assertThat(Commands.migrate(manifest)).singleElement().asString().endsWith("; up");
    assertThat(Commands.rollback(manifest)).singleElement().asString().endsWith("; down");
  }

  @ParameterizedTest
  @CsvSource({"python, PYTHON, 1.12.0", "go, OTHER,", "node, NODE,"})
  void theConfigurationSaysInWhichLanguageItIs(String said, Language language, @Nullable String sdk)
      throws Exception {
    Manifest manifest =
        building(
            new FilesOf()
                .with("Dockerfile", DOCKERFILE)
                .with("requirements.txt", "dbos==1.12.0\n")
                .with("dbos-config.yaml", "language: " + said));

    assertThat(manifest.language()).isEqualTo(language);
    assertThat(manifest.sdk()).isEqualTo(sdk);
  }

  @Test
  void whereNobodyBuildsItADockerfileIsIgnoredAndAloneNotEnough() throws Exception {
    assertThat(read(plain("").with("Dockerfile", DOCKERFILE))).isEqualTo(read(plain("")));
    assertThatThrownBy(() -> read(new FilesOf().with("Dockerfile", DOCKERFILE)))
        .isInstanceOf(DriverFailure.Permanent.class)
        .hasMessageContaining("Dockerfile")
        .hasMessageContaining("--driver docker");
  }

  private static Manifest building(VersionFiles files) throws DriverFailure {
    return ManifestReader.read(files, "shop", true);
  }

  private static Manifest withSdk(String version) throws DriverFailure {
    return read(
        new FilesOf()
            .with("dbos-config.yaml", START)
            .with(
                "package.json",
                "{\"dependencies\":{\"@dbos-inc/dbos-sdk\":\"%s\"}}".formatted(version)));
  }

  private static FilesOf plain(String configuration) {
    return new FilesOf().with("package.json", PLAIN).with("dbos-config.yaml", configuration);
  }

  private static Manifest read(VersionFiles files) throws DriverFailure {
    return ManifestReader.read(files, "shop", false);
  }
}
