package dev.slipway.common.operation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipway.common.id.Identifiers;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Lists of operations: what they leave out, and how their pages join.
final class OperationListTest {

  private static final KernelDatabase DATABASE = KernelDatabase.fresh();
  private static final String PLAN = "same-plan";

  private final String organization = Identifiers.next("org");
  private final OperationEngine engine =
      OperationKit.engine(DATABASE, List.of(), "lister", OperationEngine.Interruptions.NONE);

  @Test
  void pagesJoinWithoutGapOrRepeatWhileNewOnesBegin() throws SQLException {
    long seed = System.nanoTime();
    System.out.println("Pages are seeded with " + seed);
    var random = new Random(seed);
    List<String> all = new ArrayList<>();
    for (int i = 0; i < 40; i++) {
      // Many at the same moment: then the identifier decides.
      all.addFirst(add("things.make", "a", "SUCCEEDED", i / 8, 1));
    }
    List<String> read = new ArrayList<>();
    OperationCursor cursor = null;
    while (true) {
      int most = 1 + random.nextInt(7);
      List<OperationView> page = engine.list(query(null, null, false, null, cursor, most));
      if (page.isEmpty()) {
        break;
      }
      page.forEach(view -> read.add(view.id()));
      cursor = new OperationCursor(page.getLast().createdAt(), page.getLast().id());
      assertThat(OperationCursor.decode(cursor.encoded())).contains(cursor);
      add("things.make", "late", "SUCCEEDED", 100 + read.size(), 1);
    }

    assertThat(read).containsExactlyElementsOf(all);
  }

  @Test
  void filtersLeaveOutTheRest() throws SQLException {
    String made = add("things.make", "a", "SUCCEEDED", 1, 1);
    String undone = add("things.make", "b", "UNDONE", 2, 1);
    String broken = add("things.break", "a", null, 3, 1);

    assertThat(ids(query("things.make", null, false, null, null, 9))).containsExactly(undone, made);
    assertThat(ids(query(null, Outcome.UNDONE, false, null, null, 9))).containsExactly(undone);
    assertThat(ids(query(null, null, true, null, null, 9))).containsExactly(broken);
    assertThat(ids(query(null, null, false, at(2), null, 9))).containsExactly(broken, undone);
    assertThat(
            ids(
                new OperationQuery(
                    organization, "a", null, Phase.ENDED, null, false, null, null, 9)))
        .containsExactly(made);
    assertThat(ids(OperationQuery.newest(Identifiers.next("org"), 9))).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "x",
        "%%%",
        "2026-03-01T10:00:00Z iop_1",
        "' or 1=1",
        "MjAyNi0wMy0wMVQxMDowMDowMFogaW9wXzE",
        "9999-99-99T99:99:99Z kit_00000000000000000000000000"
      })
  void whatNoListGaveIsNoCursor(String text) {
    assertThat(OperationCursor.decode(text)).isEmpty();
    assertThat(
            OperationCursor.decode(
                Base64.getUrlEncoder()
                    .encodeToString(text.getBytes(java.nio.charset.StandardCharsets.UTF_8))))
        .isEmpty();
    assertThat(OperationCursor.decode("A".repeat(100_000))).isEmpty();
  }

  @Test
  void twentySuccessesOfOnePlanSayWhatIsUsual() throws SQLException {
    for (int i = 0; i < UsualDurations.LEAST - 1; i++) {
      add("things.time", "a", "SUCCEEDED", i, i < 5 ? 100 : 2);
    }
    add("things.time", "a", "UNDONE", 50, 7000);
    assertThat(usual("things.time")).isEqualTo(UsualDurations.Usual.UNKNOWN);

    add("things.time", "a", "SUCCEEDED", 60, 2);

    UsualDurations.Usual usual = usual("things.time");
    assertThat(usual.whole()).isEqualTo(2000);
    assertThat(usual.steps()).containsEntry("only", 2000L);
    assertThat(usual("things.other")).isEqualTo(UsualDurations.Usual.UNKNOWN);
  }

  @Test
  void theUsualIsMeasuredOnceAMinute() throws SQLException {
    var durations = new UsualDurations();
    UsualDurations.Usual before = usual(durations, "things.rare");
    for (int i = 0; i < UsualDurations.LEAST; i++) {
      add("things.rare", "a", "SUCCEEDED", i, 1);
    }

    assertThat(usual(durations, "things.rare")).isSameAs(before);
  }

  private static UsualDurations.Usual usual(String kind) throws SQLException {
    return usual(new UsualDurations(), kind);
  }

  private static UsualDurations.Usual usual(UsualDurations durations, String kind)
      throws SQLException {
    return DATABASE.transactions().inNew(connection -> durations.of(connection, kind, PLAN));
  }

  private List<String> ids(OperationQuery query) throws SQLException {
    return engine.list(query).stream().map(OperationView::id).toList();
  }

  private OperationQuery query(
      @Nullable String kind,
      @Nullable Outcome outcome,
      boolean active,
      @Nullable Instant since,
      @Nullable OperationCursor after,
      int most) {
    return new OperationQuery(organization, null, kind, null, outcome, active, since, after, most);
  }

  private static Instant at(int second) {
    return Instant.parse("2026-03-01T10:00:00.123456Z").plusSeconds(second);
  }

  /// An operation as it stands in the database, begun at a second of its own.
  private String add(
      String kind, String subject, @Nullable String outcome, int second, int seconds) {
    String id = Identifiers.next("kit");
    String phase = outcome == null ? "STUCK" : "ENDED";
    DATABASE.execute(
        """
        insert into subject (id, organization) values ('%2$s_%3$s', '%3$s') on conflict do nothing;
        insert into operation (id, kind, signature, subject, subject_name, organization, requested_by,
          phase, stuck_in, outcome, step, admission, input, state, deadline, step_deadline, due_at,
          created_at, ended_at)
        values ('%1$s', '%4$s', '%5$s', '%2$s_%3$s', '%2$s', '%3$s', 'ann', '%6$s', %7$s, %8$s, 'only',
          'LIGHT', '{}', '{}', 0, 0, clock_timestamp(), '%9$s',
          case when '%6$s' = 'ENDED' then timestamptz '%9$s' + interval '%10$s seconds' end);
        insert into operation_step (operation, step, direction, number, state, entered_at, ended_at)
        values ('%1$s', 'only', 'DO', 0, 'DONE', '%9$s', timestamptz '%9$s' + interval '%10$s seconds')"""
            .formatted(
                id,
                subject,
                organization,
                kind,
                PLAN,
                phase,
                outcome == null ? "'RUNNING'" : "null",
                outcome == null ? "null" : "'" + outcome + "'",
                at(second),
                seconds));
    return id;
  }
}
