package dev.slipway.deploy.api;

import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.jspecify.annotations.Nullable;

/// How much an application may ask for.
@ApplicationScoped
class Resources {

  private final int defaultMemory;
  private final int leastMemory;

  @Inject
  Resources(
      @ConfigProperty(name = "slipway.applications.memory-mib") int defaultMemory,
      @ConfigProperty(name = "slipway.applications.least-memory-mib", defaultValue = "512")
          int leastMemory) {
    this.defaultMemory = defaultMemory;
    this.leastMemory = leastMemory;
  }

  /// @param asked absent for the default
  int memory(@Nullable Integer asked) {
    if (asked == null) {
      return defaultMemory;
    }
    if (asked < leastMemory || asked > Rules.MOST_MEMORY_MIB) {
      throw ApplicationErrors.invalid(
          "executors_memory_mib",
          "must be between %d and %d".formatted(leastMemory, Rules.MOST_MEMORY_MIB));
    }
    return asked;
  }

  int executors(int asked) {
    if (asked < 1 || asked > Rules.MOST_EXECUTORS) {
      throw ApplicationErrors.invalid(
          "min_vms", "must be between 1 and %d".formatted(Rules.MOST_EXECUTORS));
    }
    return asked;
  }
}
