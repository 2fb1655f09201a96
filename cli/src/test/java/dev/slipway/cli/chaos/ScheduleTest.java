package dev.slipway.cli.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipway.cli.chaos.Fault.Kind;
import dev.slipway.cli.chaos.Schedule.Step;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class ScheduleTest {

  private static final Duration TEN_MINUTES = Duration.ofMinutes(10);

  @Test
  void theSameSeedGivesTheSameFaultsAndSteps() {
    assertThat(new Schedule(7).faults(TEN_MINUTES)).isEqualTo(new Schedule(7).faults(TEN_MINUTES));
    assertThat(steps(new Schedule(7).walk(1))).isEqualTo(steps(new Schedule(7).walk(1)));
    assertThat(steps(new Schedule(7).steadyWalk())).isEqualTo(steps(new Schedule(7).steadyWalk()));
  }

  @Test
  void anotherSeedOrAnotherOrganizationDoesSomethingElse() {
    assertThat(new Schedule(8).faults(TEN_MINUTES))
        .isNotEqualTo(new Schedule(7).faults(TEN_MINUTES));
    assertThat(steps(new Schedule(8).walk(1))).isNotEqualTo(steps(new Schedule(7).walk(1)));
    assertThat(steps(new Schedule(7).walk(2))).isNotEqualTo(steps(new Schedule(7).walk(1)));
  }

  @Test
  void aLongerRunBeginsLikeAShorterOne() {
    List<Fault> shorter = new Schedule(7).faults(Duration.ofMinutes(2));
    assertThat(new Schedule(7).faults(TEN_MINUTES).subList(0, shorter.size())).isEqualTo(shorter);
  }

  @Test
  void tenMinutesHaveMoreThanSixtyKills() {
    for (long seed = 1; seed <= 50; seed++) {
      List<Fault> faults = new Schedule(seed).faults(TEN_MINUTES);
      assertThat(faults).filteredOn(it -> it.kind() == Kind.KILL).hasSizeGreaterThan(70);
      assertThat(faults).isSortedAccordingTo((one, two) -> one.at().compareTo(two.at()));
    }
  }

  @Test
  void tenMinutesCutEverySubscriberMoreThanAHundredTimes() {
    for (long seed = 1; seed <= 50; seed++) {
      for (int organization = 0; organization < 5; organization++) {
        List<Duration> cuts = new Schedule(seed).cuts(TEN_MINUTES, organization);
        assertThat(cuts).hasSizeGreaterThan(105).isSorted();
        assertThat(cuts.getLast()).isLessThanOrEqualTo(TEN_MINUTES);
      }
    }
    assertThat(new Schedule(1).cuts(TEN_MINUTES, 0))
        .isNotEqualTo(new Schedule(1).cuts(TEN_MINUTES, 1));
  }

  @Test
  void somePausesOutlastALease() {
    assertThat(new Schedule(7).faults(TEN_MINUTES))
        .anyMatch(it -> it.held().compareTo(Duration.ofSeconds(10)) > 0)
        .allMatch(it -> it.held().compareTo(Duration.ofSeconds(15)) <= 0)
        .allMatch(it -> it.held().isZero() == (it.kind() != Kind.PAUSE));
  }

  @Test
  void everyTargetAndEveryActionHasItsTurn() {
    List<Fault> faults =
        Stream.of(1L, 2L, 3L, 4L, 5L)
            .flatMap(seed -> new Schedule(seed).faults(TEN_MINUTES).stream())
            .toList();
    assertThat(faults).extracting(Fault::target).contains(Fault.Target.values());
    Set<Class<?>> acted =
        Stream.of(1, 2, 3, 4, 5)
            .flatMap(walk -> steps(new Schedule(1).walk(walk)).stream())
            .map(it -> it.action().getClass())
            .collect(Collectors.toSet());
    assertThat(acted).isEqualTo(Set.of(Action.class.getPermittedSubclasses()));
  }

  @Test
  void namesOfApplicationsAreUsedOnceAndThoseOfInstancesAgain() {
    List<String> made =
        steps(new Schedule(3).walk(1)).stream()
            .map(Step::action)
            .flatMap(
                it ->
                    switch (it) {
                      case Action.Register made1 -> Stream.of(made1.application());
                      case Action.Link made2 -> Stream.of(made2.name());
                      default -> Stream.of();
                    })
            .toList();
    assertThat(made).isNotEmpty().doesNotHaveDuplicates();
    assertThat(
            steps(new Schedule(3).walk(1)).stream()
                .map(Step::action)
                .filter(Action.Provision.class::isInstance)
                .distinct()
                .count())
        .isBetween(2L, 5L);
  }

  @Test
  void actionsReadAsWords() {
    assertThat(new Action.DeployAndCancel("app_1", 3, 250).words())
        .isEqualTo("deploy and cancel app_1 3 250");
  }

  private static List<Step> steps(Supplier<Step> walk) {
    return Stream.generate(walk).limit(300).toList();
  }
}
