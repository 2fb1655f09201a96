package dev.slipway.instance.driver;

import dev.slipway.common.driver.Endpoint;
import dev.slipway.common.id.Identifiers;
import dev.slipway.common.operation.Fence;
import org.junit.jupiter.api.BeforeEach;

/// The fake keeps the contract, fencing included.
final class FakeDatabaseSetTest extends DatabaseSetContract {

  private final FakeInstanceDriver driver = new FakeInstanceDriver();
  private final InstanceSpecification specification =
      new InstanceSpecification(
          Identifiers.next("ins"), "org_one", new Endpoint("localhost", 1001));

  @BeforeEach
  void provision() throws Exception {
    var fence = new Fence(specification.instance(), 1);
    driver.create(fence, specification);
    driver.start(fence, specification);
    driver.secure(fence, specification, ADMINISTRATOR, verifier(ADMINISTRATORS_PASSWORD));
  }

  @Override
  protected InstanceDriver driver() {
    return driver;
  }

  @Override
  protected InstanceSpecification specification() {
    return specification;
  }

  @Override
  protected boolean signsIn(String role, String password, String database) {
    return driver.reality().signsIn(specification.instance(), role, password)
        && driver.reality().letsIn(specification.instance(), role, database);
  }

  @Override
  protected void changeOwnPassword(String role, String database, String password) {
    driver.reality().changePassword(specification.instance(), role, password);
  }

  @Override
  protected void makeAsAdministrator(String role, String database) {
    driver.reality().make(specification.instance(), role, database);
  }
}
