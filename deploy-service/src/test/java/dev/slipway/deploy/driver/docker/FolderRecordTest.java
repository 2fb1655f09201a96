package dev.slipway.deploy.driver.docker;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import org.junit.jupiter.api.Test;

/// The record of a folder, pure.
final class FolderRecordTest {

  private static final Instant EARLY = Instant.parse("2026-01-31T12:00:00.000000001Z");
  private static final Instant LATE = Instant.parse("2026-01-31T12:00:07Z");

  @Test
  void isReadAsItWasWritten() {
    FolderRecord record =
        FolderRecord.NEW
            .changed()
            .begun("install", EARLY)
            .settled(0, EARLY)
            .begun("migrate", LATE)
            .settled(FolderRecord.VANISHED, LATE)
            .begun("build", LATE);

    assertThat(FolderRecord.parse(record.toString())).isEqualTo(record);
    assertThat(FolderRecord.parse(FolderRecord.NEW.toString())).isEqualTo(FolderRecord.NEW);
  }

  @Test
  void knowsRunsUntilTheyAreCleared() {
    FolderRecord record =
        FolderRecord.NEW.begun("install", EARLY).settled(3, LATE).begun("build", EARLY);

    assertThat(record.knows("install")).isTrue();
    assertThat(record.knows("build")).isTrue();
    assertThat(record.without("build").last()).isNull();
    assertThat(record.without("build").knows("install")).isTrue();
    assertThat(record.without("install").knows("install")).isFalse();
    assertThat(record.without("other")).isEqualTo(record);
  }

  @Test
  void whatWasSaidLateBelongsToNoLaterRun() {
    FolderRecord record = FolderRecord.NEW.begun("install", EARLY).settled(0, LATE);

    assertThat(record.begun("build", EARLY).before()).isEqualTo(LATE);
  }

  @Test
  void aRunThatMayHaveChangedTheFolderMakesAnotherRecord() {
    FolderRecord built = FolderRecord.NEW.begun("build", EARLY).settled(0, LATE);

    assertThat(built.without("build").toString())
        .isNotEqualTo(
            built.begun("rollback", LATE).without("rollback").without("build").toString());
  }
}
