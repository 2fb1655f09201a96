package dev.slipway.cli.chaos;

import com.fasterxml.jackson.databind.JsonNode;
import dev.slipway.cli.api.ApiClient;
import dev.slipway.cli.api.ApplicationCalls;
import dev.slipway.cli.api.DatabaseConnection;
import dev.slipway.cli.api.Databases.Database;
import dev.slipway.cli.api.OperationView;
import dev.slipway.cli.api.Operations;
import dev.slipway.cli.chaos.Expectations.Presence;
import dev.slipway.cli.chaos.Observations.Belonging;
import dev.slipway.cli.chaos.Observations.Role;
import dev.slipway.cli.console.CommandFailure;
import dev.slipway.cli.console.Json;
import dev.slipway.cli.platform.ApplicationProcesses;
import dev.slipway.cli.platform.DataProcesses;
import dev.slipway.cli.platform.InstallationEngine;
import dev.slipway.cli.platform.PlatformHome;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/// Looks at a platform from outside.
final class Inspection {

  private static final int MOST_OPERATIONS = 100_000;

  private static final String INSTANCE = "ins_";

  private final PlatformHome home;
  private final @Nullable InstallationEngine engine;
  private final Map<String, ApiClient> clients;
  private final Expectations expectations;

  /// @param engine  where instances are containers; null where they are processes
  /// @param clients signed in, by the name of the organization
  Inspection(
      PlatformHome home,
      @Nullable InstallationEngine engine,
      Map<String, ApiClient> clients,
      Expectations expectations) {
    this.home = home;
    this.engine = engine;
    this.clients = clients;
    this.expectations = expectations;
  }

  /// @throws CommandFailure when the platform does not answer, or not with everything
  Observations look() throws IOException, InterruptedException {
    Map<String, Observations.Listed> organizations = new TreeMap<>();
    for (Map.Entry<String, ApiClient> one : clients.entrySet()) {
      organizations.put(one.getKey(), listed(one.getValue()));
    }
    Map<String, Observations.Contents> contents = new TreeMap<>();
    Map<String, Observations.Answer> answers = new TreeMap<>();
    ApplicationCalls calls = new ApplicationCalls(clients.values().iterator().next().address());
    for (Map.Entry<String, Observations.Listed> one : organizations.entrySet()) {
      for (Observations.Instance instance : one.getValue().instances()) {
        expectations
            .findInstance(one.getKey(), instance.name())
            .filter(it -> it.presence() == Presence.THERE && !it.linked())
            .ifPresent(
                it ->
                    contents.put(
                        one.getKey() + "/" + instance.name(),
                        contents(it, instance, one.getValue().applications())));
      }
      for (Observations.Application application : one.getValue().applications()) {
        if (!application.version().isEmpty()) {
          answers.put(one.getKey() + "/" + application.name(), answer(calls, application));
        }
      }
    }
    List<Observations.Run> runs = new ArrayList<>();
    List<Belonging> belongings = new ArrayList<>();
    servers(belongings);
    ApplicationProcesses applications = ApplicationProcesses.of(home);
    processes(applications, runs, belongings);
    Map<String, Set<String>> versionFolders = versionFolders(applications.folder());
    versionFolders
        .keySet()
        .forEach(folder -> belongings.add(new Belonging(folder, Role.OTHER, folder, "a folder")));
    if (engine != null) {
      containers(engine, runs, belongings);
      images(engine, versionFolders, belongings);
    }
    return new Observations(organizations, belongings, runs, versionFolders, contents, answers);
  }

  private static void processes(
      ApplicationProcesses applications, List<Observations.Run> runs, List<Belonging> belongings) {
    for (ApplicationProcesses.Run run : applications.runs()) {
      runs.add(
          new Observations.Run(
              run.application(), run.version(), run.kind(), "process " + run.pid()));
      belongings.add(
          process(run.application(), run.pid(), "the supervisor of a %s".formatted(run.kind())));
    }
    for (ApplicationProcesses.Member member : applications.all()) {
      ProcessTitle.of(member.pid())
          .ifPresent(
              title ->
                  belongings.add(
                      process(
                          member.application(),
                          member.pid(),
                          "the process '%s'".formatted(title))));
    }
  }

  private static Belonging process(String owner, long pid, String what) {
    return new Belonging(owner, Role.OTHER, "process " + pid, what);
  }

  private void servers(List<Belonging> belongings) throws IOException {
    DataProcesses data = DataProcesses.of(home);
    for (DataProcesses.Server server : data.under(data.instances())) {
      String folder = data.instances().relativize(server.directory()).getName(0).toString();
      boolean first =
          DataProcesses.postmaster(server.directory())
              .filter(pid -> pid == server.pid())
              .isPresent();
      // What has another name is the platform's own preparation.
      if (folder.startsWith(INSTANCE)) {
        belongings.add(
            new Belonging(
                folder,
                first ? Role.SERVER : Role.OTHER,
                "process " + server.pid(),
                "a server process"));
      }
    }
    for (String folder : names(data.instances(), INSTANCE)) {
      belongings.add(new Belonging(folder, Role.DATA, folder, "a folder"));
    }
  }

  /// A network is of every instance that is in its organization, and of nobody where there is none.
  private static void containers(
      InstallationEngine engine, List<Observations.Run> runs, List<Belonging> belongings)
      throws IOException {
    Map<String, Set<String>> members = new TreeMap<>();
    for (InstallationEngine.Container container : engine.containers()) {
      members
          .computeIfAbsent(container.organization(), it -> new TreeSet<>())
          .add(container.owner());
      belongings.add(
          new Belonging(
              container.owner(),
              container.runs() && !container.instance().isEmpty() ? Role.SERVER : Role.OTHER,
              container.name(),
              "a container"));
      if (container.runs() && !container.application().isEmpty()) {
        runs.add(
            new Observations.Run(
                container.application(),
                container.version(),
                container.isExecutor() ? "executor" : "command",
                "container " + container.name()));
      }
    }
    for (InstallationEngine.Volume volume : engine.volumes()) {
      members.computeIfAbsent(volume.organization(), it -> new TreeSet<>()).add(volume.owner());
      belongings.add(new Belonging(volume.owner(), Role.DATA, volume.name(), "a volume"));
    }
    for (InstallationEngine.Network network : engine.networks()) {
      for (String owner :
          members.getOrDefault(network.organization(), Set.of(network.organization()))) {
        belongings.add(new Belonging(owner, Role.OTHER, network.name(), "a network"));
      }
    }
  }

  /// A version of an application in containers has an image where others have a folder.
  private static void images(
      InstallationEngine engine,
      Map<String, Set<String>> versionFolders,
      List<Belonging> belongings)
      throws IOException {
    for (InstallationEngine.Image image : engine.images()) {
      belongings.add(new Belonging(image.application(), Role.OTHER, image.name(), "an image"));
      if (!image.version().isEmpty()) {
        versionFolders
            .computeIfAbsent(image.application(), it -> new TreeSet<>())
            .add(image.version());
      }
    }
  }

  private static Set<String> names(Path folder, String prefix) throws IOException {
    Set<String> names = new TreeSet<>();
    if (Files.isDirectory(folder)) {
      try (DirectoryStream<Path> entries = Files.newDirectoryStream(folder, prefix + "*")) {
        for (Path entry : entries) {
          names.add(entry.getFileName().toString());
        }
      }
    }
    return names;
  }

  private static Map<String, Set<String>> versionFolders(Path folder) throws IOException {
    Map<String, Set<String>> folders = new TreeMap<>();
    for (String application : names(folder, "app_")) {
      folders.put(application, names(folder.resolve(application).resolve("versions"), "[0-9]"));
    }
    return folders;
  }

  private static Observations.Listed listed(ApiClient client)
      throws IOException, InterruptedException {
    List<Observations.Instance> instances = new ArrayList<>();
    for (JsonNode it : client.call("GET", "/databases", null).body()) {
      instances.add(
          new Observations.Instance(
              it.path("ID").asText(),
              it.path("PostgresInstanceName").asText(),
              it.path("Status").asText(),
              it.path("HostName").asText(),
              it.path("Port").asInt(),
              it.path("IsLinked").asBoolean(),
              it.path("Reason").asText("")));
    }
    List<Observations.Application> applications = new ArrayList<>();
    for (JsonNode it : client.call("GET", "/applications", null).body()) {
      Set<String> versions = new TreeSet<>();
      String path = "/applications/%s/versions?details=true".formatted(it.path("Name").asText());
      for (JsonNode version : client.call("GET", path, null).body()) {
        versions.add(version.path("Version").asText());
      }
      applications.add(
          new Observations.Application(
              it.path("ID").asText(),
              it.path("Name").asText(),
              it.path("Status").asText(),
              it.path("Version").asText(""),
              it.path("PostgresInstanceName").asText(""),
              it.path("ApplicationDatabaseName").asText(""),
              it.path("AppURL").asText(""),
              it.path("MinExecutors").asInt(1),
              versions,
              it.path("Reason").asText("")));
    }
    List<Observations.Operation> operations = new ArrayList<>();
    // What is missing might not have ended.
    for (OperationView it : new Operations(client).complete(MOST_OPERATIONS)) {
      operations.add(operation(it));
    }
    return new Observations.Listed(instances, applications, operations);
  }

  private static Observations.Operation operation(OperationView view) {
    return new Observations.Operation(
        view.id(),
        view.kind(),
        view.json().path("subject").asText(),
        view.subjectName(),
        view.phase(),
        Objects.requireNonNullElse(view.outcome(), ""),
        view.json().path("step").asText(""),
        Objects.requireNonNullElse(view.causeCode(), ""),
        Objects.requireNonNullElse(view.cause(), ""),
        Objects.requireNonNullElse(view.next(), ""),
        Objects.requireNonNullElse(view.waitingFor(), ""),
        view.requestedBy(),
        view.createdAt().map(Instant::toEpochMilli).orElse(0L),
        view.endedAt().map(Instant::toEpochMilli));
  }

  private static Observations.Answer answer(
      ApplicationCalls calls, Observations.Application application) throws InterruptedException {
    try {
      String text = calls.get(application.url());
      return new Observations.Answer(Json.MAPPER.readTree(text).path("version").asText(""), text);
    } catch (IOException | CommandFailure failed) {
      return new Observations.Answer("", String.valueOf(failed.getMessage()));
    }
  }

  /// Tries every password that has ever been valid, and looks around with the one that works.
  private Observations.Contents contents(
      Expectations.Instance expected,
      Observations.Instance instance,
      List<Observations.Application> applications) {
    Path authority = home.certificateAuthority();
    Database address =
        new Database(
            instance.name(),
            instance.status(),
            instance.host(),
            instance.port(),
            expected.administrator(),
            false,
            java.util.Optional.empty(),
            Json.object());
    Set<String> accepted = new TreeSet<>();
    Set<String> refused = new TreeSet<>();
    Set<String> rows = new HashSet<>();
    Set<String> databases = new TreeSet<>();
    Set<String> roles = new TreeSet<>();
    Map<String, Observations.Schema> schemas = new TreeMap<>();
    String problem = "";
    for (String password : both(expected.passwords(), expected.retired())) {
      try (Connection connection = DatabaseConnection.open(address, password, authority);
          Statement statement = connection.createStatement()) {
        accepted.add(password);
        if (expected.retired().contains(password)) {
          continue;
        }
        try (ResultSet there = statement.executeQuery("select to_regclass('kept') is not null")) {
          there.next();
          if (there.getBoolean(1)) {
            rows.addAll(strings(connection, "select id from kept"));
          }
        }
        databases.addAll(strings(connection, "select datname from pg_catalog.pg_database"));
        roles.addAll(strings(connection, "select rolname from pg_catalog.pg_roles"));
        for (Observations.Application application : applications) {
          if (application.instance().equals(instance.name())
              && databases.contains(application.database())) {
            schemas.put(
                application.name(), schema(address, application.database(), password, authority));
          }
        }
      } catch (SQLException failure) {
        if (String.valueOf(failure.getSQLState()).startsWith("28")) {
          refused.add(password);
        } else {
          problem = String.valueOf(failure.getMessage());
        }
      }
    }
    return new Observations.Contents(accepted, refused, rows, databases, roles, schemas, problem);
  }

  private static List<String> both(Set<String> some, Set<String> others) {
    List<String> all = new ArrayList<>(some);
    all.addAll(others);
    return all;
  }

  private static Observations.Schema schema(
      Database address, String database, String password, Path authority) throws SQLException {
    Map<Integer, Integer> notes = new TreeMap<>();
    Map<Integer, Integer> effects = new TreeMap<>();
    Map<String, Integer> runs = new HashMap<>();
    try (Connection connection = DatabaseConnection.open(address, database, password, authority)) {
      if (strings(connection, "select 'yes' where to_regclass('effect') is not null").isEmpty()) {
        return new Observations.Schema(notes, effects, runs);
      }
      for (String step : strings(connection, "select step from note")) {
        notes.merge(Integer.valueOf(step), 1, Integer::sum);
      }
      for (String step : strings(connection, "select step from effect")) {
        effects.merge(Integer.valueOf(step), 1, Integer::sum);
      }
      for (String version : strings(connection, "select version from run where direction = 'up'")) {
        runs.merge(version, 1, Integer::sum);
      }
    }
    return new Observations.Schema(notes, effects, runs);
  }

  private static List<String> strings(Connection connection, String sql) throws SQLException {
    List<String> values = new ArrayList<>();
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(sql)) {
      while (row.next()) {
        values.add(row.getString(1));
      }
    }
    return values;
  }
}
