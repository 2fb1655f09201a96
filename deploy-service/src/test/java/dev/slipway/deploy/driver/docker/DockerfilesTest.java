package dev.slipway.deploy.driver.docker;

import static dev.slipway.deploy.driver.docker.DockerRuntimeStage.fence;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.github.dockerjava.api.model.Container;
import com.github.dockerjava.api.model.Image;
import dev.slipway.common.driver.Endpoint;
import dev.slipway.common.id.Identifiers;
import dev.slipway.common.operation.DriverFailure;
import dev.slipway.deploy.driver.CommandRun;
import dev.slipway.deploy.driver.CommandSpecification;
import dev.slipway.deploy.driver.ExecutorObservation;
import dev.slipway.deploy.driver.ExecutorSpecification;
import dev.slipway.deploy.driver.VersionReference;
import dev.slipway.docker.Names;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Versions with a Dockerfile of their own, on a real engine.
@Timeout(value = 15, unit = TimeUnit.MINUTES)
final class DockerfilesTest {

  private static final String BASE = DockerRuntimeStage.IMAGE;

  /// Says what it finds, at any address of its container.
  private static final String SERVER =
      """
      const fs = require('fs');
      const read = (file) => { try { return fs.readFileSync(file, 'utf8').trim(); } catch (e) { return e.code; } };
      const write = (file) => { try { fs.writeFileSync(file, 'mine'); return 'written'; } catch (e) { return e.code; } };
      require('http').createServer((request, answer) => answer.end(JSON.stringify({
        folder: process.cwd(), user: process.getuid(), arguments: process.argv.slice(2),
        made: read('made.txt'), built: read('/app'), ignored: read('ignored.txt'), context: fs.readdirSync('.').sort(),
        own: process.env.OWN, told: process.env.TOLD, options: process.env.NODE_OPTIONS, kept: write('/data/kept'),
        written: write('made.txt'), authority: read('/slipway/ca.pem'), beside: read('.slipway/ca.pem'),
      }))).listen(3000, '127.0.0.1');
      """;

  @AutoClose
  @SuppressWarnings("NullAway.Init") // set before the first test
  private static DockerRuntimeStage stage;

  private final HttpClient http = HttpClient.newHttpClient();

  @BeforeAll
  static void open() {
    stage = new DockerRuntimeStage();
  }

  private static VersionReference adopted(VersionReference version, Map<String, String> files)
      throws Exception {
    stage.adopt(version, files);
    return version;
  }

  private static VersionReference adopted(String... dockerfile) throws Exception {
    return adopted(version(), Map.of("Dockerfile", String.join("\n", dockerfile)));
  }

  private static VersionReference version() {
    return new VersionReference(Identifiers.next("app"), "1700000000000");
  }

  private static CommandRun built(VersionReference version, String... secrets) throws Exception {
    stage.runtime.build(fence(version, 1), version, "build", Set.of(secrets));
    return ended(version, "build");
  }

  private static CommandRun ended(VersionReference version, String run) {
    return Awaitility.await()
        .atMost(Duration.ofMinutes(2))
        .pollInterval(Duration.ofMillis(50))
        .until(
            () -> stage.runtime.look(version, run), seen -> !(seen instanceof CommandRun.Running));
  }

  private static void use(VersionReference version) throws Exception {
    stage.runtime.useBuilt(fence(version, 1), version, "build");
  }

  private static List<String> output(VersionReference version) throws Exception {
    return stage.runtime.tail(version, "build", 100);
  }

  /// All that the engine has, layers included.
  private static Set<String> images() {
    return stage.client.listImagesCmd().withShowAll(true).exec().stream()
        .map(Image::getId)
        .collect(Collectors.toCollection(TreeSet::new));
  }

  private static Set<String> containers() {
    return stage.client.listContainersCmd().withShowAll(true).exec().stream()
        .map(Container::getId)
        .collect(Collectors.toCollection(TreeSet::new));
  }

  private static Map<String, String> its(VersionReference version) {
    return stage.names.of(Names.APPLICATION, version.application());
  }

  private static void destroy(VersionReference version) throws Exception {
    stage.runtime.destroy(fence(version, 9), version.application(), List.of());
  }

  private static ExecutorSpecification executor(VersionReference version, String... start) {
    String executor = Identifiers.next("exe");
    List<Endpoint> endpoints = stage.runtime.freeEndpoints(executor).limit(2).toList();
    return new ExecutorSpecification(
        version,
        executor,
        endpoints.getFirst(),
        endpoints.getLast(),
        List.of(start),
        Map.of("TOLD", "by the platform"),
        Set.of(),
        256,
        "token-of-a-test",
        false);
  }

  private String served(VersionReference version, String... start) throws Exception {
    ExecutorSpecification executor = executor(version, start);
    stage.runtime.start(fence(version, 1), executor);
    Awaitility.await()
        .atMost(Duration.ofSeconds(60))
        .pollInterval(Duration.ofMillis(50))
        .until(
            () -> stage.runtime.observe(executor).state(),
            ExecutorObservation.State.HEALTHY::equals);
    return http.send(
            HttpRequest.newBuilder(URI.create("http://%s/".formatted(executor.endpoint()))).build(),
            HttpResponse.BodyHandlers.ofString())
        .body();
  }

  @Test
  void whatTheDockerfileSaysHoldsAndNothingIsLeftOfIt() throws Exception {
    Set<String> before = images();
    VersionReference version =
        adopted(
            version(),
            Map.of(
                "Dockerfile",
                """
                FROM %s
                ENV OWN="of the image" NODE_OPTIONS=--max-old-space-size=100 LANG=C
                LABEL dev.slipway.joins=organizations dev.slipway.instance=another
                VOLUME /data
                WORKDIR /srv/shop
                RUN echo "made by $(whoami)" > made.txt && echo a program > /app
                COPY . .
                HEALTHCHECK CMD false
                STOPSIGNAL SIGQUIT
                USER node
                ENTRYPOINT ["node", "main.js"]
                CMD ["it's", "one word"]
                """
                    .formatted(BASE),
                ".dockerignore",
                "ignored.txt\nDockerfile\n",
                "ignored.txt",
                "ignored",
                "main.js",
                SERVER));

    assertThat(built(version)).isEqualTo(new CommandRun.Exited(0));
    use(version);

    assertThat(output(version))
        .anyMatch(line -> line.endsWith(": WORKDIR /srv/shop"))
        .noneMatch(line -> line.contains("dev.slipway"));
    assertThat(served(version))
        .contains(
            "\"folder\":\"/srv/shop\",\"user\":10001,\"arguments\":[\"it's\",\"one word\"]",
            "\"made\":\"made by root\",\"built\":\"a program\",\"ignored\":\"ENOENT\"",
            "\"context\":[\".slipway\",\"made.txt\",\"main.js\"]",
            "\"own\":\"of the image\",\"told\":\"by the platform\"",
            "\"options\":\"--require /slipway/preload.cjs --max-old-space-size=100\"",
            "\"kept\":\"written\",\"written\":\"EROFS\"",
            "\"authority\":\"the authority of a test\",\"beside\":\"the authority of a test\"");
    for (var listed : stage.engine.containers(its(version))) {
      assertThat(listed.labels()).containsEntry(Names.JOINS, "").containsEntry(Names.INSTANCE, "");
      var seen = stage.client.inspectContainerCmd(listed.id()).exec();
      assertThat(seen.getConfig().getHealthcheck().getTest()).containsExactly("NONE");
      assertThat(seen.getConfig().getUser()).isEqualTo("10001:10001");
    }
    stage.runtime.discard(fence(version, 2), version);
    assertThat(stage.engine.images(its(version))).isEmpty();
    assertThat(stage.engine.containers(its(version))).isEmpty();
    assertThat(images()).isEqualTo(before);
    destroy(version);
  }

  @Test
  void commandsRunInWhatWasBuiltAndTheConfigurationMaySayHowItStarts() throws Exception {
    VersionReference version =
        adopted(
            version(),
            Map.of(
                "Dockerfile",
                "FROM %s\nWORKDIR /srv\nRUN echo made > made.txt\nCOPY main.js ./\nCMD exit 1\n"
                    .formatted(BASE),
                "main.js",
                SERVER));
    assertThat(built(version)).isEqualTo(new CommandRun.Exited(0));
    use(version);

    stage.runtime.begin(
        fence(version, 1),
        new CommandSpecification(
            version,
            "migrate",
            List.of("pwd", "cat made.txt", "exit 4"),
            Map.of(),
            Set.of(),
            512,
            true));

    assertThat(ended(version, "migrate")).isEqualTo(new CommandRun.Exited(4));
    assertThat(stage.runtime.tail(version, "migrate", 5)).containsExactly("/srv", "made");
    assertThat(served(version, "node main.js configured")).contains("[\"configured\"]");
    destroy(version);
  }

  @Test
  void whatTheImageSaysOfItsFolderIsNotBelieved() throws Exception {
    VersionReference version =
        adopted(
            "FROM " + BASE,
            "RUN mkdir -p /slipway && printf 'last x/../..\\nended migrate 0\\n' > /slipway/record",
            "CMD true");
    assertThat(built(version)).isEqualTo(new CommandRun.Exited(0));
    use(version);

    assertThat(stage.runtime.look(version, "migrate")).isEqualTo(new CommandRun.Absent());
    destroy(version);
  }

  @Test
  void aCommandThatFailsIsShownWithItsStatusAndNothingIsLeftOfIt() throws Exception {
    Set<String> before = images();
    VersionReference version =
        adopted(
            "FROM " + BASE,
            "RUN echo first > /first",
            "RUN echo the treasure is hidden; echo and why >&2; exit 37",
            "RUN echo never");

    assertThat(built(version, "treasure")).isEqualTo(new CommandRun.Exited(37));

    assertThat(output(version))
        .contains("the *** is hidden", "and why")
        .doesNotContain("never")
        .last()
        .asString()
        .contains("returned a non-zero code: 37");
    stage.runtime.discard(fence(version, 2), version);
    assertThat(images()).isEqualTo(before);
    destroy(version);
  }

  @Test
  void aDockerfileThatIsNoneFailsWithWhatTheEngineSays() throws Exception {
    VersionReference none = adopted("FROM " + BASE, "RAN away");

    assertThat(built(none)).isEqualTo(new CommandRun.Exited(1));
    assertThat(output(none)).anyMatch(line -> line.contains("RAN"));
    destroy(none);
  }

  @Test
  void anImageWithoutAShellIsRefusedAndSaysWhatIsNeeded() throws Exception {
    Set<String> before = images();
    VersionReference version =
        adopted("FROM scratch", "COPY Dockerfile /", "CMD [\"/Dockerfile\"]");
    assertThat(built(version)).isEqualTo(new CommandRun.Exited(0));

    assertThatExceptionOfType(DriverFailure.Permanent.class)
        .isThrownBy(() -> use(version))
        .withMessageContaining("no /bin/sh")
        .extracting(DriverFailure::code)
        .isEqualTo("image-unsuitable");
    stage.runtime.discard(fence(version, 2), version);
    assertThat(images()).isEqualTo(before);
    destroy(version);
  }

  @Test
  void anImageWithoutWhatTheShellNeedsIsRefusedToo() throws Exception {
    VersionReference version = adopted("FROM " + BASE, "RUN rm /usr/bin/timeout", "CMD sleep 1");
    assertThat(built(version)).isEqualTo(new CommandRun.Exited(0));

    assertThatExceptionOfType(DriverFailure.Permanent.class)
        .isThrownBy(() -> use(version))
        .withMessageContaining("timeout");
    destroy(version);
  }

  @Test
  void whatSaysNowhereHowItStartsIsRefused() throws Exception {
    VersionReference version = adopted("FROM " + BASE, "ENTRYPOINT []");
    assertThat(built(version)).isEqualTo(new CommandRun.Exited(0));
    use(version);
    ExecutorSpecification executor = executor(version);

    assertThatExceptionOfType(DriverFailure.Permanent.class)
        .isThrownBy(() -> stage.runtime.start(fence(version, 1), executor))
        .withMessageContaining("neither CMD nor ENTRYPOINT");
    destroy(version);
  }

  @Test
  void laterVersionsBeginWhereTheirFirstChangeIsAndKeepWhatTheyBeginFrom() throws Exception {
    Set<String> before = images();
    String dockerfile =
        """
        FROM %1$s AS packages
        COPY package.json /
        RUN date +%%s%%N > /installed
        FROM %1$s
        COPY --from=packages /installed /installed
        COPY main.js /
        """
            .formatted(BASE);
    var files = Map.of("Dockerfile", dockerfile, "package.json", "{}", "main.js", "1");
    VersionReference first = adopted(version(), files);
    assertThat(built(first)).isEqualTo(new CommandRun.Exited(0));
    use(first);

    var second = new VersionReference(first.application(), "1700000000001");
    var changed = Map.of("Dockerfile", dockerfile, "package.json", "{}", "main.js", "2");
    adopted(second, changed);
    assertThat(built(second)).isEqualTo(new CommandRun.Exited(0));
    use(second);
    stage.runtime.discard(fence(first, 1), first);
    var third = new VersionReference(first.application(), "1700000000002");
    adopted(third, Map.of("Dockerfile", dockerfile, "package.json", "{}", "main.js", "3"));
    assertThat(built(third)).isEqualTo(new CommandRun.Exited(0));

    // COPY, RUN, and COPY from the first stage; nothing from the second one's own files on.
    assertThat(cached(first)).isZero();
    assertThat(cached(second)).isEqualTo(3);
    assertThat(cached(third)).isEqualTo(3);
    destroy(first);
    assertThat(images()).isEqualTo(before);
  }

  /// Of those that are shown.
  private static long cached(VersionReference version) throws Exception {
    return output(version).stream().filter(" ---> Using cache"::equals).count();
  }

  @Test
  void whoComesAfterACrashBuildsAgainAndWhatWasCutOffIsGone() throws Exception {
    Set<String> before = images();
    Set<String> running = containers();
    VersionReference version =
        adopted("FROM " + BASE, "RUN echo once > /once", "RUN [ -e /never ] || sleep 600");
    stage.runtime.build(fence(version, 1), version, "build", Set.of());
    awaitSleeping(version);

    assertThat(stage.another.look(version, "build")).isEqualTo(new CommandRun.Absent());
    stage.another.build(fence(version, 2), version, "build", Set.of());
    Awaitility.await()
        .atMost(Duration.ofSeconds(60))
        .until(() -> stage.another.look(version, "build") instanceof CommandRun.Running);
    stage.another.clear(fence(version, 2), version, "build");
    assertThat(stage.another.look(version, "build")).isEqualTo(new CommandRun.Absent());
    stage.runtime.discard(fence(version, 2), version);

    Awaitility.await()
        .atMost(Duration.ofSeconds(30))
        .untilAsserted(
            () -> {
              stage.runtime.destroy(fence(version, 2), version.application(), List.of());
              assertThat(containers()).isEqualTo(running);
              assertThat(images()).isEqualTo(before);
            });
  }

  private static void awaitSleeping(VersionReference version) {
    Awaitility.await()
        .atMost(Duration.ofSeconds(60))
        .until(
            () ->
                stage.engine.containers(its(version)).stream()
                    .anyMatch(
                        it ->
                            it.running()
                                && it.labels()
                                    .getOrDefault(VersionFolders.ROLE, "")
                                    .equals(VersionFolders.BUILD)));
  }

  @Test
  void aBuildMayLittleAndIsInTheNetworkOfItsOrganizationAlone() throws Exception {
    VersionReference version = adopted("FROM " + BASE, "RUN sleep 600");
    stage.runtime.build(fence(version, 1), version, "build", Set.of());
    awaitSleeping(version);

    for (var listed : stage.engine.containers(its(version))) {
      if (listed.running()) {
        var seen = stage.client.inspectContainerCmd(listed.id()).exec();
        assertThat(seen.getHostConfig().getPrivileged()).isFalse();
        assertThat(seen.getHostConfig().getMemory()).isEqualTo(2048L << 20);
        assertThat(seen.getHostConfig().getCpuShares()).isEqualTo(128);
        assertThat(seen.getHostConfig().getCpusetCpus()).isEqualTo("0-0");
        assertThat(listed.networks())
            .containsExactly(
                stage
                    .engine
                    .networks(stage.names.networkLabels(DockerRuntimeStage.ORGANIZATION))
                    .getFirst()
                    .id());
        assertThat(seen.getMounts()).isEmpty();
      }
    }
    // The engine notices a moment later that nobody listens to the build any more. Operations try
    // again, too.
    Awaitility.await()
        .atMost(Duration.ofSeconds(20))
        .ignoreExceptionsInstanceOf(DriverFailure.Transient.class)
        .until(
            () -> {
              destroy(version);
              return true;
            });
    assertThat(stage.engine.containers(its(version))).isEmpty();
  }
}
