package dev.slipway.bench;

import dev.dbos.transact.DBOS;
import dev.dbos.transact.config.DBOSConfig;
import dev.dbos.transact.workflow.Workflow;
import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;
import org.eclipse.microprofile.config.inject.ConfigProperty;

/// DBOS Transact as its documentation sets it up, on a database of its own.
@ApplicationScoped
class Transact {

  /// Five steps that do nothing.
  private record Steps(DBOS dbos) implements FiveTransactSteps {

    @Override
    @Workflow(name = "five-steps")
    public int run() {
      int done = 0;
      for (int number = 1; number <= 5; number++) {
        int before = done;
        done = dbos.runStep(() -> before + 1, "step-" + number);
      }
      return done;
    }
  }

  @Produces
  @Singleton
  DBOS dbos(
      @ConfigProperty(name = "bench.transact.url") String url,
      @ConfigProperty(name = "bench.transact.user") String user,
      @ConfigProperty(name = "bench.transact.password") String password,
      @ConfigProperty(name = "slipway.replica") String replica) {
    return new DBOS(
        DBOSConfig.defaults("bench")
            .withDatabaseUrl(url)
            .withDbUser(user)
            .withDbPassword(password)
            .withAppVersion("1")
            .withExecutorId(replica));
  }

  @Produces
  @Singleton
  FiveTransactSteps steps(DBOS dbos) {
    return dbos.registerProxy(FiveTransactSteps.class, new Steps(dbos));
  }

  void start(@Observes StartupEvent event, DBOS dbos, FiveTransactSteps registered) {
    dbos.launch();
  }

  void stop(@Observes ShutdownEvent event, DBOS dbos) {
    dbos.shutdown();
  }
}
