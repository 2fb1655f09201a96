package dev.slipway.common.sql;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.slipway.common.operation.KernelDatabase;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.concurrent.FutureTask;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Several statements in one round trip, on a real Postgres.
// NullAway does not read the bound of a type parameter from a class file.
@SuppressWarnings("NullAway")
final class PipelineTest {

  private static KernelDatabase database;

  @BeforeAll
  static void open() throws SQLException {
    database = KernelDatabase.fresh();
    inOne(new Pipeline().add("create table seen (number int primary key, word text)"));
  }

  @BeforeEach
  void empty() throws SQLException {
    inOne(new Pipeline().add("delete from seen"));
  }

  @Test
  void eachStatementSeesThoseBeforeIt() throws SQLException {
    Pipeline pipeline =
        new Pipeline()
            .add("insert into seen values (?, ?)", 1, "one")
            .add("update seen set word = ? where number = ?", null, 1)
            .add("select count(*), count(word) from seen")
            .add("insert into seen values (?, ?) returning word", 2, "two");

    List<@Nullable Object> read =
        database
            .transactions()
            .inNew(
                connection ->
                    pipeline.read(
                        connection,
                        row -> row.getInt(1) + " and " + row.getInt(2),
                        row -> row.getString(1)));

    assertThat(read).containsExactly("1 and 0", "two");
  }

  @Test
  void aStatementWithoutARowIsReadAsNull() throws SQLException {
    Pipeline pipeline =
        new Pipeline().add("select word from seen where number = ?", 7).add("select 'there'");

    List<@Nullable Object> read =
        database
            .transactions()
            .inNew(
                connection ->
                    pipeline.read(connection, row -> row.getString(1), row -> row.getString(1)));

    assertThat(read).containsExactly(null, "there");
  }

  @Test
  void theFirstThatFailsIsTheLast() throws SQLException {
    Pipeline pipeline =
        new Pipeline()
            .add("insert into seen values (1, 'one')")
            .add("insert into seen values (1, 'again')")
            .add("insert into seen values (2, 'two')");

    assertThatThrownBy(() -> inOne(pipeline))
        .isInstanceOfSatisfying(
            SQLException.class, failure -> assertThat(failure.getSQLState()).isEqualTo("23505"));
    assertThat(count()).isEqualTo(0);
  }

  @Test
  void aCommitStoresAllOfIt() throws SQLException {
    database
        .transactions()
        .atOnce(
            new Pipeline()
                .add("insert into seen values (?, ?)", 1, "one")
                .add("select 7::bigint")
                .add("insert into seen values (?, ?)", 2, "two"));

    assertThat(count()).isEqualTo(2);
  }

  @Test
  void aLongCommitIsOneTransactionToo() throws SQLException {
    var failing = new Pipeline();
    for (int number = 1; number <= 1_000; number++) {
      failing.add("insert into seen values (?, 'one')", number);
    }
    failing.add("insert into seen values (1, 'again')");
    try (Connection connection = database.dataSource().getConnection()) {
      assertThatThrownBy(() -> failing.commit(connection)).isInstanceOf(SQLException.class);

      new Pipeline().add("insert into seen values (1, 'alone')").commit(connection);
    }

    assertThat(count()).isEqualTo(1);
  }

  @Test
  void aCommitReturnsNoTexts() {
    Pipeline pipeline = new Pipeline().add("select word from seen");

    assertThatThrownBy(() -> database.transactions().atOnce(pipeline))
        .isInstanceOf(IllegalStateException.class);
  }

  /// More often than the driver needs to prepare the statements at the server.
  @Test
  void aCommitThatFailsStoresNothingAndLeavesTheConnectionInNoTransaction() throws SQLException {
    try (Connection connection = database.dataSource().getConnection()) {
      for (int number = 1; number <= 20; number++) {
        Pipeline failing =
            new Pipeline()
                .add("insert into seen values (?, ?)", number, "one")
                .add("insert into seen values (?, ?)", number, "again");

        assertThatThrownBy(() -> failing.commit(connection))
            .isInstanceOfSatisfying(
                SQLException.class,
                failure -> assertThat(failure.getSQLState()).isEqualTo("23505"));

        new Pipeline().add("insert into seen values (?, 'two')", number).run(connection);
        assertThat(count()).isEqualTo(number);
      }
    }
  }

  @Test
  void nothingOfACommitIsSeenBeforeAllOfIt() throws Exception {
    try (Connection connection = database.dataSource().getConnection();
        Connection holder = database.dataSource().getConnection()) {
      new Pipeline().add("insert into seen values (0, 'held')").commit(connection);
      holder.setAutoCommit(false);
      new Pipeline().add("update seen set word = 'mine' where number = 0").run(holder);
      Pipeline waiting =
          new Pipeline()
              .add("insert into seen values (1, 'one')")
              .add("update seen set word = 'theirs' where number = 0")
              .add("insert into seen values (2, 'two')");

      var committing =
          new FutureTask<>(
              () -> {
                waiting.commit(connection);
                return true;
              });
      Thread.ofVirtual().start(committing);
      await().until(PipelineTest::somebodyWaitsForALock);
      assertThat(count()).isEqualTo(1);
      holder.commit();
      assertThat(committing.get()).isTrue();
    }

    assertThat(count()).isEqualTo(3);
  }

  @Test
  void aCommitInSomebodysTransactionIsAMistake() {
    Pipeline pipeline = new Pipeline().add("insert into seen values (1, 'one')");

    assertThatThrownBy(
            () ->
                database
                    .transactions()
                    .inNew(
                        (Connection connection) -> {
                          pipeline.commit(connection);
                          return true;
                        }))
        .isInstanceOf(IllegalStateException.class);
  }

  @Test
  void readingMoreThanIsReturnedIsAMistake() {
    Pipeline pipeline = new Pipeline().add("insert into seen values (1, 'one')");

    assertThatThrownBy(
            () ->
                database
                    .transactions()
                    .inNew(connection -> pipeline.read(connection, row -> row.getString(1))))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void nothingIsNoRoundTrip() throws SQLException {
    inOne(new Pipeline());

    assertThat(count()).isEqualTo(0);
  }

  private static void inOne(Pipeline pipeline) throws SQLException {
    boolean done =
        database
            .transactions()
            .inNew(
                (Connection connection) -> {
                  pipeline.run(connection);
                  return true;
                });
    assertThat(done).isTrue();
  }

  private static boolean somebodyWaitsForALock() throws SQLException {
    return database
        .transactions()
        .inNew(
            connection ->
                Boolean.TRUE.equals(
                    new Pipeline()
                        .add(
                            """
                            select exists (select from pg_stat_activity
                              where datname = current_database() and wait_event_type = 'Lock')""")
                        .read(connection, row -> row.getBoolean(1))
                        .getFirst()));
  }

  private static Object count() throws SQLException {
    return database
        .transactions()
        .inNew(
            connection ->
                new Pipeline()
                    .add("select count(*)::int from seen")
                    .read(connection, row -> row.getInt(1))
                    .getFirst());
  }
}
