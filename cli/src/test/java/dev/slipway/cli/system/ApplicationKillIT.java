package dev.slipway.cli.system;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipway.cli.chaos.SteadyLoad;
import dev.slipway.cli.system.PlatformUnderTest.Running;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.locks.LockSupport;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;

/// SIGKILL for real, at seeded moments of deploys and roll backs: each comes to its end, a
/// migration runs once, and whoever uses the application notices nothing.
@InTurn(4)
@Isolated("kills services")
final class ApplicationKillIT {

  private static final int KILLS = 12;
  private static final int LATEST_MILLIS = 4_000;
  private static final List<String> VICTIMS =
      List.of("deploy-service", "instance-service", "local-stack");
  private static final String PASSWORD = "kept-through-kills-2";

  /// Not in one transaction, so that everybody sees how far it is.
  private static final String MIGRATION =
      """
      export const config = { transaction: false };
      export async function up(knex) {
        await knex.raw('create table if not exists marker (what text)');
        await knex.raw("insert into marker values ('begun')");
        await knex.raw('select pg_sleep(1)');
        await knex.raw("insert into marker values ('done')");
      }
      export async function down(knex) {
        await knex.raw("insert into marker values ('undoing')");
        await knex.raw('select pg_sleep(1)');
        await knex.raw('delete from marker');
      }
      """;

  private final PlatformFromOutside outside = PlatformFromOutside.shared();

  @Test
  void whateverIsKilledDeploysAndRollBacksEnd() throws Exception {
    long seed = Long.getLong("slipway.seed", System.currentTimeMillis());
    System.out.println("Kills are seeded with -Dslipway.seed=" + seed);
    var random = new Random(seed);
    PlatformUnderTest platform = PlatformUnderTest.get();
    Path mine = platform.user("appkill");
    platform
        .slipwayWith(
            mine, PASSWORD + "\n", "db", "provision", "main", "-U", "owner_1", "--password-stdin")
        .succeeded();
    Example guestbook = Example.copy(platform, mine, "appkill", "guestbook");
    platform.slipway(mine, "app", "deploy", "-d", "main").succeeded();
    String application = guestbook.id("guestbook");
    guestbook.write("migrations/20260401000000_marker.js", MIGRATION);
    int port =
        platform
            .slipway(mine, "db", "status", "main", "--json")
            .succeeded()
            .json()
            .path("Port")
            .asInt();

    var users = new SteadyLoad.Manner(20, false, Duration.ofMinutes(60));
    try (SteadyLoad load = new SteadyLoad(platform.trust(), guestbook.url("guestbook"), users)) {
      for (int i = 0; i < KILLS; i++) {
        boolean deploy = i % 2 == 0;
        String victim = VICTIMS.get(i / 2 % VICTIMS.size());
        int millis = random.nextInt(LATEST_MILLIS);
        String what =
            i == 0
                ? "%s killed within a migration".formatted(victim)
                : "%s killed %d ms into a %s"
                    .formatted(victim, millis, deploy ? "deploy" : "roll back");
        System.out.println(what);
        load.phase(what);
        ProcessHandle process = outside.process(victim);
        Running running = platform.begin(mine, "app", deploy ? "deploy" : "rollback");
        awaitOperation(application, deploy ? "application.deploy" : "application.roll-back", i / 2);
        if (i == 0) {
          await("the migration runs").until(() -> markers(port).equals("begun"));
        } else {
          LockSupport.parkNanos(Duration.ofMillis(millis).toNanos());
        }
        assertThat(process.destroyForcibly()).isTrue();
        if (victim.equals("deploy-service")) {
          assertThat(guestbook.get("guestbook")).as("while it is down").isNotEmpty();
        }
        running.end();
        await("the platform is whole again").until(outside::ready);
        await("every operation has ended").until(() -> active(application).isEmpty());
        assertThat(outcomes(application)).as(what).allMatch("SUCCEEDED"::equals);
        assertThat(markers(port)).as(what).isEqualTo(deploy ? "begun,done" : "");
      }
      load.end();
      assertThat(load.failures()).isEmpty();
    }

    platform.slipway(mine, "app", "deploy").succeeded();
    ApplicationExecutors executors = ApplicationExecutors.of(platform, application);
    await("replaced executors are gone").until(() -> executors.supervisors().size() == 1);
    assertThat(executors.supervising("command")).isEmpty();
    assertThat(query(port, "select is_locked::text from knex_migrations_lock")).isEqualTo("0");
    assertThat(
            outside.query(
                "deploy-service",
                """
                select kind from ledger
                where state <> 'GONE' and kind <> 'directory' and subject = '%s' order by 1
                """
                    .formatted(application)))
        .containsExactly("port", "port", "process");
    platform.slipway(mine, "db", "destroy", "main", "--yes", "--force").succeeded();
  }

  /// Waits until one more operation of a kind was begun than there was.
  private void awaitOperation(String application, String kind, int before) {
    // The first deploy of all came before the first kill.
    int wanted = before + (kind.equals("application.deploy") ? 2 : 1);
    await("the operation has begun")
        .until(
            () ->
                outside
                        .query(
                            "deploy-service",
                            "select id from operation where kind = '%s' and subject = '%s'"
                                .formatted(kind, application))
                        .size()
                    >= wanted);
  }

  private List<String> active(String application) {
    return outside.query(
        "deploy-service",
        "select kind from operation where phase <> 'ENDED' and subject = '%s'"
            .formatted(application));
  }

  private List<String> outcomes(String application) {
    return outside.query(
        "deploy-service",
        """
        select outcome from operation
        where kind in ('application.deploy', 'application.roll-back') and subject = '%s'
        """
            .formatted(application));
  }

  /// What the migration has left, in order, separated by commas.
  private static String markers(int port) throws SQLException {
    return query(port, "select coalesce(to_regclass('marker')::text, '')").isEmpty()
        ? ""
        : query(port, "select coalesce(string_agg(what, ',' order by what), '') from marker");
  }

  private static String query(int port, String sql) throws SQLException {
    try (Connection connection =
        DriverManager.getConnection(
            "jdbc:postgresql://127.0.0.1:%d/guestbook?sslmode=require".formatted(port),
            "owner_1",
            PASSWORD)) {
      return User.query(connection, sql);
    }
  }

  private static ConditionFactory await(String what) {
    return Awaitility.await(what)
        .atMost(PlatformUnderTest.PATIENCE)
        .pollInterval(Duration.ofMillis(100))
        .ignoreExceptions();
  }
}
