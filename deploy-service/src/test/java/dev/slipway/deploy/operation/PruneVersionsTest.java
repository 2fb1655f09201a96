package dev.slipway.deploy.operation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipway.deploy.domain.Application;
import dev.slipway.deploy.domain.Executor;
import dev.slipway.deploy.domain.Language;
import dev.slipway.deploy.domain.SchemaRecord;
import dev.slipway.deploy.domain.Version;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/// Which versions are kept, by number and by age, and which stay whatever their number and age.
final class PruneVersionsTest {

  private static final int ANY_NUMBER = 100;
  private static final long ANY_AGE = 0;

  /// Nine down to one, as old in days as nine less their number.
  private final List<Version> nine =
      IntStream.iterate(9, n -> n > 0, n -> n - 1).mapToObj(n -> version(n)).toList();

  private static Version version(int number) {
    return new Version(
        "app_1",
        String.valueOf(number),
        "archive",
        null,
        true,
        null,
        "dop_1",
        "demo",
        Instant.now().minus(Duration.ofDays(9L - number)));
  }

  private static Application application(@Nullable String serving) {
    return new Application(
        "app_1",
        "org_1",
        "acme",
        "shop",
        Language.NODE,
        "ins_1",
        "main",
        "shop",
        512,
        1,
        serving,
        0,
        "dop_1",
        "demo",
        Instant.now());
  }

  private static Executor draining(String version) {
    return new Executor(
        "exe_1",
        "app_1",
        version,
        "localhost",
        1,
        2,
        512,
        Executor.Duty.DRAINING,
        Instant.now(),
        null,
        null,
        null);
  }

  private static List<String> superfluous(
      Application application,
      List<Version> versions,
      List<Executor> running,
      int keep,
      long days,
      SchemaRecord... records) {
    return PruneVersions.superfluous(application, versions, running, List.of(records), keep, days)
        .stream()
        .map(Version::id)
        .toList();
  }

  @Test
  void theOldestBeyondTheNumberGoAndWhatServesIsNotCounted() {
    assertThat(superfluous(application("9"), nine, List.of(), 3, ANY_AGE))
        .containsExactly("5", "4", "3", "2", "1");
  }

  @Test
  void whatIsTooOldGoesWhateverTheNumber() {
    assertThat(superfluous(application("9"), nine, List.of(), ANY_NUMBER, 6))
        .containsExactly("3", "2", "1");
  }

  @Test
  void withinNumberAndAgeNothingGoes() {
    assertThat(superfluous(application("9"), nine, List.of(), ANY_NUMBER, ANY_AGE)).isEmpty();
  }

  @Test
  void whatServesOrDrainsStaysWhateverItsAge() {
    assertThat(superfluous(application("2"), nine, List.of(draining("1")), 0, 6))
        .containsExactly("9", "8", "7", "6", "5", "4", "3");
  }

  @Test
  void whatHasChangedTheSchemaOrMayHaveStaysAsARollBackNeedsItsCode() {
    List<Version> versions = List.of(version(4), version(3), version(2), version(1));
    SchemaRecord here = SchemaRecord.NONE.ran("2", true, "two").with("3").ran("4", false, "two");
    SchemaRecord elsewhere = SchemaRecord.NONE.ran("1", true, "one");

    assertThat(superfluous(application(null), versions, List.of(), 0, ANY_AGE, here, elsewhere))
        .containsExactly("4");
  }
}
