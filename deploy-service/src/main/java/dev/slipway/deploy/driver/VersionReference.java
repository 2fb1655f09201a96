package dev.slipway.deploy.driver;

import java.util.regex.Pattern;

/// Names one version for a driver. Identifiers become names of files and processes, so nothing else
/// may pass.
///
/// @param application `app_` and 26 characters; also the subject of every fence that acts on it
/// @param version     milliseconds since 1970, as text
public record VersionReference(String application, String version) {

  private static final Pattern APPLICATION = Pattern.compile("app_[0-9a-z]{26}");
  private static final Pattern VERSION = Pattern.compile("[0-9]{1,19}");

  public VersionReference {
    requireApplication(application);
    if (!VERSION.matcher(version).matches()) {
      throw new IllegalArgumentException("not the identifier of a version");
    }
  }

  /// @throws IllegalArgumentException when this is not an application's identifier
  public static String requireApplication(String application) {
    if (!APPLICATION.matcher(application).matches()) {
      throw new IllegalArgumentException("not the identifier of an application");
    }
    return application;
  }
}
