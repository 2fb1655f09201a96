package dev.slipway.instance.operation;

import dev.slipway.instance.domain.Instance;
import dev.slipway.instance.domain.Instances;
import dev.slipway.instance.domain.Observations;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/// Instances and what was seen of them, in memory.
public final class InstancesInMemory implements Instances, Observations {

  private final Map<String, String> placed = new ConcurrentHashMap<>();

  @Override
  public boolean add(Instance instance) {
    throw new UnsupportedOperationException("The kit begins operations without records");
  }

  @Override
  public Optional<Instance> find(String organization, String name) {
    return Optional.empty();
  }

  @Override
  public Optional<Instance> byId(String id) {
    return Optional.empty();
  }

  @Override
  public long count(String organization) {
    return placed.size();
  }

  @Override
  public void placed(String id, String host, int port) {
    placed.put(id, host + ':' + port);
  }

  @Override
  public void remove(String id) {
    placed.remove(id);
  }

  @Override
  public void forget(String id) {
    placed.remove(id);
  }

  @Override
  public void up(String instance) {}

  @Override
  public void down(String instance, String reason) {}
}
