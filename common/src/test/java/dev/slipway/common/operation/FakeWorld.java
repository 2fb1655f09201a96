package dev.slipway.common.operation;

import dev.slipway.common.ledger.Resource;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;

/// A reality in memory, with the fencing that every real driver has: whoever shows a lower epoch
/// than one seen before is refused.
public final class FakeWorld {

  private final Map<String, Long> highest = new HashMap<>();
  private final SortedSet<String> things = new TreeSet<>();

  /// Makes a thing, unless it is there.
  public synchronized void ensure(Fence fence, Resource resource) throws DriverFailure {
    admit(fence);
    things.add(nameOf(resource));
  }

  /// Removes a thing, if it is there.
  public synchronized void remove(Fence fence, Resource resource) throws DriverFailure {
    admit(fence);
    things.remove(nameOf(resource));
  }

  public synchronized SortedSet<String> things(Set<String> names) {
    SortedSet<String> found = new TreeSet<>();
    for (String thing : things) {
      if (names.stream().anyMatch(thing::contains)) {
        found.add(thing.split(" ", 2)[0] + " of the subject");
      }
    }
    return found;
  }

  private void admit(Fence fence) throws DriverFailure.Fenced {
    long seen = highest.getOrDefault(fence.subject(), 0L);
    if (fence.epoch() < seen) {
      throw new DriverFailure.Fenced(fence, seen);
    }
    highest.put(fence.subject(), fence.epoch());
  }

  private static String nameOf(Resource resource) {
    return resource.kind() + ' ' + resource.name();
  }
}
