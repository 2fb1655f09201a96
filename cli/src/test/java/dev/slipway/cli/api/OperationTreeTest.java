package dev.slipway.cli.api;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipway.cli.api.OperationTree.Failure;
import dev.slipway.cli.api.OperationTree.Operation;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

class OperationTreeTest {

  private static final String DEPLOY = "application.deploy";
  private static final String ENSURE = "instance.ensure-databases";

  @Test
  void whatAnOperationBeganStandsBelowIt() {
    OperationTree tree =
        OperationTree.of(
            new Told()
                .begun("dop_1", DEPLOY, "app_shop")
                .begun("iop_2", ENSURE, "dbs_shop", "dop_1")
                .begun("iop_3", "x", "dbs_shop", "dop_1", "iop_2")
                .ended("iop_3", "x", "dbs_shop", "SUCCEEDED", null, null)
                .events());

    assertThat(tree.children("dop_1")).extracting(Operation::id).containsExactly("iop_2");
    assertThat(tree.children("iop_2")).extracting(Operation::id).containsExactly("iop_3");
    assertThat(tree.root("iop_3")).map(Operation::id).hasValue("dop_1");
    assertThat(operation(tree, "dop_1").state()).isEqualTo("running");
    assertThat(operation(tree, "iop_3"))
        .satisfies(
            it -> {
              assertThat(it.state()).isEqualTo("succeeded");
              assertThat(it.took()).hasValue(Duration.ofSeconds(1));
            });
  }

  @Test
  void aStepThatFailedAndWhatWasUndoneAreKnown() {
    OperationTree tree =
        OperationTree.of(
            new Told()
                .begun("dop_1", DEPLOY, "app_shop")
                .step("dop_1", DEPLOY, "app_shop", "unpack", "do", "done", null)
                .step("dop_1", DEPLOY, "app_shop", "migrate", "do", "failed", "no table")
                .step("dop_1", DEPLOY, "app_shop", "migrate", "undo", "done", null)
                .step("dop_1", DEPLOY, "app_shop", "unpack", "undo", "done", null)
                .ended("dop_1", DEPLOY, "app_shop", "UNDONE", "no table", null)
                .events());

    Operation deploy = operation(tree, "dop_1");

    assertThat(deploy.failures())
        .containsExactly(new Failure("migrate", false, Duration.ofMillis(1200), "no table"));
    assertThat(deploy.undone()).containsExactly("migrate", "unpack");
    assertThat(deploy.state()).isEqualTo("undone");
    assertThat(deploy.cause()).isEqualTo("no table");
  }

  @Test
  void whatMovesAgainIsNotStuck() {
    Told told =
        new Told().begun("iop_1", "x", "ins_main").stuck("iop_1", "x", "ins_main", "start", "full");
    assertThat(operation(OperationTree.of(told.events()), "iop_1").state()).isEqualTo("stuck");

    told.step("iop_1", "x", "ins_main", "start", "do", "done", null);

    assertThat(operation(OperationTree.of(told.events()), "iop_1").state()).isEqualTo("running");
  }

  @Test
  void aReplyThatIsRepeatedChangesNothing() {
    OperationTree tree =
        OperationTree.of(
            new Told()
                .begun("iop_1", "x", "ins_main")
                .ended("iop_1", "x", "ins_main", "SUPERSEDED", "iop_2 took over", "iop_2")
                .ended("iop_1", "x", "ins_main", "SUPERSEDED", "iop_2 took over", null)
                .events());

    assertThat(operation(tree, "iop_1").supersededBy()).isEqualTo("iop_2");
    assertThat(operation(tree, "iop_1").took()).hasValue(Duration.ofSeconds(1));
  }

  @Test
  void whatWasBeforeTheFeedBeginsIsNoRiddle() {
    OperationTree tree =
        OperationTree.of(
            List.copyOf(
                new Told().ended("iop_1", "x", "ins_main", "SUCCEEDED", null, null).events()));

    assertThat(operation(tree, "iop_1").beganAt()).isEmpty();
    assertThat(tree.root("iop_1")).map(Operation::id).hasValue("iop_1");
    assertThat(tree.root("iop_2")).isEmpty();
  }

  private static Operation operation(OperationTree tree, String id) {
    return Objects.requireNonNull(tree.operations().get(id));
  }
}
