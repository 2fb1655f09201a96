package dev.slipway.cli.system;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.slipway.cli.chaos.SteadyLoad;
import dev.slipway.cli.console.Json;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.ResourceLock;

/// Applications in containers, as those see them who deploy them, use them, and attack from within
/// one.
@InTurn(4)
@ResourceLock("the engine of containers")
class DockerApplicationsIT {

  private static final String CONFIGURATION =
      """
      language: node
      runtimeConfig:
        start:
          - node main.js
      """;

  /// Each attempt is refused when it throws.
  private static final String HOSTILE =
      """
      const fs = require('fs');
      const http = require('http');
      const net = require('net');
      const { execFileSync } = require('child_process');
      const { Client } = require('pg');
      const targets = require('./targets.json');

      async function attempts() {
        const results = {};
        const attempt = async (name, act) => {
          try { results[name] = 'REACHED ' + String(await act()).slice(0, 200); }
          catch (e) { results[name] = 'refused ' + (e.code ?? e.message); }
        };
        const connect = (host, port) => new Promise((resolve, reject) => {
          const socket = net.connect({ host, port, timeout: 2000 });
          socket.on('connect', () => { socket.destroy(); resolve('connected'); });
          socket.on('timeout', () => { socket.destroy(); reject(new Error('timeout')); });
          socket.on('error', reject);
        });
        const query = async (url, sql) => {
          const client = new Client({ connectionString: url, connectionTimeoutMillis: 4000 });
          await client.connect();
          try { return JSON.stringify((await client.query(sql)).rows); } finally { await client.end(); }
        };

        await attempt('own file', () => fs.readFileSync('main.js', 'utf8').length);
        await attempt('own database', () => query(process.env.DBOS_DATABASE_URL, 'select current_user'));
        await attempt('own temporary folder', () => fs.writeFileSync('/tmp/mine', 'mine') ?? 'written');

        // The engine's host has an address in each of its networks.
        const route = fs.readFileSync('/proc/net/route', 'utf8').split('\\n')
          .map((line) => line.split('\\t')).find((line) => line[1] === '00000000');
        const host = route[2].match(/../g).reverse().map((part) => parseInt(part, 16)).join('.');
        for (const [name, port] of Object.entries(targets.ports)) {
          for (const address of ['127.0.0.1', host, 'host.docker.internal']) {
            await attempt(`${name} at ${address}`, () => connect(address, port));
          }
        }
        for (const [name, [address, port]] of Object.entries(targets.containers)) {
          await attempt(name, () => connect(address, port));
        }
        for (const file of ['/var/run/docker.sock', '/run/docker.sock', ...targets.files]) {
          await attempt('read ' + file, () => fs.readFileSync(file, 'utf8'));
        }
        await attempt('connect to the socket', () => new Promise((resolve, reject) =>
          net.connect('/var/run/docker.sock', () => resolve('connected')).on('error', reject)));
        for (const file of ['/etc/passwd', '/usr/bin/mine', '/slipway/init.sh', '/mine', '/app/main.js', '/app/mine',
            '/proc/sys/kernel/hostname', '/sys/fs/cgroup/mine']) {
          await attempt('write ' + file, () => fs.writeFileSync(file, 'mine'));
        }
        await attempt('a device of the host', () => fs.readFileSync('/dev/sda'));
        await attempt('the memory of the host', () => fs.readFileSync('/dev/mem'));
        await attempt('a capability', () => {
          const status = fs.readFileSync('/proc/self/status', 'utf8');
          const found = status.split('\\n').filter((line) => /^Cap(Inh|Prm|Eff|Bnd|Amb):/.test(line))
            .filter((line) => !/\\t0+$/.test(line));
          if (found.length === 0) throw new Error('none');
          return found;
        });
        await attempt('new privileges', () => {
          if (/NoNewPrivs:\\t1/.test(fs.readFileSync('/proc/self/status', 'utf8'))) throw new Error('none');
          return 'possible';
        });
        await attempt('to be root', () => process.setuid(0) ?? 'root');
        await attempt('su', () => execFileSync('su', ['-c', 'id'], { stdio: 'pipe' }));
        await attempt('mount', () => execFileSync('mount', ['-t', 'tmpfs', 'none', '/mnt'], { stdio: 'pipe' }));
        await attempt('a process of the host', () => {
          const names = fs.readdirSync('/proc').filter((name) => /^\\d+$/.test(name))
            .map((name) => { try { return fs.readFileSync(`/proc/${name}/comm`, 'utf8').trim(); } catch { return ''; } })
            .filter((name) => /dockerd|containerd|java|postgres/.test(name));
          if (names.length === 0) throw new Error('none');
          return names;
        });
        return results;
      }

      http.createServer((_, response) => attempts().then(
        (results) => response.end(JSON.stringify(results)),
        (failure) => response.writeHead(500).end(String(failure)))).listen(3000);
      """;

  private static PlatformUnderTest platform;
  private static EngineFromOutside engine;

  @BeforeAll
  static void start() throws Exception {
    EngineFromOutside.requireImages("postgres:18", "node:20-bookworm-slim");
    platform = PlatformUnderTest.another();
    platform.slipway(platform.folder(), "up", "--detach", "--driver", "docker").succeeded();
    engine = EngineFromOutside.of(platform);
  }

  @AfterAll
  static void removeContainers() throws Exception {
    if (engine != null) {
      engine.removeAll();
    }
    if (platform != null) {
      platform.close();
    }
  }

  @Test
  void nobodyNoticesASecondVersionAndARollBackInContainers() throws Exception {
    OfficialCommand command = OfficialCommand.install(platform);
    Path mine = platform.user("dockapp");
    platform
        .slipway(mine, "db", "provision", "main", "-U", "owner_1", "--generate-password")
        .succeeded();
    Example guestbook = Example.copy(platform, mine, "dockapp", "guestbook");

    assertThat(command.run(mine, "app", "deploy").succeeded().out())
        .contains("Successfully deployed guestbook!");

    assertThat(guestbook.get("guestbook")).hasSize(2);
    assertThat(guestbook.get("guestbook").get(0).has("mood")).isFalse();
    assertThat(platform.slipway(mine, "app", "logs").succeeded().out())
        .contains("The guestbook listens on port");
    var users = new SteadyLoad.Manner(60, false, Duration.ofMinutes(60));
    try (SteadyLoad load = new SteadyLoad(platform.trust(), guestbook.url("guestbook"), users)) {
      moreAnswers(load);
      load.phase("second version");
      guestbook.put(mine.resolve("demo-second-version"));
      long began = System.nanoTime();
      assertThat(command.run(mine, "app", "deploy").succeeded().out())
          .contains("Successfully deployed guestbook!");
      System.out.printf(
          "a second version with the same lock file: %d ms%n",
          (System.nanoTime() - began) / 1_000_000);
      moreAnswers(load);
      assertThat(guestbook.get("guestbook").get(0).has("mood")).isTrue();
      load.phase("roll back");
      platform.slipway(mine, "app", "rollback").succeeded();
      moreAnswers(load);
      assertThat(guestbook.get("guestbook").get(0).has("mood")).isFalse();
      load.end();
      System.out.printf(
          "%.0f requests a second, %d in all, failed: %s%n",
          load.perSecond(), load.answered(), load.failures());
      assertThat(load.failures()).isEmpty();
    }
    platform.slipway(mine, "app", "delete", "guestbook", "--yes", "--dropdb").succeeded();
    platform.slipway(mine, "db", "destroy", "main", "--yes").succeeded();
    String own = "label=dev.slipway.organization";
    assertThat(engine.list("ps", "-aq", "--filter", own)).isEmpty();
    assertThat(engine.list("images", "-q", "--filter", own)).isEmpty();
    assertThat(engine.volumes()).isEmpty();
    assertThat(engine.networks()).isEmpty();
  }

  @Test
  void itsOwnDockerfileInstallsBuildsAndStartsItAndWhatIsNotBuiltReplacesNothing()
      throws Exception {
    Path mine = platform.user("dockown");
    platform
        .slipway(mine, "db", "provision", "main", "-U", "owner_1", "--generate-password")
        .succeeded();
    Example visits = Example.copy(platform, mine, "dockown", "plain-node");
    visits.replace("dbos-config.yaml", "runtimeConfig:\n  start:\n    - node main.js\n", "");
    visits.replace("package.json", "\"start\": \"node main.js\"", "\"start\": \"exit 1\"");
    visits.replace("main.js", "JSON.stringify(rows[0])", "JSON.stringify({ ...rows[0], built })");
    visits.replace(
        "main.js",
        "const database = pool();",
        """
        import { readFileSync } from 'node:fs';
        const built = readFileSync('built.txt', 'utf8').trim();
        const database = pool();""");
    visits.write(".dockerignore", "**/node_modules\nDockerfile\n");
    visits.write(
        "Dockerfile",
        """
        FROM node:20-bookworm-slim
        WORKDIR /srv/visits
        COPY package*.json ./
        RUN npm ci
        COPY . .
        RUN echo "built in $PWD" > built.txt
        CMD ["node", "main.js"]
        """);

    platform.slipway(mine, "app", "deploy", "plain-node", "-d", "main").succeeded();
    JsonNode answer = visits.get("plain-node");
    assertThat(answer.path("built").asText()).isEqualTo("built in /srv/visits");
    assertThat(answer.path("visits").asInt()).isEqualTo(1);

    visits.replace(
        "Dockerfile", "RUN echo", "RUN echo 'there is no such tool' >&2; exit 42\nRUN echo");
    PlatformUnderTest.Result refused = platform.slipway(mine, "app", "deploy", "plain-node");
    assertThat(refused.exitCode()).isNotZero();
    assertThat(refused.out() + refused.err())
        .contains("build failed (exit status 42)", "there is no such tool");
    assertThat(visits.get("plain-node").path("visits").asInt()).isEqualTo(2);
    assertThat(platform.slipway(mine, "app", "logs").succeeded().out())
        .contains("[build]  ---> Using cache");

    platform.slipway(mine, "app", "delete", "plain-node", "--yes", "--dropdb").succeeded();
    platform.slipway(mine, "db", "destroy", "main", "--yes").succeeded();
    assertThat(engine.list("images", "-q", "--filter", "label=dev.slipway.role=build")).isEmpty();
  }

  private static void moreAnswers(SteadyLoad load) {
    long before = load.answered();
    Awaitility.await()
        .atMost(PlatformUnderTest.PATIENCE)
        .pollInterval(Duration.ofMillis(20))
        .until(() -> load.answered() >= before + 150);
  }

  @Test
  void aHostileApplicationReachesNothingOfThePlatformTheHostOrOthers() throws Exception {
    Path victims = platform.user("dockvictim");
    platform
        .slipway(victims, "db", "provision", "theirs", "-U", "owner_1", "--generate-password")
        .succeeded();
    Example victim = Example.copy(platform, victims, "dockvictim", "guestbook");
    platform.slipway(victims, "app", "deploy", "-d", "theirs").succeeded();
    assertThat(victim.get("guestbook")).hasSize(2);
    // Its own organization's instance comes later: that it may reach.
    Map<String, Object> targets = targets();
    Path mine = platform.user("dockhostile");
    platform
        .slipway(mine, "db", "provision", "main", "-U", "owner_1", "--generate-password")
        .succeeded();
    Example hostile =
        Example.of(
            platform, mine, "dockhostile", Files.createTempDirectory(platform.folder(), "empty"));
    hostile.write(
        "package.json",
        """
        {"name": "hostile", "version": "1.0.0", "private": true, "dependencies": {"pg": "8.13.1"}}
        """);
    hostile.write("dbos-config.yaml", CONFIGURATION);
    hostile.write("main.js", HOSTILE);
    hostile.write("targets.json", Json.MAPPER.writeValueAsString(targets));

    platform.slipway(mine, "app", "deploy", "hostile", "-d", "main").succeeded();
    JsonNode answer = hostile.get("hostile");

    Map<String, String> results = new TreeMap<>();
    answer.properties().forEach(it -> results.put(it.getKey(), it.getValue().asText()));
    results.forEach((attempt, result) -> System.out.printf("%-60s %s%n", attempt, result));
    for (String its : List.of("own file", "own database", "own temporary folder")) {
      assertThat(results.remove(its)).as(its).startsWith("REACHED");
    }
    assertThat(results).hasSizeGreaterThan(30);
    assertThat(results.values()).as("%s", results).allMatch(result -> result.startsWith("refused"));
    assertThat(victim.get("guestbook")).hasSize(2);
    platform.slipway(mine, "db", "destroy", "main", "--yes", "--force").succeeded();
    platform.slipway(victims, "db", "destroy", "theirs", "--yes", "--force").succeeded();
  }

  /// Where the platform and the other organization's things are.
  private static Map<String, Object> targets() throws Exception {
    JsonNode settings =
        Json.MAPPER.readTree(platform.home().resolve("platform.json").toFile()).path("ports");
    Map<String, Object> ports = new TreeMap<>();
    settings
        .properties()
        .forEach(port -> ports.put("port of " + port.getKey(), port.getValue().asInt()));
    assertThat(ports).hasSizeGreaterThan(4);
    Map<String, Object> containers = new TreeMap<>();
    for (String id : engine.list("ps", "-q")) {
      JsonNode container =
          Json.MAPPER.readTree(EngineFromOutside.docker("inspect", id).succeeded().out()).path(0);
      boolean instance = container.path("Config").path("Labels").has("dev.slipway.instance");
      String name = container.path("Name").asText();
      for (JsonNode network : container.path("NetworkSettings").path("Networks")) {
        containers.put(
            "container " + name,
            List.of(network.path("IPAddress").asText(), instance ? 5432 : 3000));
      }
      for (JsonNode bindings : container.path("NetworkSettings").path("Ports")) {
        for (JsonNode binding : bindings) {
          ports.put("published port of " + name, binding.path("HostPort").asInt());
        }
      }
    }
    assertThat(containers).hasSizeGreaterThan(1);
    return Map.of(
        "ports",
        ports,
        "containers",
        containers,
        "files",
        List.of(
            "/etc/shadow",
            platform.home().resolve("platform.json").toString(),
            platform.home().resolve("keys").resolve("installation.key").toString()));
  }
}
