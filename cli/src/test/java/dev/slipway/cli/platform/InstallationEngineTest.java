package dev.slipway.cli.platform;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.sun.net.httpserver.HttpServer;
import dev.slipway.cli.platform.InstallationEngine.Container;
import dev.slipway.cli.platform.InstallationEngine.Use;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What an engine answers, as its documentation has it.
class InstallationEngineTest {

  private final Map<String, String> answers = new TreeMap<>();
  private final List<String> asked = new ArrayList<>();
  private final HttpServer server;
  private final InstallationEngine engine;

  InstallationEngineTest() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        "/",
        exchange -> {
          asked.add(
              exchange.getRequestMethod()
                  + " "
                  + URLDecoder.decode(exchange.getRequestURI().toString(), StandardCharsets.UTF_8));
          String answer = answers.get(exchange.getRequestURI().getPath());
          byte[] body =
              (answer == null ? "{\"message\":\"no such thing\"}" : answer)
                  .getBytes(StandardCharsets.UTF_8);
          exchange.sendResponseHeaders(answer == null ? 404 : 200, body.length);
          exchange.getResponseBody().write(body);
          exchange.close();
        });
    engine =
        new InstallationEngine(
            new EngineConnection("tcp://127.0.0.1:" + server.getAddress().getPort()), "mine");
  }

  @BeforeEach
  void start() {
    server.start();
  }

  @AfterEach
  void stop() {
    server.stop(0);
  }

  @Test
  void onlyWhatCarriesTheInstallationIsAskedFor() throws IOException {
    answers.put(
        "/containers/json",
        """
        [{"Id":"c1","Names":["/slipway-1-ins_1.7"],"State":"paused",
          "Labels":{"dev.slipway.installation":"mine","dev.slipway.organization":"org_1",
                    "dev.slipway.instance":"ins_1"}}]""");

    List<Container> found = engine.containers();

    assertThat(found)
        .containsExactly(
            new Container("c1", "slipway-1-ins_1.7", "paused", "org_1", "ins_1", "", "", ""));
    assertThat(found.getFirst().runs()).isTrue();
    assertThat(asked)
        .containsExactly(
            "GET /containers/json?all=1&filters={\"label\":[\"dev.slipway.installation=mine\"]}");
  }

  @Test
  void memoryIsCountedWithoutFilesThatWereRead() throws IOException {
    answers.put(
        "/containers/c1/stats",
        """
        {"pids_stats":{"current":6},
         "memory_stats":{"usage":1000,"stats":{"total_inactive_file":300,"inactive_file":1}}}""");
    answers.put(
        "/containers/c2/stats",
        """
        {"pids_stats":{"current":7},"memory_stats":{"usage":1000,"stats":{"inactive_file":400}}}""");
    answers.put("/containers/c3/stats", "{\"pids_stats\":{},\"memory_stats\":{}}");

    assertThat(engine.use("c1")).isEqualTo(new Use(6, OptionalLong.of(700)));
    assertThat(engine.use("c2")).isEqualTo(new Use(7, OptionalLong.of(600)));
    assertThat(engine.use("c3")).isEqualTo(new Use(0, OptionalLong.empty()));
  }

  @Test
  void everythingIsRemovedAndContainersFirst() throws IOException {
    answers.put(
        "/containers/json",
        "[{\"Id\":\"c1\",\"Names\":[\"/one\"],\"State\":\"exited\",\"Labels\":{}}]");
    answers.put("/volumes", "{\"Volumes\":[{\"Name\":\"v1\",\"Labels\":{}}]}");
    answers.put(
        "/images/json",
        """
        [{"Id":"tree","Created":1,"RepoTags":["app:tree"],"Labels":{"dev.slipway.application":"app_1"}},
         {"Id":"version","Created":2,"RepoTags":[],"Labels":{"dev.slipway.version":"12"}}]""");
    answers.put("/networks", "[{\"Id\":\"n1\",\"Name\":\"net\",\"Labels\":{}}]");
    List.of("/containers/c1", "/volumes/v1", "/images/tree", "/images/version", "/networks/n1")
        .forEach(it -> answers.put(it, ""));

    engine.clear();

    assertThat(asked)
        .filteredOn(it -> it.startsWith("DELETE"))
        .containsExactly(
            "DELETE /containers/c1?force=true&v=true",
            "DELETE /volumes/v1",
            "DELETE /images/version?force=true",
            "DELETE /images/tree?force=true",
            "DELETE /networks/n1");
  }

  @Test
  void refusalsAndSilenceAreSaid(@TempDir Path folder) {
    assertThatExceptionOfType(IOException.class)
        .isThrownBy(() -> engine.use("gone"))
        .withMessageContaining("404", "no such thing");
    assertThatExceptionOfType(IOException.class)
        .isThrownBy(
            () ->
                new EngineConnection("unix://" + folder.resolve("none.sock"))
                    .get("/containers/json"));
  }
}
