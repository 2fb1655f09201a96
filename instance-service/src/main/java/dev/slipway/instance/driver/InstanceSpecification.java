package dev.slipway.instance.driver;

import dev.slipway.common.driver.Endpoint;
import java.util.regex.Pattern;

/// What a driver needs to know of an instance. Everything here is fixed before the first effect,
/// so that whoever comes later can name what a lost step may have made.
///
/// @param instance identifier, `ins_` and 26 characters; also the subject of every fence that acts
///     on it
/// @param organization whose it is; drivers keep those of one apart from those of another
/// @param endpoint one of those the driver offered in [InstanceDriver#freeEndpoints], held by a
///     ledger row
public record InstanceSpecification(String instance, String organization, Endpoint endpoint) {

  private static final Pattern IDENTIFIER = Pattern.compile("ins_[0-9a-z]{26}");

  private static final Pattern ORGANIZATION = Pattern.compile("org_[0-9a-z_]{1,60}");

  public InstanceSpecification {
    requireIdentifier(instance);
    if (!ORGANIZATION.matcher(organization).matches()) {
      throw new IllegalArgumentException("not the identifier of an organization");
    }
  }

  /// Identifiers become names of files and processes, so nothing else may pass.
  ///
  /// @throws IllegalArgumentException when this is not an instance's identifier
  public static String requireIdentifier(String instance) {
    if (!IDENTIFIER.matcher(instance).matches()) {
      throw new IllegalArgumentException("not the identifier of an instance");
    }
    return instance;
  }

  /// Whether this names an instance.
  public static boolean isIdentifier(String text) {
    return IDENTIFIER.matcher(text).matches();
  }
}
