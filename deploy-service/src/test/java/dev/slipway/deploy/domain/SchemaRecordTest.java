package dev.slipway.deploy.domain;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/// What a record says, and which part of it a schema has.
final class SchemaRecordTest {

  private static final SchemaRecord THREE =
      SchemaRecord.NONE.ran("1", true, "one").ran("2", false, "one").ran("3", true, "three");

  @Test
  void aSchemaHasTheLongestPartThatLeftIt() {
    assertThat(THREE.asFarAs("three")).contains(THREE);
    assertThat(THREE.asFarAs("one").orElseThrow().versions()).containsExactly("1", "2");
    assertThat(THREE.asFarAs("another")).isEmpty();
    assertThat(SchemaRecord.NONE.asFarAs("one")).isEmpty();
  }

  @Test
  void whatBeganAndWasNeverRunHasNoSchema() {
    SchemaRecord record = THREE.with("4");

    assertThat(record.mayHaveChanged("4")).isTrue();
    assertThat(record.changed("4")).isEmpty();
    assertThat(record.asFarAs("three")).contains(THREE);
  }

  @Test
  void whatIsSeenLaterIsTheNewestOnes() {
    assertThat(THREE.seenAs("by hand").asFarAs("by hand").orElseThrow().versions())
        .containsExactly("1", "2", "3");
    assertThat(THREE.seenAs("by hand").asFarAs("three")).isEmpty();
    assertThat(SchemaRecord.NONE.seenAs("by hand")).isEqualTo(SchemaRecord.NONE);
  }

  /// An index by hand came between the first two.
  @Test
  void whatAForgottenVersionWasSeenWithIsTheOneBeforeIts() {
    SchemaRecord record = SchemaRecord.NONE.ran("1", true, "one").ran("2", false, "one, index");

    assertThat(record.forgetting(Set.of("2")))
        .isEqualTo(SchemaRecord.NONE.ran("1", true, "one, index"));
    assertThat(THREE.forgetting(Set.of("2")).versions()).containsExactly("1", "3");
    assertThat(record.with("3").forgetting(Set.of("3"))).isEqualTo(record);
    assertThat(SchemaRecord.NONE.ran("1", false, "none").forgetting(Set.of("1")))
        .isEqualTo(SchemaRecord.NONE);
  }

  @Test
  void newerOnesAreToldNewestFirst() {
    assertThat(THREE.newerThan("1")).contains(List.of("3", "2"));
    assertThat(THREE.newerThan("3")).contains(List.of());
    assertThat(THREE.newerThan("4")).isEmpty();
    assertThat(THREE.before("3").versions()).containsExactly("1", "2");
  }

  @Test
  void oneThatRunsAgainIsTheNewest() {
    assertThat(THREE.ran("1", true, "four").versions()).containsExactly("2", "3", "1");
    assertThat(THREE.with("1")).isEqualTo(THREE);
    assertThat(THREE.mayHaveChanged("2")).isFalse();
    assertThat(THREE.mayHaveChanged("5")).isFalse();
  }
}
