package dev.slipway.cli.platform;

import com.fasterxml.jackson.databind.JsonNode;
import dev.slipway.cli.console.Surroundings;
import java.io.IOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/// What one installation has on a Docker engine, found by asking the engine for its label, whoever
/// made it. Nothing of another installation is ever seen or touched.
///
/// @param engine       where it is
/// @param installation the label's value
public record InstallationEngine(EngineConnection engine, String installation) {

  private static final String LABEL = "dev.slipway.";

  /// What a thing's labels say of it; empty where they say nothing.
  ///
  /// @param instance    `ins_…`
  /// @param application `app_…`
  /// @param version     of the application
  /// @param role        what it is for the application: `executor`, or the folder of a version,
  ///                    which runs while a command does
  public record Container(
      String id,
      String name,
      String state,
      String organization,
      String instance,
      String application,
      String version,
      String role) {

    public boolean runs() {
      return state.equals("running") || state.equals("paused");
    }

    /// Whether it was put away for a person to remove.
    public boolean inTrash() {
      return name.contains(".trash.");
    }

    public boolean isExecutor() {
      return role.equals("executor");
    }

    /// Whose it is.
    public String owner() {
      return instance.isEmpty() ? application : instance;
    }
  }

  public record Volume(String name, String organization, String owner) {}

  /// @param version empty for the packages of a lock file
  public record Image(String id, String name, String application, String version) {}

  public record Network(String id, String name, String organization) {}

  /// What a container takes.
  ///
  /// @param bytes without what is in its memory only because it was read from a file
  public record Use(int processes, OptionalLong bytes) {}

  /// Of the platform that lives in these surroundings; empty where its instances are processes.
  public static Optional<InstallationEngine> of(PlatformHome home, Surroundings surroundings) {
    return PlatformSettings.read(home)
        .filter(it -> it.driver().equals(PlatformSettings.DOCKER))
        .map(it -> new InstallationEngine(EngineConnection.of(surroundings), it.installation()));
  }

  public List<Container> containers() throws IOException {
    List<Container> found = new ArrayList<>();
    for (JsonNode it : engine.get("/containers/json?all=1&" + filter())) {
      JsonNode labels = it.path("Labels");
      found.add(
          new Container(
              it.path("Id").asText(),
              it.path("Names").path(0).asText().replaceFirst("^/", ""),
              it.path("State").asText(),
              label(labels, "organization"),
              label(labels, "instance"),
              label(labels, "application"),
              label(labels, "version"),
              label(labels, "role")));
    }
    return found;
  }

  /// The newest first: an older one may be what it is made of.
  public List<Image> images() throws IOException {
    List<JsonNode> all = new ArrayList<>();
    engine.get("/images/json?" + filter()).forEach(all::add);
    all.sort(Comparator.comparingLong((JsonNode it) -> it.path("Created").asLong()).reversed());
    List<Image> found = new ArrayList<>();
    for (JsonNode it : all) {
      JsonNode labels = it.path("Labels");
      String id = it.path("Id").asText();
      found.add(
          new Image(
              id,
              it.path("RepoTags").path(0).asText(id),
              label(labels, "application"),
              label(labels, "version")));
    }
    return found;
  }

  public List<Volume> volumes() throws IOException {
    List<Volume> found = new ArrayList<>();
    for (JsonNode it : engine.get("/volumes?" + filter()).path("Volumes")) {
      JsonNode labels = it.path("Labels");
      String instance = label(labels, "instance");
      found.add(
          new Volume(
              it.path("Name").asText(),
              label(labels, "organization"),
              instance.isEmpty() ? label(labels, "application") : instance));
    }
    return found;
  }

  public List<Network> networks() throws IOException {
    List<Network> found = new ArrayList<>();
    for (JsonNode it : engine.get("/networks?" + filter())) {
      found.add(
          new Network(
              it.path("Id").asText(),
              it.path("Name").asText(),
              label(it.path("Labels"), "organization")));
    }
    return found;
  }

  /// The number by which the engine's host knows a container's first process; empty when it does
  /// not run.
  public OptionalLong firstProcess(String container) throws IOException {
    long pid = engine.get("/containers/%s/json".formatted(container)).at("/State/Pid").asLong();
    return pid > 0 ? OptionalLong.of(pid) : OptionalLong.empty();
  }

  public Use use(String container) throws IOException {
    JsonNode seen =
        engine.get("/containers/%s/stats?stream=false&one-shot=true".formatted(container));
    JsonNode memory = seen.path("memory_stats");
    JsonNode details = memory.path("stats");
    // The two versions of control groups name it differently.
    long files =
        details.path("total_inactive_file").asLong(details.path("inactive_file").asLong(0));
    long bytes = memory.path("usage").asLong(0);
    return new Use(
        seen.path("pids_stats").path("current").asInt(0),
        bytes == 0 ? OptionalLong.empty() : OptionalLong.of(bytes - files));
  }

  /// SIGKILL to its first process, with which all others go.
  public void kill(Container container) throws IOException {
    engine.post("/containers/%s/kill".formatted(container.id()));
  }

  /// Stops all of its processes where they are.
  public void pause(Container container) throws IOException {
    engine.post("/containers/%s/pause".formatted(container.id()));
  }

  public void unpause(Container container) throws IOException {
    engine.post("/containers/%s/unpause".formatted(container.id()));
  }

  /// Removes everything, whatever state it is in.
  public void clear() throws IOException {
    for (Container container : containers()) {
      engine.delete("/containers/%s?force=true&v=true".formatted(container.id()));
    }
    for (Volume volume : volumes()) {
      engine.delete("/volumes/" + volume.name());
    }
    for (Image image : images()) {
      engine.delete("/images/%s?force=true".formatted(image.id()));
    }
    for (Network network : networks()) {
      engine.delete("/networks/" + network.id());
    }
  }

  private static String label(JsonNode labels, String name) {
    return labels.path(LABEL + name).asText("");
  }

  private String filter() {
    return "filters="
        + URLEncoder.encode(
            "{\"label\":[\"%sinstallation=%s\"]}".formatted(LABEL, installation),
            StandardCharsets.UTF_8);
  }
}
