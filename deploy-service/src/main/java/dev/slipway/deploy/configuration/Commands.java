package dev.slipway.deploy.configuration;

import dev.slipway.deploy.domain.Language;
import dev.slipway.deploy.domain.Manifest;
import java.util.List;
import java.util.Optional;

/// The shell commands of each stage of a deploy, run in the version's folder one after the other;
/// none where a stage has nothing to do.
public final class Commands {

  /// What was installed, as pip lists it.
  static final String PYTHON_INSTALLED = ".venv/slipway-installed.txt";

  private Commands() {}

  public static List<String> setup(Manifest manifest) {
    return found(manifest, manifest.setup());
  }

  /// Development's packages too: builds and migrations need them, whatever `NODE_ENV` says.
  public static List<String> install(Manifest manifest) {
    return switch (manifest.packages()) {
      case NPM_LOCKED -> List.of("npm ci --include=dev --no-audit --no-fund");
      // Without a lock file of its making, a second look finds what the first one found.
      case NPM -> List.of("npm install --include=dev --no-audit --no-fund --no-package-lock");
      case YARN -> List.of(through("yarn", "NODE_ENV=development", "install --frozen-lockfile"));
      case PNPM -> List.of(through("pnpm", "CI=true", "install --frozen-lockfile --prod=false"));
      case PIP ->
          List.of(
              "python3 -m venv .venv",
              ".venv/bin/pip install --no-input --disable-pip-version-check -r requirements.txt",
              ".venv/bin/pip freeze --disable-pip-version-check > " + PYTHON_INSTALLED);
    };
  }

  public static List<String> build(Manifest manifest) {
    if (!manifest.build()) {
      return List.of();
    }
    return switch (manifest.packages()) {
      case NPM_LOCKED, NPM -> List.of("npm run build");
      case YARN -> List.of(through("yarn", "", "run build"));
      case PNPM -> List.of(through("pnpm", "", "run build"));
      case PIP -> List.of();
    };
  }

  /// By the SDK's own command where there is one: it also makes the SDK's tables, whether or not
  /// there are migrations.
  public static List<String> migrate(Manifest manifest) {
    Optional<SdkVersion> sdk = SdkVersion.of(manifest.sdk());
    return found(
        manifest,
        sdk.isPresent()
            ? List.of(sdk(manifest.language(), sdk.get(), "migrate"))
            : manifest.migrate());
  }

  /// By the SDK's own command up to version 2; later ones have none.
  public static List<String> rollback(Manifest manifest) {
    if (manifest.rollback().isEmpty()) {
      return List.of();
    }
    Optional<SdkVersion> sdk = SdkVersion.of(manifest.sdk());
    boolean known =
        manifest.language() == Language.NODE && sdk.isPresent() && sdk.get().before(3, 0);
    return found(
        manifest, known ? List.of(sdk(Language.NODE, sdk.get(), "rollback")) : manifest.rollback());
  }

  /// Removes what is needed to build and migrate only.
  public static List<String> prune(Manifest manifest) {
    if (!manifest.development()) {
      return List.of();
    }
    return switch (manifest.packages()) {
      case NPM_LOCKED -> List.of("npm prune --omit=dev --ignore-scripts --no-audit --no-fund");
      case NPM ->
          List.of("npm prune --omit=dev --ignore-scripts --no-audit --no-fund --no-package-lock");
      case YARN ->
          List.of(
              through(
                  "yarn",
                  "NODE_ENV=production",
                  "install --frozen-lockfile --production --ignore-scripts --prefer-offline"));
      case PNPM -> List.of(through("pnpm", "CI=true", "prune --prod --ignore-scripts"));
      case PIP -> List.of();
    };
  }

  public static List<String> start(Manifest manifest) {
    return found(manifest, manifest.start());
  }

  /// The SDK's command without npx, which takes half a second and stays as a process of 77 MB.
  static String sdk(Language language, SdkVersion sdk, String verb) {
    return switch (language) {
      // The first ones had no other name for it; later ones have both.
      case NODE ->
          (sdk.before(2, 0) ? "node_modules/.bin/dbos-sdk " : "node_modules/.bin/dbos ") + verb;
      case PYTHON -> ".venv/bin/dbos " + verb;
    };
  }

  /// The tool itself where the machine has it, or the version of it that corepack finds.
  private static String through(String tool, String variables, String arguments) {
    String line = (variables.isEmpty() ? "" : variables + ' ') + "%s" + tool + ' ' + arguments;
    return "if command -v %s >/dev/null 2>&1; then %s; else %s; fi"
        .formatted(tool, line.formatted(""), line.formatted("corepack "));
  }

  /// Commands find the programs of installed packages, as they do below npx.
  private static List<String> found(Manifest manifest, List<String> commands) {
    String programs =
        switch (manifest.language()) {
          case NODE -> "node_modules/.bin";
          case PYTHON -> ".venv/bin";
        };
    return commands.stream()
        .map(command -> "export PATH=\"$PWD/%s:$PATH\"; ".formatted(programs) + command)
        .toList();
  }
}
