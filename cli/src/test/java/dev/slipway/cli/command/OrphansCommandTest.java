package dev.slipway.cli.command;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import dev.slipway.cli.platform.RunningHome;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OrphansCommandTest {

  @TempDir private Path folder;

  private HttpServer service;
  private Shell shell;

  @BeforeEach
  void run() throws IOException {
    service = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    service.createContext(
        "/internal/orphans",
        exchange -> {
          byte[] answer =
              (exchange.getRequestMethod().equals("GET")
                      ? "{\"found\":[{\"instance\":\"ins_1\",\"kind\":\"directory\",\"name\":\"ins_1\","
                          + "\"reason\":\"nobody's\"}],\"missing\":[]}"
                      : "[]")
                  .getBytes(UTF_8);
          exchange.sendResponseHeaders(200, answer.length);
          exchange.getResponseBody().write(answer);
          exchange.close();
        });
    service.start();
    int port = service.getAddress().getPort();
    shell = new Shell(folder);
    RunningHome.make(shell.home(), port, port, port);
  }

  @AfterEach
  void stop() {
    service.stop(0);
  }

  @Test
  void whoeverIsAskedIsToldWhatForAlsoInJson() throws Exception {
    Shell.Result asked = shell.run("orphans", "clean", "--json");
    Shell.Result agreed = shell.run("orphans", "clean", "--json", "--yes");

    assertThat(asked.exitCode()).isEqualTo(2);
    assertThat(asked.err()).contains("ins_1  move its folder to the trash (nobody's)");
    assertThat(agreed.exitCode()).as(agreed.err()).isZero();
    assertThat(agreed.err()).isEmpty();
    assertThat(agreed.json()).isEmpty();
  }
}
