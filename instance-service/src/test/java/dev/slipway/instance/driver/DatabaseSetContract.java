package dev.slipway.instance.driver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.slipway.common.driver.Gone;
import dev.slipway.common.driver.ScramVerifier;
import dev.slipway.common.id.Identifiers;
import dev.slipway.common.ledger.Resource;
import dev.slipway.common.operation.DriverFailure;
import dev.slipway.common.operation.Fence;
import java.util.List;
import java.util.Set;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// What every driver does with applications' databases. Each test has applications of its own,
/// on one instance.
public abstract class DatabaseSetContract {

  protected static final String ADMINISTRATOR = "demo_db";
  protected static final String ADMINISTRATORS_PASSWORD = "correct horse";
  protected static final String PASSWORD = "battery staple";

  protected abstract InstanceDriver driver();

  /// One instance for all tests of a class, with its administrator.
  protected abstract InstanceSpecification specification();

  /// Whether a client that says this role and password gets into a database.
  protected abstract boolean signsIn(String role, String password, String database);

  /// The application gives its own role another password.
  protected abstract void changeOwnPassword(String role, String database, String password)
      throws Exception;

  /// The administrator makes a role and a database that it owns.
  protected abstract void makeAsAdministrator(String role, String database) throws Exception;

  protected static ScramVerifier verifier(String password) {
    return ScramVerifier.of(password.toCharArray());
  }

  protected static Fence fence(DatabaseSet set, long epoch) {
    return new Fence(set.subject(), epoch);
  }

  /// A set of an application that nobody has met before.
  protected DatabaseSet set(String name) {
    return new DatabaseSet(
        specification().instance(),
        Identifiers.next("app"),
        name,
        List.of(name, name + "_dbos_sys"));
  }

  protected void ensure(DatabaseSet set, long epoch, String password) throws Exception {
    driver()
        .ensureDatabases(
            fence(set, epoch), specification(), ADMINISTRATOR, set, verifier(password));
  }

  protected Gone drop(DatabaseSet set, long epoch) throws Exception {
    return driver()
        .dropDatabases(fence(set, epoch), specification(), ADMINISTRATOR, set, set.resources());
  }

  private static void assertRefused(String code, ThrowingCallable act) {
    assertThatExceptionOfType(DriverFailure.Permanent.class)
        .isThrownBy(act)
        .extracting(DriverFailure::code)
        .isEqualTo(code);
  }

  @Test
  void anApplicationGetsIntoItsOwnDatabasesAndIntoNoOther() throws Exception {
    DatabaseSet shop = set("own_shop");
    DatabaseSet blog = set("own_blog");
    ensure(shop, 1, PASSWORD);
    ensure(blog, 1, PASSWORD);

    assertThat(signsIn("own_shop", PASSWORD, "own_shop")).isTrue();
    assertThat(signsIn("own_shop", PASSWORD, "own_shop_dbos_sys")).isTrue();
    assertThat(signsIn("own_shop", PASSWORD, "own_blog")).isFalse();
    assertThat(signsIn("own_shop", PASSWORD, "own_blog_dbos_sys")).isFalse();
    assertThat(signsIn("own_shop", PASSWORD, "postgres")).isFalse();
    assertThat(signsIn("own_shop", PASSWORD, "template1")).isFalse();
    assertThat(signsIn("own_shop", "wrong", "own_shop")).isFalse();
  }

  @Test
  void ensuringTwiceIsAsOnceAndGivesThePasswordAgain() throws Exception {
    DatabaseSet set = set("twice");
    ensure(set, 1, PASSWORD);
    changeOwnPassword("twice", "twice", "its own idea");
    boolean changed = signsIn("twice", "its own idea", "twice");

    ensure(set, 1, PASSWORD);

    assertThat(changed).isTrue();
    assertThat(signsIn("twice", PASSWORD, "twice")).isTrue();
    assertThat(signsIn("twice", "its own idea", "twice")).isFalse();
  }

  @Test
  void droppingLeavesNothingProvesItAndMayBeRepeated() throws Exception {
    DatabaseSet set = set("dropped");
    ensure(set, 1, PASSWORD);

    Gone gone = drop(set, 2);
    Gone again = drop(set, 2);

    assertThat(gone.proofs()).containsOnlyKeys(set.resources());
    assertThat(again.proofs()).containsOnlyKeys(set.resources());
    assertThat(signsIn("dropped", PASSWORD, "dropped")).isFalse();
    ensure(set, 2, PASSWORD);
    assertThat(signsIn("dropped", PASSWORD, "dropped")).isTrue();
  }

  @Test
  void onlyWhatIsExpectedIsDropped() throws Exception {
    DatabaseSet set = set("half");
    ensure(set, 1, PASSWORD);
    Resource second = set.resources().getLast();

    driver().dropDatabases(fence(set, 2), specification(), ADMINISTRATOR, set, List.of(second));

    assertThat(signsIn("half", PASSWORD, "half")).isTrue();
    assertThat(signsIn("half", PASSWORD, "half_dbos_sys")).isFalse();
  }

  @Test
  void anotherApplicationsRoleIsNeitherTakenOverNorDropped() throws Exception {
    DatabaseSet first = set("claimed");
    DatabaseSet second = set("claimed");
    ensure(first, 1, PASSWORD);

    assertRefused("role-taken", () -> ensure(second, 1, "another"));
    Gone gone = drop(second, 2);

    assertThat(gone.proofs()).containsOnlyKeys(second.resources());
    assertThat(signsIn("claimed", PASSWORD, "claimed")).isTrue();
    assertThat(signsIn("claimed", "another", "claimed")).isFalse();
  }

  @Test
  void whatAnAncestorLeftIsTheHeirsAndNotTheAncestorsAnyMore() throws Exception {
    DatabaseSet first = set("left");
    DatabaseSet heir = set("left").inheritedFrom(Set.of(first.application()));
    ensure(first, 1, PASSWORD);

    ensure(heir, 1, "another");
    drop(first, 2);

    assertThat(signsIn("left", "another", "left")).isTrue();
    assertThat(signsIn("left", PASSWORD, "left")).isFalse();
    assertRefused("role-taken", () -> ensure(first, 2, PASSWORD));
  }

  @Test
  void whatThePlatformDidNotMakeIsNeitherTakenOverNorDropped() throws Exception {
    makeAsAdministrator("theirs", "theirs_data");
    DatabaseSet sameRole = set("theirs");
    var sameDatabase =
        new DatabaseSet(
            specification().instance(),
            Identifiers.next("app"),
            "newcomer",
            List.of("newcomer", "theirs_data"));

    assertRefused("role-taken", () -> ensure(sameRole, 1, PASSWORD));
    assertRefused("database-taken", () -> ensure(sameDatabase, 1, PASSWORD));
    drop(sameRole, 2);
    drop(sameDatabase, 2);

    assertThat(signsIn(ADMINISTRATOR, ADMINISTRATORS_PASSWORD, "theirs_data")).isTrue();
    assertThat(signsIn("newcomer", PASSWORD, "newcomer"))
        .as("what was refused has changed nothing")
        .isFalse();
  }

  @Test
  void lowerEpochIsRefusedAndLeavesNothing() throws Exception {
    DatabaseSet set = set("late");
    ensure(set, 6, PASSWORD);
    drop(set, 7);

    assertThatExceptionOfType(DriverFailure.Fenced.class)
        .isThrownBy(() -> ensure(set, 6, PASSWORD));
    assertThatExceptionOfType(DriverFailure.Fenced.class).isThrownBy(() -> drop(set, 6));
    assertThat(signsIn("late", PASSWORD, "late")).isFalse();
  }

  @Test
  void epochOfOneSetIsNotThatOfAnother() throws Exception {
    DatabaseSet high = set("epoch_high");
    DatabaseSet low = set("epoch_low");
    ensure(high, 50, PASSWORD);

    ensure(low, 1, PASSWORD);

    assertThat(signsIn("epoch_low", PASSWORD, "epoch_low")).isTrue();
  }

  @Test
  void fenceOfSomethingElseIsAMistakeOfTheCaller() {
    DatabaseSet set = set("mistaken");
    var instances = new Fence(specification().instance(), 1);

    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                driver()
                    .ensureDatabases(
                        instances, specification(), ADMINISTRATOR, set, verifier(PASSWORD)));
    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                driver().dropDatabases(instances, specification(), ADMINISTRATOR, set, List.of()));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "slipway",
        "postgres",
        "template1",
        "public",
        "none",
        "pg_monitor",
        "Shop",
        "1shop",
        "sh op",
        "shop\"",
        "shop'",
        "shop\0",
        "shop/blog"
      })
  void namesThatNoApplicationMayHaveAreRefusedBeforeAnythingHappens(String name) {
    assertThatIllegalArgumentException().isThrownBy(() -> set(name));
  }
}
