package dev.slipway.deploy.domain;

import dev.slipway.common.operation.DriverFailure;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// What a version's language, package manager and SDK ask for. It knows configuration files,
/// commands and environments, and nothing of processes: it reads through what it is given, and
/// whoever asks writes and runs.
public interface Blueprint {

  /// What a version says about itself. Asked before it is installed and again afterwards, when the
  /// SDK that was really installed can be seen.
  ///
  /// @param builds whether its own Dockerfile is built, where it has one; it is ignored otherwise
  /// @throws DriverFailure.Permanent `bad-configuration`, saying what is wrong and what to do
  Manifest read(Application application, Files files, boolean builds) throws DriverFailure;

  /// The files to replace so that this SDK finds its databases, by path.
  Map<String, String> configuration(Surroundings surroundings, Files files) throws DriverFailure;

  /// The code of a migration that was refused because it would break active workflows.
  String BREAKING = "breaking-migration";

  /// The commands of a run, in order; empty when this version has none.
  List<String> commands(Run run, Manifest manifest);

  /// The commands that start an executor, in order.
  List<String> start(Manifest manifest);

  /// The whole environment. It is composed anew each time, from secrets that rest encrypted.
  Environment environment(Surroundings surroundings);

  /// The text files of one version.
  @FunctionalInterface
  interface Files {
    Optional<String> read(String path) throws DriverFailure;
  }

  /// Where a version is to run.
  ///
  /// @param databaseHost where it reaches its databases from there
  /// @param executor  absent for commands
  /// @param authority the file with the certificate of the platform's authority, as an absolute
  ///     path where the runtime has one, so that it is found from any folder
  /// @param trust     the file with all that Node.js is to trust there, that authority among it
  record Surroundings(
      Application application,
      DatabaseAccess access,
      String databaseHost,
      int databasePort,
      String version,
      Manifest manifest,
      @Nullable String executor,
      String authority,
      String trust) {}

  /// @param secrets the values among them that nobody may read in an output
  record Environment(Map<String, String> variables, Set<String> secrets) {

    public Environment {
      variables = Map.copyOf(variables);
      secrets = Set.copyOf(secrets);
    }

    /// Without values.
    @Override
    public String toString() {
      return "Environment" + variables.keySet();
    }
  }

  /// What is run to its end in a version's folder. Its [#word] names the run, its output and, with
  /// `-failed`, the cause of a failure.
  enum Run {
    INSTALL,
    SETUP,
    BUILD,
    MIGRATE,
    PRUNE,
    ROLLBACK;

    public String word() {
      return name().toLowerCase(Locale.ROOT);
    }

    /// The code of its failure.
    public String failure() {
      return this == MIGRATE ? "migration-failed" : word() + "-failed";
    }

    /// Whether the output of this run belongs to a cause.
    public boolean causes(String code, String message) {
      return code.equals(failure())
          || (this == MIGRATE && code.equals(BREAKING))
          || (code.equals("deadline") && message.startsWith("The step " + word() + ' '));
    }
  }
}
