package dev.slipway.deploy.configuration;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// Which line of the SDK an application has.
record SdkVersion(int major, int minor) {

  private static final Pattern VERSION = Pattern.compile("(\\d{1,4})\\.(\\d{1,4})(\\D.*|)");

  static Optional<SdkVersion> of(@Nullable String version) {
    if (version == null) {
      return Optional.empty();
    }
    Matcher matcher = VERSION.matcher(version);
    return matcher.matches()
        ? Optional.of(
            new SdkVersion(Integer.parseInt(matcher.group(1)), Integer.parseInt(matcher.group(2))))
        : Optional.empty();
  }

  boolean atLeast(int wantedMajor, int wantedMinor) {
    return major > wantedMajor || (major == wantedMajor && minor >= wantedMinor);
  }

  boolean before(int otherMajor, int otherMinor) {
    return !atLeast(otherMajor, otherMinor);
  }
}
