package dev.slipway.deploy.configuration;

import dev.slipway.common.operation.DriverFailure;
import dev.slipway.deploy.domain.Language;
import dev.slipway.deploy.domain.Manifest;
import dev.slipway.deploy.domain.Manifest.PackageManager;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// Reads what a version says about itself. To be called once before it is installed, and again
/// afterwards, when the SDK that was really installed can be seen.
///
/// Pure but for the files it is given.
public final class ManifestReader {

  /// The configuration's name; the official command uploads it under this name whatever the file
  /// was called.
  public static final String CONFIGURATION = "dbos-config.yaml";

  private static final String DOCKERFILE = "Dockerfile";
  private static final String PLATFORM =
      System.getProperty("os.name") + '-' + System.getProperty("os.arch");
  private static final Pattern PYTHON_SDK =
      Pattern.compile(
          "(?im)^dbos(?:\\[[^\\]]{0,60}\\])?[ ]{0,4}[=~>]=[ ]{0,4}(\\d[0-9A-Za-z.]{0,40})");

  private ManifestReader() {}

  /// @param application the application's name; the one in the file does not count
  /// @param builds      whether its own Dockerfile is built, where it has one
  /// @throws DriverFailure.Permanent `bad-configuration` with a public message that says what is
  ///     wrong and what to do
  public static Manifest read(VersionFiles files, String application, boolean builds)
      throws DriverFailure {
    Configuration configuration = Configuration.read(files.read(CONFIGURATION));
    database(configuration, application);
    boolean dockerfile = files.read(DOCKERFILE).isPresent();
    if (dockerfile && builds) {
      return own(files, configuration);
    }
    if (dockerfile && otherwise(files) == Language.OTHER) {
      throw Refusal.because(
          "there is a Dockerfile, and neither package.json nor requirements.txt: where applications are processes nobody builds it; give the application one of the others, or have the platform run on Docker (slipway up --driver docker)");
    }
    return switch (language(configuration, files)) {
      case NODE -> node(files, configuration);
      case PYTHON -> python(files, configuration);
      case OTHER -> throw new IllegalStateException("only a Dockerfile is in another language");
    };
  }

  /// The database's name that the configuration asks for, or the one derived from the application's
  /// name.
  ///
  /// @throws DriverFailure.Permanent `bad-configuration`
  public static String database(VersionFiles files, String application) throws DriverFailure {
    return database(Configuration.read(files.read(CONFIGURATION)), application);
  }

  private static String database(Configuration configuration, String application)
      throws DriverFailure {
    Optional<String> asked = configuration.text("database", "app_db_name");
    String name = asked.orElseGet(() -> DatabaseNames.derived(application));
    Optional<String> problem = DatabaseNames.problem(name);
    if (problem.isPresent()) {
      throw Refusal.because(
          "the database name %s cannot be used: %s".formatted(Refusal.quoted(name), problem.get()));
    }
    return name;
  }

  private static Language language(Configuration configuration, VersionFiles files)
      throws DriverFailure {
    Optional<String> language = configuration.text("language");
    if (language.isPresent()) {
      Language named = named(language.get());
      if (named == Language.OTHER) {
        throw Refusal.because(
            "the language %s is not supported: node and python are"
                .formatted(Refusal.quoted(language.get())));
      }
      return named;
    }
    return otherwise(files) == Language.PYTHON ? Language.PYTHON : Language.NODE;
  }

  private static Language named(String language) {
    return switch (language) {
      case "node", "typescript", "javascript" -> Language.NODE;
      case "python" -> Language.PYTHON;
      default -> Language.OTHER;
    };
  }

  /// By what lies there.
  private static Language otherwise(VersionFiles files) throws DriverFailure {
    if (files.read("package.json").isPresent()) {
      return Language.NODE;
    }
    return files.read("requirements.txt").isPresent() ? Language.PYTHON : Language.OTHER;
  }

  /// What has a Dockerfile of its own is installed and built by that; what else its files say is
  /// only for the SDK's sake.
  private static Manifest own(VersionFiles files, Configuration configuration)
      throws DriverFailure {
    Optional<String> said = configuration.text("language");
    Language language = said.isPresent() ? named(said.get()) : otherwise(files);
    boolean described = files.read("package.json").isPresent();
    @Nullable NodePackage content =
        language == Language.NODE && described ? NodePackage.read(files) : null;
    @Nullable String sdk =
        language == Language.PYTHON
            ? pythonSdk(files.read("requirements.txt").orElse(""))
            : content == null ? null : content.sdk();
    return new Manifest(
        language,
        PackageManager.DOCKERFILE,
        null,
        false,
        sdk,
        List.of(),
        false,
        migrate(configuration),
        rollback(configuration),
        configuration.commands("runtimeConfig", "start"),
        database(configuration),
        configuration.environment(),
        content == null ? sdk != null : admin(content));
  }

  private static Manifest node(VersionFiles files, Configuration configuration)
      throws DriverFailure {
    NodePackage content = NodePackage.read(files);
    String sdk = content.sdk();
    return new Manifest(
        Language.NODE,
        content.packages(),
        content.tree(PLATFORM),
        content.development(),
        sdk,
        configuration.commands("runtimeConfig", "setup"),
        content.script("build").isPresent(),
        migrate(configuration),
        rollback(configuration),
        nodeStart(files, configuration, content, SdkVersion.of(sdk).orElse(null)),
        database(configuration),
        configuration.environment(),
        admin(content));
  }

  /// From 4 on, the admin server is there in the cloud only, and being in the cloud takes the
  /// telemetry's package.
  private static boolean admin(NodePackage content) throws DriverFailure {
    Optional<SdkVersion> line = SdkVersion.of(content.sdk());
    return line.isPresent() && (line.get().before(4, 0) || content.telemetry());
  }

  private static List<String> nodeStart(
      VersionFiles files,
      Configuration configuration,
      NodePackage content,
      @Nullable SdkVersion sdk)
      throws DriverFailure {
    List<String> configured = configuration.commands("runtimeConfig", "start");
    if (!configured.isEmpty()) {
      return configured;
    }
    Optional<String> script = content.script("start");
    boolean entrypoints = configuration.section("runtimeConfig").containsKey("entrypoints");
    // Before 3, the SDK has a server of its own, which needs no command.
    if (sdk != null
        && sdk.before(3, 0)
        && (entrypoints || script.isEmpty() || startsSdk(script.get()))) {
      return List.of(Commands.sdk(Language.NODE, sdk, "start"));
    }
    if (script.isPresent()) {
      Optional<String> before = content.script("prestart");
      return before.isPresent() ? List.of(before.get(), script.get()) : List.of(script.get());
    }
    // What npm does without a script.
    if (files.read("server.js").isPresent()) {
      return List.of("node server.js");
    }
    throw Refusal.because(
        "there is no start command: add runtimeConfig.start to %s, or a start script to package.json"
            .formatted(CONFIGURATION));
  }

  private static boolean startsSdk(String script) {
    return script.contains("dbos start") || script.contains("dbos-sdk start");
  }

  private static Manifest python(VersionFiles files, Configuration configuration)
      throws DriverFailure {
    String requirements =
        files
            .read("requirements.txt")
            .orElseThrow(
                () ->
                    Refusal.because(
                        "requirements.txt is missing: an application in Python needs one"));
    List<String> start = configuration.commands("runtimeConfig", "start");
    if (start.isEmpty()) {
      throw Refusal.because(
          "there is no start command: add runtimeConfig.start to %s".formatted(CONFIGURATION));
    }
    String version = pythonSdk(files.read(Commands.PYTHON_INSTALLED).orElse(requirements));
    return new Manifest(
        Language.PYTHON,
        PackageManager.PIP,
        // A virtual environment knows where it is, and cannot be put elsewhere.
        null,
        false,
        version,
        configuration.commands("runtimeConfig", "setup"),
        false,
        migrate(configuration),
        rollback(configuration),
        start,
        database(configuration),
        Map.copyOf(configuration.environment()),
        version != null);
  }

  private static @Nullable String pythonSdk(String requirements) {
    Matcher sdk = PYTHON_SDK.matcher(requirements);
    return sdk.find() ? sdk.group(1) : null;
  }

  private static @Nullable String database(Configuration configuration) throws DriverFailure {
    Optional<String> name = configuration.text("database", "app_db_name");
    Optional<String> problem = name.flatMap(DatabaseNames::problem);
    if (problem.isPresent()) {
      throw Refusal.because("database.app_db_name: " + problem.get());
    }
    return name.orElse(null);
  }

  private static List<String> migrate(Configuration configuration) throws DriverFailure {
    List<String> commands = configuration.commands("database", "migrate");
    return commands.isEmpty() ? configuration.commands("migrate") : commands;
  }

  private static List<String> rollback(Configuration configuration) throws DriverFailure {
    List<String> commands = configuration.commands("database", "rollback");
    return commands.isEmpty() ? configuration.commands("rollback") : commands;
  }
}
