package dev.slipway.common.sql;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.slipway.common.operation.KernelDatabase;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
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
