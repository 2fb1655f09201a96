package dev.slipway.common.error;

import io.quarkus.runtime.configuration.MemorySize;
import io.vertx.core.http.HttpMethod;
import io.vertx.ext.web.RoutingContext;
import jakarta.inject.Singleton;
import java.util.Optional;
import java.util.regex.Pattern;
import org.eclipse.microprofile.config.inject.ConfigProperty;

/// How large the body of a request may be.
///
/// | key | meaning |
/// |---|---|
/// | `slipway.http.body-limit` | for every path |
/// | `slipway.http.archive-limit` | for a POST to one of the archive paths |
/// | `slipway.http.archive-paths` | a regular expression; absent where there are none |
@Singleton
class BodyLimits {

  private final long usual;
  private final long archives;
  private final Optional<Pattern> archivePaths;

  BodyLimits(
      @ConfigProperty(name = "slipway.http.body-limit") MemorySize usual,
      @ConfigProperty(name = "slipway.http.archive-limit") Optional<MemorySize> archives,
      @ConfigProperty(name = "slipway.http.archive-paths") Optional<String> archivePaths) {
    this.usual = usual.asLongValue();
    this.archives = archives.map(MemorySize::asLongValue).orElse(this.usual);
    this.archivePaths = archivePaths.map(Pattern::compile);
  }

  long of(RoutingContext request) {
    boolean archive =
        HttpMethod.POST.equals(request.request().method())
            && archivePaths.isPresent()
            && archivePaths.get().matcher(request.normalizedPath()).matches();
    return archive ? archives : usual;
  }
}
