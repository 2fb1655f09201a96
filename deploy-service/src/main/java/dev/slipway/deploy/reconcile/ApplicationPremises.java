package dev.slipway.deploy.reconcile;

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
import dev.slipway.deploy.driver.ApplicationRuntime;
import dev.slipway.deploy.operation.DeleteApplication;
import dev.slipway.deploy.operation.RegisterApplication;
import dev.slipway.deploy.operation.SweepApplication;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;
import java.time.Duration;
import java.util.List;
import org.eclipse.microprofile.config.inject.ConfigProperty;

/// Applications, as the janitor needs to know them.
record ApplicationPremises(ApplicationRuntime runtime) implements Premises {

  /// Brings the janitor and its books into the service.
  @Singleton
  static final class Beans {

    @Produces
    @Singleton
    Books books(Transactions transactions) {
      return ApplicationPremises.books(transactions);
    }

    @Produces
    @Singleton
    Cleaning cleaning(
        ApplicationRuntime runtime,
        Janitor janitor,
        Transactions transactions,
        OperationEngine engine) {
      return ApplicationPremises.cleaning(runtime, janitor, transactions, engine);
    }

    @Produces
    @Singleton
    Janitor janitor(
        ApplicationRuntime runtime,
        Transactions transactions,
        OperationEngine engine,
        @ConfigProperty(name = "slipway.installation", defaultValue = "local") String installation,
        @ConfigProperty(name = "slipway.janitor.apart", defaultValue = "10m") Duration apart) {
      return ApplicationPremises.janitor(runtime, transactions, engine, installation, apart);
    }
  }

  static Cleaning cleaning(
      ApplicationRuntime runtime,
      Janitor janitor,
      Transactions transactions,
      OperationEngine engine) {
    return new Cleaning(engine, janitor, books(transactions), runtime::moveToTrash);
  }

  static SqlBooks books(Transactions transactions) {
    return new SqlBooks(
        transactions, "application", RegisterApplication.KIND, DeleteApplication.KIND);
  }

  static Janitor janitor(
      ApplicationRuntime runtime,
      Transactions transactions,
      OperationEngine engine,
      String installation,
      Duration apart) {
    return new Janitor(
        new ApplicationPremises(runtime),
        books(transactions),
        transactions,
        engine,
        installation,
        apart);
  }

  @Override
  public String plural() {
    return "applications";
  }

  @Override
  public Locality locality() {
    return runtime.locality();
  }

  @Override
  public List<Found> inventory() throws DriverFailure, InterruptedException {
    return runtime.inventory();
  }

  @Override
  public String sweep() {
    return SweepApplication.KIND;
  }

  @Override
  public Record input(List<String> found) {
    return new SweepApplication.Input(found);
  }
}
