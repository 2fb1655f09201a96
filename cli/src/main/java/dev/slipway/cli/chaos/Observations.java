package dev.slipway.cli.chaos;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// What is there: from the public API, the process table, the file system, the Docker engine, and
/// the databases with their developers' own passwords. Nothing of it is from the platform's own
/// tables.
///
/// @param organizations  by name
/// @param belongings     everything on this machine that says whose it is
/// @param runs           every executor and every command of a deploy
/// @param versionFolders the versions that have a folder, by the identifier of the application
/// @param databases      what an instance says, by `organization/name`
/// @param answers        what an application says, by `organization/name`
record Observations(
    Map<String, Listed> organizations,
    List<Belonging> belongings,
    List<Run> runs,
    Map<String, Set<String>> versionFolders,
    Map<String, Contents> databases,
    Map<String, Answer> answers) {

  /// What the API lists of one organization.
  record Listed(
      List<Instance> instances, List<Application> applications, List<Operation> operations) {}

  record Instance(
      String id,
      String name,
      String status,
      String host,
      int port,
      boolean linked,
      String reason) {}

  /// @param version   that serves; empty for none
  /// @param executors how many have to run
  /// @param versions  all that are kept
  record Application(
      String id,
      String name,
      String status,
      String version,
      String instance,
      String database,
      String url,
      int executors,
      Set<String> versions,
      String reason) {}

  /// @param outcome empty until it has ended
  /// @param cause   empty for none
  /// @param next    what a person is told to do about it; empty for nothing
  record Operation(
      String id,
      String kind,
      String subject,
      String subjectName,
      String phase,
      String outcome,
      String step,
      String cause,
      String causeText,
      String next,
      String waitingFor,
      String requestedBy,
      long createdAtMillis,
      Optional<Long> endedAtMillis) {

    boolean stuck() {
      return phase.equals("stuck");
    }
  }

  /// What a thing is to its owner.
  enum Role {
    /// Runs an instance; of these there is one.
    SERVER,
    /// Holds an instance's data; without it there is no instance.
    DATA,
    /// Whatever else must not outlive its owner.
    OTHER
  }

  /// A thing that exists for an instance or an application.
  ///
  /// @param owner the identifier that it says it is of
  /// @param name  by which a person finds it: `process 4711`, the name of a folder or a container
  /// @param what  `a server process`, `a folder`, `a volume`
  record Belonging(String owner, Role role, String name, String what) {}

  /// What keeps an executor running, or runs a command of a deploy.
  ///
  /// @param kind `executor` or `command`
  /// @param name by which a person finds it: `process 4711`, `container …`
  record Run(String application, String version, String kind, String name) {}

  /// What is in an instance.
  ///
  /// @param accepted the passwords that worked
  /// @param refused  the passwords that the server said are wrong
  /// @param problem  why it could not be looked at; empty otherwise
  record Contents(
      Set<String> accepted,
      Set<String> refused,
      Set<String> rows,
      Set<String> databases,
      Set<String> roles,
      Map<String, Schema> schemas,
      String problem) {}

  /// What the migrations of an application have left in its database.
  ///
  /// @param notes   how often each migration is noted
  /// @param effects how often each has had its effect
  /// @param runs    how often each version's migrations were begun
  record Schema(
      Map<Integer, Integer> notes, Map<Integer, Integer> effects, Map<String, Integer> runs) {}

  /// @param version that it says it is; empty when it did not answer with 200
  record Answer(String version, String text) {}
}
