package dev.slipway.instance.reconcile;

import dev.slipway.common.driver.Found;
import dev.slipway.common.driver.Locality;
import dev.slipway.common.operation.DriverFailure;
import dev.slipway.common.operation.OperationEngine;
import dev.slipway.common.operation.Transactions;
import dev.slipway.common.reconcile.Books;
import dev.slipway.common.reconcile.Cleaning;
import dev.slipway.common.reconcile.Janitor;
import dev.slipway.common.reconcile.Premises;
import dev.slipway.common.reconcile.SqlBooks;
import dev.slipway.instance.driver.InstanceDriver;
import dev.slipway.instance.operation.DestroyInstance;
import dev.slipway.instance.operation.ProvisionInstance;
import dev.slipway.instance.operation.SweepInstance;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;
import java.time.Duration;
import java.util.List;
import org.eclipse.microprofile.config.inject.ConfigProperty;

/// Instances, as the janitor needs to know them.
record InstancePremises(InstanceDriver driver) implements Premises {

  /// Brings the janitor and its books into the service.
  @Singleton
  static final class Beans {

    @Produces
    @Singleton
    Books books(Transactions transactions) {
      return InstancePremises.books(transactions);
    }

    @Produces
    @Singleton
    Cleaning cleaning(
        InstanceDriver driver, Janitor janitor, Transactions transactions, OperationEngine engine) {
      return InstancePremises.cleaning(driver, janitor, transactions, engine);
    }

    @Produces
    @Singleton
    Janitor janitor(
        InstanceDriver driver,
        Transactions transactions,
        OperationEngine engine,
        @ConfigProperty(name = "slipway.installation", defaultValue = "local") String installation,
        @ConfigProperty(name = "slipway.janitor.apart", defaultValue = "10m") Duration apart) {
      return InstancePremises.janitor(driver, transactions, engine, installation, apart);
    }
  }

  static Cleaning cleaning(
      InstanceDriver driver, Janitor janitor, Transactions transactions, OperationEngine engine) {
    return new Cleaning(engine, janitor, books(transactions), driver::moveToTrash);
  }

  static SqlBooks books(Transactions transactions) {
    return new SqlBooks(transactions, "instance", ProvisionInstance.KIND, DestroyInstance.KIND);
  }

  static Janitor janitor(
      InstanceDriver driver,
      Transactions transactions,
      OperationEngine engine,
      String installation,
      Duration apart) {
    return new Janitor(
        new InstancePremises(driver),
        books(transactions),
        transactions,
        engine,
        installation,
        apart);
  }

  @Override
  public String plural() {
    return "instances";
  }

  @Override
  public Locality locality() {
    return driver.locality();
  }

  @Override
  public List<Found> inventory() throws DriverFailure, InterruptedException {
    return driver.inventory();
  }

  @Override
  public String sweep() {
    return SweepInstance.KIND;
  }

  @Override
  public Record input(List<String> found) {
    return new SweepInstance.Input(found);
  }
}
