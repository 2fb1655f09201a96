package dev.slipway.deploy.configuration;

import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// How this machine reaches the registries of packages: what the platform's own environment says
/// about registries and proxies, for installs, builds and migrations to go by. An application says
/// otherwise in its configuration or with a secret.
///
/// Nothing else of that environment is passed on, and no file of the platform's user is: those hold
/// tokens.
record Registries(Map<String, String> variables) {

  static final Registries NONE = new Registries(Map.of());

  /// As npm and pip read them: in any case.
  /// Who is named in an address, which need not have a scheme, nor be one that `URI` understands.
  private static final Pattern USER = Pattern.compile("(?:^|//)([^/]*)@");

  private static final Set<String> NAMES =
      Set.of(
          "HTTP_PROXY",
          "HTTPS_PROXY",
          "ALL_PROXY",
          "NO_PROXY",
          "NPM_CONFIG_REGISTRY",
          "NPM_CONFIG_PROXY",
          "NPM_CONFIG_HTTPS_PROXY",
          "NPM_CONFIG_NOPROXY",
          "COREPACK_NPM_REGISTRY",
          "COREPACK_INTEGRITY_KEYS",
          "YARN_REGISTRY",
          "YARN_NPM_REGISTRY_SERVER",
          "YARN_HTTP_PROXY",
          "YARN_HTTPS_PROXY",
          "PIP_INDEX_URL",
          "PIP_EXTRA_INDEX_URL",
          "PIP_FIND_LINKS",
          "PIP_NO_INDEX",
          "PIP_PROXY",
          "PIP_TRUSTED_HOST");

  Registries {
    variables = Map.copyOf(variables);
  }

  static Registries of(Map<String, String> environment) {
    Map<String, String> found = new TreeMap<>(environment);
    found.keySet().removeIf(name -> !NAMES.contains(name.toUpperCase(Locale.ROOT)));
    found.values().removeIf(String::isBlank);
    return new Registries(found);
  }

  /// Passwords in addresses, which nobody may read in an output.
  Set<String> secrets() {
    Set<String> secrets = new HashSet<>();
    for (String value : variables.values()) {
      for (String address : value.strip().split("[\\s,]+", -1)) {
        Matcher matcher = USER.matcher(address);
        if (matcher.find()) {
          String user = matcher.group(1);
          // A token stands alone, in the place of the name.
          String secret = user.substring(user.indexOf(':') + 1);
          secrets.add(secret);
          secrets.add(decoded(secret));
        }
      }
    }
    secrets.removeIf(String::isBlank);
    return secrets;
  }

  private static String decoded(String secret) {
    try {
      return URLDecoder.decode(secret.replace("+", "%2B"), StandardCharsets.UTF_8);
    } catch (IllegalArgumentException notEncoded) {
      return secret;
    }
  }

  /// Without values.
  @Override
  public String toString() {
    return "Registries" + new TreeSet<>(variables.keySet());
  }
}
