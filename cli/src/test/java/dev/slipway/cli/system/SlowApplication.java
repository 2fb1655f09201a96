package dev.slipway.cli.system;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionFactory;

/// An application whose workflows wait until they are told to go, and then write down on which
/// version they have run.
record SlowApplication(Example example) {

  static final String NAME = "slow-4";
  static final Path FILES = Path.of("src/test/resources/applications", NAME).toAbsolutePath();

  /// In the folder of somebody who is signed in there and has the instance `main`.
  static SlowApplication copy(PlatformUnderTest platform, Path mine, String organization)
      throws Exception {
    return new SlowApplication(Example.of(platform, mine, organization, FILES.resolve("first")));
  }

  String begin(String note) throws Exception {
    return example.post(NAME, "{\"note\":\"%s\"}".formatted(note)).path("workflow").asText();
  }

  /// In a queue that lets one pass in an hour.
  String enqueue(String note) throws Exception {
    return example
        .post(NAME, "{\"note\":\"%s\",\"queued\":true}".formatted(note))
        .path("workflow")
        .asText();
  }

  void go(String workflow) throws Exception {
    example.post(NAME, "{\"go\":\"%s\"}".formatted(workflow));
  }

  /// The version that serves, as itself says.
  String version() throws Exception {
    return example.get(NAME).path("version").asText();
  }

  /// `NOTE by VERSION`, in the order in which they were written.
  List<String> notes() throws Exception {
    List<String> notes = new ArrayList<>();
    for (JsonNode note : example.get(NAME).path("notes")) {
      notes.add(note.path("text").asText() + " by " + note.path("version").asText());
    }
    return notes;
  }

  /// Kills the process of the only executor there is and waits until another one answers.
  void crash() throws Exception {
    List<Long> supervisors = executors().supervisors();
    if (supervisors.size() != 1 || !ApplicationExecutors.killServer(supervisors.getFirst())) {
      throw new AssertionError("there is no one executor: " + supervisors);
    }
    await("it answers again").ignoreExceptions().until(() -> !version().isEmpty());
  }

  ApplicationExecutors executors() throws Exception {
    return ApplicationExecutors.of(example.platform(), example.id(NAME));
  }

  static ConditionFactory await(String what) {
    return Awaitility.await(what)
        .atMost(PlatformUnderTest.PATIENCE)
        .pollInterval(Duration.ofMillis(100));
  }
}
