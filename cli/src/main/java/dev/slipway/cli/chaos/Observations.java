package dev.slipway.cli.chaos;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// What is there: from the public API, the process table, the file system, and the databases with
/// their developers' own passwords. Nothing of it is from the platform's own tables.
///
/// @param organizations     by name
/// @param servers           every Postgres process of an instance
/// @param runs              every executor and every command of a deploy
/// @param members           every other process of an application, by its identifier
/// @param instanceFolders   the identifiers that have one
/// @param applicationFolders the versions that have a folder, by the identifier of the application
/// @param databases         what an instance says, by `organization/name`
/// @param answers           what an application says, by `organization/name`
record Observations(
    Map<String, Listed> organizations,
    List<Server> servers,
    List<Run> runs,
    List<Member> members,
    Set<String> instanceFolders,
    Map<String, Set<String>> applicationFolders,
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
      String waitingFor,
      String requestedBy,
      long createdAtMillis,
      Optional<Long> endedAtMillis) {}

  /// @param first whether it is the one that started the others
  record Server(String instance, long pid, boolean first) {}

  record Run(String application, String version, String kind, long pid) {}

  record Member(String application, long pid, String title) {}

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
