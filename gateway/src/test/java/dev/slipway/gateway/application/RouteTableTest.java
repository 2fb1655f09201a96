package dev.slipway.gateway.application;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipway.common.contract.deploy.Route;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class RouteTableTest {

  private static final Route.Target ONE = new Route.Target("exe_1", "127.0.0.1", 1);
  private static final Route.Target TWO = new Route.Target("exe_2", "127.0.0.1", 2);

  private final RouteTable table = new RouteTable();

  @Test
  void theHighestRevisionCountsInWhateverOrderTheyCome() {
    assertThat(table.apply(route("app_1", "shop", 2, false, TWO))).isTrue();
    assertThat(table.apply(route("app_1", "shop", 1, false, ONE))).isFalse();
    assertThat(table.apply(route("app_1", "shop", 2, false, ONE))).isFalse();

    assertThat(chosen("demo-shop").target()).isEqualTo(TWO);
  }

  @Test
  void whatIsGoneStaysGoneButForANewerRevision() {
    table.apply(route("app_1", "shop", 3, false, ONE));
    table.apply(route("app_1", "shop", 4, true));

    assertThat(table.apply(route("app_1", "shop", 3, false, ONE))).isFalse();
    assertThat(table.find("demo-shop")).isEmpty();
    assertThat(table.removed()).containsEntry("app_1", 4L);

    assertThat(table.apply(route("app_1", "shop", 5, false, ONE))).isTrue();
    assertThat(table.find("demo-shop")).isPresent();
    assertThat(table.removed()).isEmpty();
  }

  @Test
  void aRenamedApplicationLeavesItsOldHost() {
    table.apply(route("app_1", "shop", 1, false, ONE));
    table.apply(route("app_1", "store", 2, false, ONE));

    assertThat(table.knows("demo-shop")).isFalse();
    assertThat(table.knows("demo-store")).isTrue();
  }

  @Test
  void theEndOfAnApplicationLeavesItsHostToTheNextOfThatName() {
    table.apply(route("app_1", "shop", 1, false, ONE));
    table.apply(route("app_2", "shop", 1, false, TWO));
    table.apply(route("app_1", "shop", 2, true));

    assertThat(chosen("demo-shop").target()).isEqualTo(TWO);
  }

  @Test
  void executorsOfBothRevisionsGoOnWithWhatTheyAreDoing() {
    table.apply(route("app_1", "shop", 1, false, ONE));
    Backend before = chosen("demo-shop");
    before.began();

    table.apply(route("app_1", "shop", 2, false, ONE, TWO));

    assertThat(chosen("demo-shop").target()).isEqualTo(TWO);
    assertThat(table.all().getFirst().isLeaving()).isFalse();
    assertThat(before.exchanges()).isEqualTo(1);
  }

  @Test
  void anExecutorLeavesUntilItsLastRequestIsOverThroughAnyNumberOfRevisions() {
    table.apply(route("app_1", "shop", 1, false, ONE));
    Backend old = chosen("demo-shop");
    old.began();

    table.apply(route("app_1", "shop", 2, false, TWO));
    table.apply(route("app_1", "shop", 3, false, TWO));

    assertThat(table.all().getFirst().isLeaving()).isTrue();
    old.ended();
    assertThat(table.all().getFirst().isLeaving()).isFalse();
  }

  @Test
  void whatGoesOnForeverIsNotWaitedFor() {
    table.apply(route("app_1", "shop", 1, false, ONE));
    Backend old = chosen("demo-shop");
    old.began();
    table.apply(route("app_1", "shop", 2, false, TWO));

    old.endlessBegan();

    assertThat(table.all().getFirst().isLeaving()).isFalse();
    assertThat(old.exchanges()).isEqualTo(1);
    old.endlessEnded();
    assertThat(old.exchanges()).isZero();
    assertThat(old.awaited()).isZero();
  }

  @Test
  void executorsTakeTurnsAndTheIdleOneGoesFirst() {
    table.apply(route("app_1", "shop", 1, false, ONE, TWO));
    Backend first = chosen("demo-shop");
    Backend second = chosen("demo-shop");
    assertThat(first).isNotSameAs(second);

    first.began();

    assertThat(List.of(chosen("demo-shop"), chosen("demo-shop"))).containsOnly(second);
  }

  @Test
  void oneThatTookNoConnectionIsLeftAlone() {
    table.apply(route("app_1", "shop", 1, false, ONE, TWO));
    Backend refusing = chosen("demo-shop");
    refusing.setAside();

    assertThat(twice("demo-shop")).doesNotContain(refusing);
    assertThat(table.find("demo-shop").orElseThrow().choose(Set.of(chosen("demo-shop")))).isEmpty();
    refusing.answers();
    assertThat(twice("demo-shop")).contains(refusing);
  }

  @Test
  void onlyNewsAreTold() {
    var told = new AtomicInteger();
    table.whenChanged(told::incrementAndGet);

    table.apply(route("app_1", "shop", 1, false, ONE));
    table.apply(route("app_1", "shop", 1, false, ONE));
    table.apply(route("app_1", "shop", 2, true));

    assertThat(told.get()).isEqualTo(2);
  }

  private Backend chosen(String label) {
    return table.find(label).orElseThrow().choose(Set.of()).orElseThrow();
  }

  static Route route(
      String application, String name, long revision, boolean removed, Route.Target... executors) {
    return new Route(
        application, "org_1", "demo", name, revision, null, List.of(executors), removed);
  }

  private List<Backend> twice(String host) {
    return Stream.generate(() -> chosen(host)).limit(2).toList();
  }
}
