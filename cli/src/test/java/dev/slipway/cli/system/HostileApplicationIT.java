package dev.slipway.cli.system;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.slipway.cli.console.Json;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;

/// An application that tries to get at the platform and at another application of the same
/// organization on the same instance, and answers with what it got.
@InTurn(1)
@Isolated("looks at all processes")
class HostileApplicationIT {

  private static final String SECRET = "victims-secret-4712";
  private static final String PACKAGE =
      """
      {"name": "NAME", "version": "1.0.0", "private": true, "dependencies": {"pg": "8.13.1"}}
      """;
  private static final String CONFIGURATION =
      """
      language: node
      runtimeConfig:
        start:
          - node main.js
      """;
  private static final String VICTIM =
      """
      const { Client } = require('pg');
      async function main() {
        const client = new Client({ connectionString: process.env.DBOS_DATABASE_URL });
        await client.connect();
        await client.query('create table if not exists treasure (what text)');
        require('http').createServer((_, response) =>
          response.end(JSON.stringify({ pid: process.pid }))).listen(3000);
      }
      main();
      """;

  /// Each attempt is refused when it throws.
  private static final String HOSTILE =
      """
      const fs = require('fs');
      const http = require('http');
      const path = require('path');
      const { Client } = require('pg');
      const targets = require('./targets.json');

      async function attempts() {
        const results = {};
        const attempt = async (name, act) => {
          try { results[name] = 'REACHED ' + String(await act()).slice(0, 200); }
          catch (e) { results[name] = 'refused ' + (e.code ?? e.message); }
        };
        const query = async (url, sql) => {
          const client = new Client({ connectionString: url, connectionTimeoutMillis: 5000 });
          await client.connect();
          try { return JSON.stringify((await client.query(sql)).rows); } finally { await client.end(); }
        };
        const own = new URL(process.env.DBOS_DATABASE_URL);
        const of = (change) => { const url = new URL(own); change(url); return url.href; };
        const ask = (url) => new Promise((resolve, reject) =>
          http.get(url, (answer) => answer.statusCode < 400
            ? resolve(answer.statusCode) : reject(new Error('status ' + answer.statusCode)))
            .on('error', reject));

        await attempt('own file', () => fs.readFileSync('main.js', 'utf8').length);
        await attempt('own environment', () => fs.readFileSync('/proc/self/environ', 'utf8').length);
        await attempt('own database', () => query(own.href, 'select current_user'));

        for (const file of targets.files) {
          await attempt('read ' + file, () => fs.readFileSync(file, 'utf8'));
        }
        for (const folder of targets.folders) {
          await attempt('list ' + folder, () => fs.readdirSync(folder));
          await attempt('write ' + folder, () => fs.writeFileSync(path.join(folder, 'mine'), 'mine'));
        }
        for (const pid of targets.pids) {
          await attempt('environment of ' + pid, () => fs.readFileSync(`/proc/${pid}/environ`, 'utf8'));
          await attempt('memory of ' + pid, () => fs.openSync(`/proc/${pid}/mem`, 'r'));
          await attempt('files of ' + pid, () => fs.readdirSync(`/proc/${pid}/root/`));
          await attempt('signal to ' + pid, () => process.kill(pid, 'SIGTERM'));
        }
        await attempt('any process that knows the secret', () => {
          const found = fs.readdirSync('/proc').filter((name) => /^\\d+$/.test(name)).filter((name) => {
            try {
              return ['environ', 'cmdline'].some((file) =>
                fs.readFileSync(`/proc/${name}/${file}`, 'utf8').includes(targets.secret));
            } catch { return false; }
          });
          if (found.length === 0) throw new Error('none');
          return found;
        });
        await attempt('the other database', () =>
          query(of((url) => { url.pathname = '/victim'; }), 'select * from treasure'));
        await attempt('the other system database', () =>
          query(of((url) => { url.pathname = '/victim_dbos_sys'; }), 'select 1'));
        await attempt('the other role', () =>
          query(of((url) => { url.pathname = '/victim'; url.username = 'victim'; }), 'select 1'));
        await attempt('to become the other role', () => query(own.href, 'set role victim'));
        await attempt('files of the server', () => query(own.href, "select pg_read_file('pg_hba.conf')"));
        await attempt('a program of the server', () => query(own.href, "copy (select 1) to program 'id'"));
        await attempt('another database', () => query(own.href, 'create database mine'));
        await attempt('the control database', () =>
          query(of((url) => {
            url.port = targets.control; url.username = 'postgres'; url.pathname = '/deploy_service';
            url.search = '';
          }), 'select 1'));
        for (const url of targets.services) {
          await attempt('ask ' + url, () => ask(url));
        }
        return results;
      }

      http.createServer((_, response) => attempts().then(
        (results) => response.end(JSON.stringify(results)),
        (failure) => response.writeHead(500).end(String(failure)))).listen(3000);
      """;

  @Test
  void itReachesNothingOfThePlatformOrOfOthers() throws Exception {
    PlatformUnderTest platform = PlatformUnderTest.get();
    PlatformFromOutside outside = PlatformFromOutside.shared();
    Path mine = platform.user("hostile");
    platform
        .slipway(mine, "db", "provision", "main", "-U", "owner_1", "--generate-password")
        .succeeded();
    Example victim = application(platform, mine, "victim", VICTIM);
    victim.write("secret.txt", SECRET);
    platform.slipway(victim.folder(), "app", "register", "victim", "-d", "main").succeeded();
    platform
        .slipwayWith(
            victim.folder(), SECRET, "app", "env", "create", "-s", "TREASURE", "--value-stdin")
        .succeeded();
    platform.slipway(victim.folder(), "app", "deploy", "victim").succeeded();
    Example hostile = application(platform, mine, "hostile", HOSTILE);
    hostile.write(
        "targets.json", Json.MAPPER.writeValueAsString(targets(platform, outside, victim)));

    platform.slipway(hostile.folder(), "app", "deploy", "hostile", "-d", "main").succeeded();
    JsonNode answer = hostile.get("hostile");
    Path beside = platform.home().resolve("data").toRealPath().resolve("applications");

    Map<String, String> results = new TreeMap<>();
    answer.properties().forEach(it -> results.put(it.getKey(), it.getValue().asText()));
    for (String its : List.of("own file", "own environment", "own database")) {
      assertThat(results.remove(its)).as(its).startsWith("REACHED");
    }
    assertThat(results).hasSizeGreaterThan(30);
    // In a view of its own the way to its own folder is there, and nothing beside it; what it
    // writes
    // there is written nowhere else.
    String own = "REACHED (\\.driver-\\w+,)?" + hostile.id("hostile");
    results
        .entrySet()
        .removeIf(it -> it.getKey().equals("list " + beside) && it.getValue().matches(own));
    results.keySet().removeIf(attempt -> attempt.equals("write " + beside));
    assertThat(results.values()).as("%s", results).allMatch(result -> result.startsWith("refused"));
    assertThat(beside.resolve("mine")).doesNotExist();
    assertThat(victim.get("victim").path("pid").asInt()).isPositive();
    assertThat(outside.ready()).isTrue();
    platform.slipway(mine, "db", "destroy", "main", "--yes", "--force").succeeded();
  }

  private static Map<String, Object> targets(
      PlatformUnderTest platform, PlatformFromOutside outside, Example victim) throws Exception {
    Path home = platform.home();
    Path data = home.resolve("data").toRealPath();
    String id = victim.id("victim");
    Path folder = data.resolve("applications").resolve(id);
    List<String> folders = new ArrayList<>();
    for (Path target :
        List.of(
            home.resolve("keys"),
            home.resolve("logs"),
            data.resolve("control"),
            data.resolve("instances"),
            data.resolve("archives"),
            data.resolve("applications"),
            folder,
            folder.resolve("log"),
            folder.resolve("versions"))) {
      assertThat(target).isDirectory();
      folders.add(target.toString());
    }
    List<String> files = new ArrayList<>();
    files.add("/etc/shadow");
    files.add(home.resolve("platform.json").toString());
    try (var keys = Files.newDirectoryStream(home.resolve("keys"), "[a-z]*")) {
      keys.forEach(key -> files.add(key.toString()));
    }
    try (var versions = Files.newDirectoryStream(folder.resolve("versions"))) {
      for (Path version : versions) {
        assertThat(version.resolve("app/secret.txt")).hasContent(SECRET);
        files.add(version.resolve("app/secret.txt").toString());
      }
    }
    List<Long> pids = new ArrayList<>();
    for (String service : List.of("deploy-service", "instance-service", "gateway", "local-stack")) {
      pids.add(outside.process(service).pid());
    }
    for (long supervisor : ApplicationExecutors.of(platform, id).supervisors()) {
      ProcessHandle.of(supervisor).stream()
          .flatMap(ProcessHandle::descendants)
          .map(ProcessHandle::pid)
          .forEach(pids::add);
    }
    List<String> services = new ArrayList<>();
    for (String service : List.of("deploy-service", "instance-service", "account-service")) {
      services.add("http://127.0.0.1:%d/internal/orphans".formatted(outside.internalPort(service)));
      services.add(
          "http://127.0.0.1:%d/v1alpha1/hostile/applications"
              .formatted(outside.internalPort(service)));
    }
    Map<String, Object> targets = new HashMap<>();
    targets.put("files", files);
    targets.put("folders", folders);
    targets.put("pids", pids);
    targets.put("services", services);
    targets.put("secret", SECRET);
    targets.put("control", Integer.toString(outside.internalPort("postgres")));
    return targets;
  }

  private static Example application(
      PlatformUnderTest platform, Path mine, String name, String code) throws Exception {
    Example application =
        Example.of(
            platform,
            platform.workFolder("hostile-" + name),
            "hostile",
            Files.createTempDirectory(platform.folder(), "empty"));
    application.signInAs(mine);
    application.write("package.json", PACKAGE.replace("NAME", name));
    application.write("dbos-config.yaml", CONFIGURATION);
    application.write("main.js", code);
    return application;
  }
}
