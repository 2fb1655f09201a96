package dev.slipway.instance.driver;

import dev.slipway.common.ledger.Resource;
import java.util.List;
import java.util.stream.Stream;

/// The ledger rows of one instance, by the act that has to be preceded by them.
///
/// @param reserved taken by picking an endpoint, before anything exists
/// @param created  made by [InstanceDriver#create]
/// @param started  made by [InstanceDriver#start]
public record Footprint(List<Resource> reserved, List<Resource> created, List<Resource> started) {

  public Footprint {
    reserved = List.copyOf(reserved);
    created = List.copyOf(created);
    started = List.copyOf(started);
  }

  /// All of them, in the order in which they come into being.
  public List<Resource> all() {
    return Stream.of(reserved, created, started).flatMap(List::stream).toList();
  }
}
