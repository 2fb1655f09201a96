package dev.slipway.common.operation;

import java.time.Duration;
import java.util.Map;

/// What the kernel needs to know of the service it runs in.
///
/// @param service      the name of the service: `instance-service`
/// @param replica      the name of this replica's slot, kept over restarts: `instance-service-1`
/// @param prefix       of this service's operation identifiers: `iop`
/// @param eventTopic   where this service publishes
/// @param lease        how long a claim lasts without being renewed
/// @param limits       how many steps of each class this replica runs at once
public record KernelSettings(
    String service,
    String replica,
    String prefix,
    String eventTopic,
    Duration lease,
    Map<Admission, Integer> limits) {

  int limit(Admission admission) {
    return limits.getOrDefault(admission, 1);
  }
}
