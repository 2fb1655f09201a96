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

  /// Asks nothing; builds what has native parts, as the others do; and keeps what it fetched in the
  /// application's home, where the next version finds it, and not beside the version's files.
  private static final String PNPM =
      "--config.dangerously-allow-all-builds=true --config.store-dir=\"$HOME/.pnpm-store\" ";

  /// The packages may be those that are kept for later versions, which nobody may change. npm only
  /// removes some; the others also change the rights of what stays, and files of their own.
  ///
  /// It may be killed anywhere and begun again: whenever `node_modules` is there it is complete,
  /// and where it is not, it waits under its other name.
  static final String OWN_PACKAGES =
      "{ [ -e node_modules ] || mv .node_modules.kept node_modules; }"
          + " && rm -rf .node_modules .node_modules.kept"
          + " && cp -a node_modules .node_modules && chmod -R u+w .node_modules"
          + " && mv node_modules .node_modules.kept && mv .node_modules node_modules"
          + " && rm -rf .node_modules.kept";

  /// The one that corepack 0.34 knows.
  private static final String BERRY = "4.12.0";

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
      case YARN_BERRY -> List.of(berry("install --immutable"));
      case PNPM ->
          List.of(through("pnpm", "CI=true", PNPM + "install --frozen-lockfile --prod=false"));
      case PIP ->
          List.of(
              "python3 -m venv .venv",
              ".venv/bin/pip install --no-input --disable-pip-version-check -r requirements.txt",
              ".venv/bin/pip freeze --disable-pip-version-check > " + PYTHON_INSTALLED);
      case DOCKERFILE -> List.of();
    };
  }

  public static List<String> build(Manifest manifest) {
    if (!manifest.build()) {
      return List.of();
    }
    return switch (manifest.packages()) {
      case NPM_LOCKED, NPM -> List.of("npm run build");
      case YARN -> List.of(through("yarn", "", "run build"));
      case YARN_BERRY -> List.of(berry("run build"));
      case PNPM -> List.of(through("pnpm", "CI=true", PNPM + "run build"));
      case PIP, DOCKERFILE -> List.of();
    };
  }

  /// By the SDK's own command where there is one: it also makes the SDK's tables, whether or not
  /// there are migrations. Where a Dockerfile has put it, if anywhere, nobody knows.
  public static List<String> migrate(Manifest manifest) {
    Optional<SdkVersion> sdk = sdk(manifest);
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
    Optional<SdkVersion> sdk = sdk(manifest);
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
              OWN_PACKAGES,
              through(
                  "yarn",
                  "NODE_ENV=production",
                  "install --frozen-lockfile --production --ignore-scripts --prefer-offline"));
      case YARN_BERRY -> List.of(OWN_PACKAGES, berry("workspaces focus --all --production"));
      case PNPM ->
          List.of(OWN_PACKAGES, through("pnpm", "CI=true", PNPM + "prune --prod --ignore-scripts"));
      case PIP, DOCKERFILE -> List.of();
    };
  }

  public static List<String> start(Manifest manifest) {
    return found(manifest, manifest.start());
  }

  private static Optional<SdkVersion> sdk(Manifest manifest) {
    return manifest.hasDockerfile() ? Optional.empty() : SdkVersion.of(manifest.sdk());
  }

  /// The SDK's command without npx, which takes half a second and stays as a process of 77 MB.
  static String sdk(Language language, SdkVersion sdk, String verb) {
    return switch (language) {
      // The first ones had no other name for it; later ones have both.
      case NODE ->
          (sdk.before(2, 0) ? "node_modules/.bin/dbos-sdk " : "node_modules/.bin/dbos ") + verb;
      case PYTHON -> ".venv/bin/dbos " + verb;
      case OTHER -> throw new IllegalArgumentException("there is no SDK for other languages");
    };
  }

  /// Packages are in `node_modules`, whatever the application prefers on other machines: that is
  /// where the platform keeps them for later versions, and where it finds their programs.
  ///
  /// The version is the one that `package.json` or `.yarnrc.yml` names. Where neither does,
  /// corepack would take the first Yarn, or of a range the newest of the day.
  private static String berry(String arguments) {
    return through(
        "yarn",
        "$(grep -qs '^yarnPath:' .yarnrc.yml"
            + " || grep -q '\"packageManager\"' package.json || echo @"
            + BERRY
            + ")",
        "YARN_NODE_LINKER=node-modules YARN_ENABLE_TELEMETRY=0",
        arguments);
  }

  private static String through(String tool, String variables, String arguments) {
    return through(tool, "", variables, arguments);
  }

  /// The tool itself where the machine has it, or what corepack brings: the version that
  /// `package.json` names, or else the one this corepack knows, never whichever is the newest
  /// today. It comes from the registry that packages come from.
  private static String through(String tool, String version, String variables, String arguments) {
    String before = variables.isEmpty() ? "" : variables + ' ';
    return """
        if command -v %1$s >/dev/null 2>&1; then %3$s%1$s %4$s; else \
        registry=$(npm config get registry) && \
        COREPACK_DEFAULT_TO_LATEST=0 COREPACK_NPM_REGISTRY="${COREPACK_NPM_REGISTRY:-${registry%%/}}" \
        %3$scorepack %1$s%2$s %4$s; fi"""
        .formatted(tool, version, before, arguments);
  }

  /// Commands find the programs of installed packages, as they do below npx.
  private static List<String> found(Manifest manifest, List<String> commands) {
    if (manifest.language() == Language.OTHER) {
      return commands;
    }
    String programs = manifest.language() == Language.NODE ? "node_modules/.bin" : ".venv/bin";
    return commands.stream()
        .map(command -> "export PATH=\"$PWD/%s:$PATH\"; ".formatted(programs) + command)
        .toList();
  }
}
