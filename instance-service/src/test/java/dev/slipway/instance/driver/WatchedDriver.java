package dev.slipway.instance.driver;

import dev.slipway.common.driver.Endpoint;
import dev.slipway.common.driver.Found;
import dev.slipway.common.driver.Gone;
import dev.slipway.common.driver.Locality;
import dev.slipway.common.driver.ScramVerifier;
import dev.slipway.common.driver.Trashed;
import dev.slipway.common.ledger.Resource;
import dev.slipway.common.operation.DriverFailure;
import dev.slipway.common.operation.Fence;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/// Another driver, with something that happens when it is looked through.
public final class WatchedDriver implements InstanceDriver {

  /// What happens instead of a plain look.
  @FunctionalInterface
  public interface Look {
    Observation at(InstanceSpecification specification) throws InterruptedException;
  }

  private final InstanceDriver driver;
  private volatile Look look;
  private volatile Runnable afterInventory = () -> {};
  private volatile Event beforeTrash = () -> {};
  private volatile List<Endpoint> offered = List.of();

  /// Something that may wait.
  @FunctionalInterface
  public interface Event {
    void happen() throws InterruptedException;
  }

  public WatchedDriver(InstanceDriver driver) {
    this.driver = driver;
    this.look = driver::observe;
  }

  public void look(Look instead) {
    look = instead;
  }

  /// Happens before anything is moved to the trash.
  public void beforeTrash(Event event) {
    beforeTrash = event;
  }

  /// These and no others.
  public void offer(Endpoint... endpoints) {
    offered = List.of(endpoints);
  }

  /// Happens after reality was listed and before anybody reads the list; once.
  public void afterInventory(Runnable event) {
    afterInventory =
        () -> {
          afterInventory = () -> {};
          event.run();
        };
  }

  @Override
  public String name() {
    return driver.name();
  }

  @Override
  public Set<DriverCapability> capabilities() {
    return driver.capabilities();
  }

  @Override
  public Locality locality() {
    return driver.locality();
  }

  @Override
  public void prepare() throws DriverFailure, InterruptedException {
    driver.prepare();
  }

  @Override
  public Stream<Endpoint> freeEndpoints(String instance) {
    List<Endpoint> narrowed = offered;
    return narrowed.isEmpty() ? driver.freeEndpoints(instance) : narrowed.stream();
  }

  @Override
  public Footprint footprint(InstanceSpecification specification) {
    return driver.footprint(specification);
  }

  @Override
  public void create(Fence fence, InstanceSpecification specification)
      throws DriverFailure, InterruptedException {
    driver.create(fence, specification);
  }

  @Override
  public void start(Fence fence, InstanceSpecification specification)
      throws DriverFailure, InterruptedException {
    driver.start(fence, specification);
  }

  @Override
  public void secure(
      Fence fence,
      InstanceSpecification specification,
      String administrator,
      ScramVerifier verifier)
      throws DriverFailure, InterruptedException {
    driver.secure(fence, specification, administrator, verifier);
  }

  @Override
  public void requireRole(Fence fence, InstanceSpecification specification, String role)
      throws DriverFailure, InterruptedException {
    driver.requireRole(fence, specification, role);
  }

  @Override
  public void resetPassword(
      Fence fence, InstanceSpecification specification, String role, ScramVerifier verifier)
      throws DriverFailure, InterruptedException {
    driver.resetPassword(fence, specification, role, verifier);
  }

  @Override
  public void ensureDatabases(
      Fence fence,
      InstanceSpecification specification,
      String administrator,
      DatabaseSet set,
      ScramVerifier verifier)
      throws DriverFailure, InterruptedException {
    driver.ensureDatabases(fence, specification, administrator, set, verifier);
  }

  @Override
  public Gone dropDatabases(
      Fence fence,
      InstanceSpecification specification,
      String administrator,
      DatabaseSet set,
      Collection<Resource> expected)
      throws DriverFailure, InterruptedException {
    return driver.dropDatabases(fence, specification, administrator, set, expected);
  }

  @Override
  public void stop(Fence fence, InstanceSpecification specification)
      throws DriverFailure, InterruptedException {
    driver.stop(fence, specification);
  }

  @Override
  public Gone destroy(Fence fence, String instance, Collection<Resource> expected)
      throws DriverFailure, InterruptedException {
    return driver.destroy(fence, instance, expected);
  }

  @Override
  public Gone proveGone(String instance, Collection<Resource> things)
      throws DriverFailure, InterruptedException {
    return driver.proveGone(instance, things);
  }

  @Override
  public Observation observe(InstanceSpecification specification) throws InterruptedException {
    return look.at(specification);
  }

  @Override
  public List<Found> inventory() throws DriverFailure, InterruptedException {
    List<Found> found = driver.inventory();
    afterInventory.run();
    return found;
  }

  @Override
  public Trashed moveToTrash(String instance, Collection<Resource> expected)
      throws DriverFailure, InterruptedException {
    beforeTrash.happen();
    return driver.moveToTrash(instance, expected);
  }
}
