package dev.slipway.deploy.configuration;

import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/// Which names a secret, or a variable in `env:` of a configuration, may have.
public final class SecretNames {

  private static final Pattern NAME = Pattern.compile("[A-Za-z_][A-Za-z0-9_]{0,254}");

  /// What the platform decides.
  private static final Set<String> PLATFORM =
      Set.of("DBOS_DATABASE_URL", "DBOS_SYSTEM_DATABASE_URL", "DBOS_APP_HOSTNAME");

  private static final Set<String> PLATFORM_BEGINNINGS = Set.of("DBOS__", "DBOS_DB", "SLIPWAY_");

  /// What changes the programs that start an application, before they have given up their rights.
  private static final Set<String> LAUNCHER =
      Set.of(
          "PATH",
          "ENV",
          "BASH_ENV",
          "BASHOPTS",
          "SHELLOPTS",
          "IFS",
          "PS4",
          "HOME",
          "TMPDIR",
          "GLIBC_TUNABLES",
          "GCONV_PATH",
          "LOCPATH",
          "MALLOC_TRACE",
          "NODE_EXTRA_CA_CERTS");

  private static final Set<String> LAUNCHER_BEGINNINGS =
      Set.of("LD_", "DYLD_", "BASH_FUNC_", "MALLOC_");

  private SecretNames() {}

  /// What is wrong with a name, in public words; empty when it may be used.
  public static Optional<String> problem(String name) {
    if (!NAME.matcher(name).matches()) {
      return Optional.of(
          "a name has letters, digits and _, begins with no digit, and at most 255 characters");
    }
    if (PLATFORM.contains(name) || PLATFORM_BEGINNINGS.stream().anyMatch(name::startsWith)) {
      return Optional.of("%s is reserved: the platform sets it".formatted(name));
    }
    if (LAUNCHER.contains(name) || LAUNCHER_BEGINNINGS.stream().anyMatch(name::startsWith)) {
      return Optional.of("%s is reserved: it would change how programs start".formatted(name));
    }
    return Optional.empty();
  }
}
