package dev.slipway.instance.driver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.slipway.common.driver.Found;
import dev.slipway.common.driver.Gone;
import dev.slipway.common.driver.ScramVerifier;
import dev.slipway.common.driver.Trashed;
import dev.slipway.common.id.Identifiers;
import dev.slipway.common.ledger.Resource;
import dev.slipway.common.operation.DriverFailure;
import dev.slipway.common.operation.Fence;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// What every driver does, whatever runs underneath. A driver's own test extends this.
public abstract class InstanceDriverContract {

  private static final String ADMINISTRATOR = "demo_db";
  private static final String PASSWORD = "correct horse";
  private static final String ORGANIZATION = "org_of_tests";

  /// The driver under test, on the same reality for all tests of a class.
  protected abstract InstanceDriver driver();

  /// A driver object of its own on the same reality, as after a restart of the service.
  protected abstract InstanceDriver restarted();

  /// Whether a client of the instance can sign in.
  protected abstract boolean signsIn(
      InstanceSpecification specification, String role, String password);

  private InstanceSpecification specification() {
    String instance = Identifiers.next("ins");
    return new InstanceSpecification(
        instance, ORGANIZATION, driver().freeEndpoints(instance).findFirst().orElseThrow());
  }

  private static Fence fence(InstanceSpecification specification, long epoch) {
    return new Fence(specification.instance(), epoch);
  }

  private InstanceSpecification provisioned() throws Exception {
    InstanceSpecification specification = specification();
    provision(specification);
    return specification;
  }

  private void provision(InstanceSpecification specification) throws Exception {
    Fence fence = fence(specification, 1);
    driver().create(fence, specification);
    driver().start(fence, specification);
    driver().secure(fence, specification, ADMINISTRATOR, verifier(PASSWORD));
  }

  private static ScramVerifier verifier(String password) {
    return ScramVerifier.of(password.toCharArray());
  }

  private void destroy(InstanceSpecification specification, long epoch) throws Exception {
    driver().destroy(fence(specification, epoch), specification.instance(), List.of());
  }

  private Stream<Found> found(InstanceSpecification specification) throws Exception {
    return driver().inventory().stream()
        .filter(found -> found.subject().equals(specification.instance()));
  }

  private static void assertFenced(ThrowingCallable act) {
    assertThatExceptionOfType(DriverFailure.Fenced.class).isThrownBy(act);
  }

  private static void assertRefused(String code, ThrowingCallable act) {
    assertThatExceptionOfType(DriverFailure.Permanent.class)
        .isThrownBy(act)
        .extracting(DriverFailure::code)
        .isEqualTo(code);
  }

  @Test
  void provisionedInstanceIsUpAndItsAdministratorSignsIn() throws Exception {
    InstanceSpecification specification = provisioned();

    assertThat(driver().observe(specification).isUp()).isTrue();
    assertThat(signsIn(specification, ADMINISTRATOR, PASSWORD)).isTrue();
    assertThat(signsIn(specification, ADMINISTRATOR, "wrong horse")).isFalse();
    destroy(specification, 2);
  }

  @Test
  void everyActTwiceIsAsOnce() throws Exception {
    InstanceSpecification specification = provisioned();

    provision(specification);

    assertThat(driver().observe(specification).isUp()).isTrue();
    assertThat(signsIn(specification, ADMINISTRATOR, PASSWORD)).isTrue();
    Fence fence = fence(specification, 1);
    driver().stop(fence, specification);
    driver().stop(fence, specification);
    assertThat(driver().observe(specification).state()).isEqualTo(Observation.State.DOWN);
    destroy(specification, 2);
    destroy(specification, 2);
    assertThat(found(specification)).isEmpty();
  }

  @Test
  void inventoryNamesWhatTheFootprintAnnounced() throws Exception {
    InstanceSpecification specification = provisioned();

    Footprint footprint = driver().footprint(specification);

    assertThat(found(specification).map(Found::resource))
        .containsAll(footprint.created())
        .containsAll(footprint.started());
    destroy(specification, 2);
  }

  @Test
  void destroyLeavesNothingAndProvesIt() throws Exception {
    InstanceSpecification specification = provisioned();
    List<Resource> expected = driver().footprint(specification).all();

    Gone gone = driver().destroy(fence(specification, 2), specification.instance(), expected);

    assertThat(gone.proofs()).containsKeys(expected.toArray(Resource[]::new));
    assertThat(found(specification)).isEmpty();
    assertThat(driver().observe(specification).state()).isEqualTo(Observation.State.DOWN);
    assertThat(driver().freeEndpoints(specification.instance())).contains(specification.endpoint());
  }

  @Test
  void whatIsStillThereIsNotProvenGone() throws Exception {
    InstanceSpecification specification = provisioned();
    Footprint footprint = driver().footprint(specification);
    String instance = specification.instance();

    assertThatExceptionOfType(DriverFailure.Transient.class)
        .isThrownBy(() -> driver().proveGone(instance, footprint.started()));
    driver().stop(fence(specification, 1), specification);
    assertThat(driver().proveGone(instance, footprint.started()).proofs())
        .containsOnlyKeys(footprint.started());
    assertThatExceptionOfType(DriverFailure.Transient.class)
        .isThrownBy(() -> driver().proveGone(instance, footprint.created()));
    destroy(specification, 2);
    assertThat(driver().proveGone(instance, footprint.created()).proofs())
        .containsOnlyKeys(footprint.created());
  }

  @Test
  void destroyOfWhatNeverWasProvesThatToo() throws Exception {
    InstanceSpecification specification = specification();
    List<Resource> expected = driver().footprint(specification).all();

    Gone gone = driver().destroy(fence(specification, 1), specification.instance(), expected);

    assertThat(gone.proofs()).containsKeys(expected.toArray(Resource[]::new));
  }

  @Test
  void destroyWorksBeforeTheServerEverRanAndAfterItStopped() throws Exception {
    InstanceSpecification created = specification();
    driver().create(fence(created, 1), created);
    destroy(created, 2);

    InstanceSpecification started = specification();
    driver().create(fence(started, 1), started);
    driver().start(fence(started, 1), started);
    destroy(started, 2);

    InstanceSpecification stopped = provisioned();
    driver().stop(fence(stopped, 1), stopped);
    destroy(stopped, 2);

    assertThat(found(created)).isEmpty();
    assertThat(found(started)).isEmpty();
    assertThat(found(stopped)).isEmpty();
  }

  @Test
  void lowerEpochIsRefusedByEveryActAndLeavesNothing() throws Exception {
    InstanceSpecification specification = specification();
    destroy(specification, 7);

    Fence late = fence(specification, 6);
    assertFenced(() -> driver().create(late, specification));
    assertFenced(() -> driver().start(late, specification));
    assertFenced(() -> driver().secure(late, specification, ADMINISTRATOR, verifier(PASSWORD)));
    assertFenced(
        () -> driver().resetPassword(late, specification, ADMINISTRATOR, verifier(PASSWORD)));
    assertFenced(() -> driver().stop(late, specification));
    assertFenced(() -> driver().destroy(late, specification.instance(), List.of()));
    assertThat(found(specification)).isEmpty();
  }

  @Test
  void lowerEpochIsRefusedByAnotherDriverObjectToo() throws Exception {
    InstanceSpecification specification = provisioned();
    driver()
        .resetPassword(fence(specification, 5), specification, ADMINISTRATOR, verifier("fifth"));

    assertFenced(
        () ->
            restarted()
                .resetPassword(
                    fence(specification, 4), specification, ADMINISTRATOR, verifier("fourth")));

    assertThat(signsIn(specification, ADMINISTRATOR, "fifth")).isTrue();
    assertThat(signsIn(specification, ADMINISTRATOR, "fourth")).isFalse();
    destroy(specification, 6);
  }

  @Test
  void sameEpochMayActAgain() throws Exception {
    InstanceSpecification specification = provisioned();
    destroy(specification, 3);

    Fence same = fence(specification, 3);
    driver().create(same, specification);

    assertThat(found(specification)).isNotEmpty();
    destroy(specification, 3);
  }

  @Test
  void fenceOfAnotherInstanceIsAMistakeOfTheCaller() {
    InstanceSpecification specification = specification();
    var foreign = new Fence(Identifiers.next("ins"), 1);

    assertThatIllegalArgumentException().isThrownBy(() -> driver().create(foreign, specification));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> driver().destroy(foreign, specification.instance(), List.of()));
  }

  @Test
  void stoppedInstanceStartsAgainWithWhatItHad() throws Exception {
    InstanceSpecification specification = provisioned();

    driver().stop(fence(specification, 2), specification);
    boolean down = !driver().observe(specification).isUp();
    driver().start(fence(specification, 2), specification);

    assertThat(down).isTrue();
    assertThat(driver().observe(specification).isUp()).isTrue();
    assertThat(signsIn(specification, ADMINISTRATOR, PASSWORD)).isTrue();
    destroy(specification, 3);
  }

  @Test
  void newPasswordReplacesTheOldOne() throws Exception {
    InstanceSpecification specification = provisioned();

    driver().resetPassword(fence(specification, 2), specification, ADMINISTRATOR, verifier("new"));

    assertThat(signsIn(specification, ADMINISTRATOR, "new")).isTrue();
    assertThat(signsIn(specification, ADMINISTRATOR, PASSWORD)).isFalse();
    destroy(specification, 3);
  }

  @Test
  void passwordOfARoleThatIsNotThereIsRefused() throws Exception {
    InstanceSpecification specification = provisioned();

    assertRefused(
        "role-missing",
        () ->
            driver()
                .resetPassword(
                    fence(specification, 2), specification, "nobody_here", verifier("new")));
    destroy(specification, 3);
  }

  @Test
  void aRoleThatIsThereIsToldFromOneThatIsNot() throws Exception {
    InstanceSpecification specification = provisioned();

    driver().requireRole(fence(specification, 2), specification, ADMINISTRATOR);
    assertRefused(
        "role-missing",
        () -> driver().requireRole(fence(specification, 2), specification, "nobody_here"));

    assertThat(signsIn(specification, ADMINISTRATOR, PASSWORD)).isTrue();
    destroy(specification, 3);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "slipway", "postgres", "public", "none", "pg_monitor", "a\0b"})
  void namesThatAreKeptAreRefusedBeforeAnythingHappens(String name) {
    InstanceSpecification specification = specification();

    assertRefused(
        "role-refused",
        () -> driver().secure(fence(specification, 1), specification, name, verifier("new")));
  }

  @Test
  void startOfWhatHasNoDataIsRefused() {
    InstanceSpecification specification = specification();

    assertRefused("not-created", () -> driver().start(fence(specification, 1), specification));
  }

  @Test
  void changeOfPasswordNeedsARunningServer() throws Exception {
    InstanceSpecification specification = provisioned();
    driver().stop(fence(specification, 1), specification);

    assertThatExceptionOfType(DriverFailure.Transient.class)
        .isThrownBy(
            () ->
                driver()
                    .resetPassword(
                        fence(specification, 1), specification, ADMINISTRATOR, verifier("new")))
        .extracting(DriverFailure::code)
        .isEqualTo("unreachable");
    destroy(specification, 2);
  }

  @Test
  void restartedServiceAdoptsWhatRuns() throws Exception {
    InstanceSpecification specification = provisioned();
    InstanceDriver restarted = restarted();

    assertThat(restarted.observe(specification).isUp()).isTrue();
    restarted.start(fence(specification, 2), specification);
    restarted.resetPassword(fence(specification, 2), specification, ADMINISTRATOR, verifier("new"));

    assertThat(signsIn(specification, ADMINISTRATOR, "new")).isTrue();
    restarted.destroy(fence(specification, 3), specification.instance(), List.of());
    assertThat(found(specification)).isEmpty();
  }

  @Test
  void endpointInUseIsNotOffered() throws Exception {
    InstanceSpecification specification = provisioned();

    assertThat(driver().freeEndpoints(Identifiers.next("ins")))
        .isNotEmpty()
        .doesNotContain(specification.endpoint());
    destroy(specification, 2);
  }

  @Test
  void trashKeepsTheDataAndEndsTheServer() throws Exception {
    InstanceSpecification specification = provisioned();

    List<Resource> expected = driver().footprint(specification).all();

    Trashed trashed = driver().moveToTrash(specification.instance(), expected);

    Resource trash = Objects.requireNonNull(trashed.folder());
    assertThat(trash.kind()).isEqualTo("trash");
    assertThat(trashed.gone().proofs()).containsKeys(expected.toArray(Resource[]::new));
    assertThat(found(specification).map(Found::resource)).containsExactly(trash);
    assertThat(driver().observe(specification).state()).isEqualTo(Observation.State.DOWN);
    Trashed again = driver().moveToTrash(specification.instance(), expected);
    assertThat(again.folder()).isNull();
    assertThat(again.gone().proofs()).containsKeys(expected.toArray(Resource[]::new));
  }
}
