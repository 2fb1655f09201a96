package dev.slipway.common.operation;

import static java.time.Duration.ofMillis;
import static java.time.Duration.ofMinutes;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.slipway.common.inbox.MessageIntake;
import dev.slipway.common.outbox.Json;
import dev.slipway.common.outbox.Message;
import dev.slipway.common.outbox.Outbox;
import dev.slipway.common.outbox.OutboxRelay;
import dev.slipway.common.outbox.Topic;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Two services, each with its own database, that ask each other over real Kafka.
final class ConversationTest {

  private static final Duration PATIENCE = ofMinutes(2);
  private static final KernelDatabase ASKING = KernelDatabase.fresh();
  private static final KernelDatabase ASKED = KernelDatabase.fresh();

  private final List<AutoCloseable> open = new ArrayList<>();
  private final List<Message> replies = Collections.synchronizedList(new ArrayList<>());
  private final AtomicBoolean closing = new AtomicBoolean();
  private Topic commands;
  private Yard asking;
  private Yard asked;
  private OperationEngine asker;
  private OperationEngine worker;

  @BeforeEach
  void start() throws Exception {
    commands = Topic.fresh("commands");
    Topic askingEvents = Topic.fresh("asking");
    Topic askedEvents = Topic.fresh("asked");
    open.addAll(List.of(commands, askingEvents, askedEvents));
    asking = new Yard(ASKING, "asking-service", askingEvents.name());
    asked = new Yard(ASKED, "asked-service", askedEvents.name());
    asker = asking.replica("one");
    worker = asked.replica("one");
    relay(ASKING, asker);
    relay(ASKED, worker);
    var obeying =
        new MessageIntake(
            ASKED.transactions(),
            commands.name(),
            (connection, message) -> worker.obey(connection, Yard.command(message)));
    var hearing =
        new MessageIntake(
            ASKING.transactions(),
            askedEvents.name(),
            (connection, message) -> {
              if (message.type().equals("slipway.operation.ended.v1")) {
                replies.add(message);
                asker.hear(
                    connection, Json.read(message.data().toString(), OperationEvent.Ended.class));
              }
            });
    consume(commands, obeying);
    consume(askedEvents, hearing);
  }

  private void relay(KernelDatabase database, OperationEngine engine) {
    var relay = new OutboxRelay(database.dataSource(), Topic.producer());
    engine.onCommit(relay::wake);
    relay.start();
    open.add(relay);
  }

  private void consume(Topic topic, MessageIntake intake) {
    Thread consumer =
        Thread.ofPlatform()
            .daemon()
            .start(
                () -> {
                  try {
                    while (!closing.get()) {
                      for (ConsumerRecord<String, String> record : topic.poll()) {
                        intake.take(record.key(), record.value());
                      }
                    }
                  } catch (InterruptedException stopped) {
                    Thread.currentThread().interrupt();
                  }
                });
    open.addFirst(
        () -> {
          closing.set(true);
          consumer.join();
        });
  }

  @AfterEach
  void stop() throws Exception {
    for (AutoCloseable thing : open) {
      thing.close();
    }
    asking.close();
    asked.close();
  }

  private StepOutcome<Yard.State> askForWork(StepContext<Yard.Input, Yard.State> context) {
    return context
        .child()
        .<StepOutcome<Yard.State>>map(
            end ->
                end.outcome() == Outcome.SUCCEEDED
                    ? StepOutcome.done(context.state())
                    : new StepOutcome.Failed<>(
                        end.cause() == null ? new Cause("child", "It failed") : end.cause()))
        .orElseGet(
            () ->
                StepOutcome.await(
                    context.child(
                        "yop",
                        commands.name(),
                        "yard.work",
                        "yrd_there",
                        Json.write(new Yard.Input("there"))),
                    "the other service"));
  }

  private String begin() throws Exception {
    asking.does("prepare", this::askForWork);
    return OperationKit.id(asker.begin(Yard.request("yard.swap", "here")));
  }

  private OperationView child() {
    await()
        .atMost(PATIENCE)
        .pollInterval(ofMillis(5))
        .until(() -> worker.latest("yrd_there", "yard.work").isPresent());
    try {
      return worker.latest("yrd_there", "yard.work").orElseThrow();
    } catch (SQLException failure) {
      throw new IllegalStateException(failure);
    }
  }

  @Test
  void theAskerGoesOnWhenTheAskedHasEnded() throws Exception {
    String parent = begin();

    OperationView end = asker.awaitEnd(parent, PATIENCE);

    assertThat(end.outcome()).as(end.toString()).isEqualTo(Outcome.SUCCEEDED);
    OperationView child = child();
    assertThat(child.succeeded()).isTrue();
    assertThat(child.requestedBy()).isEqualTo("ann");
    // Who waited too long for one was told twice.
    assertThat(replies).isNotEmpty();
    assertThat(replies)
        .allSatisfy(
            reply -> assertThat(reply.data().get("ancestry").get(0).asText()).isEqualTo(parent));
    assertThat(asker.receipt(parent).orElseThrow().children())
        .as("the receipt leads to what was made there")
        .containsExactly(child.id());
  }

  @Test
  void aRefusalIsTheAnswer() throws Exception {
    asked.refusals.put("yrd_there", new Cause("closed", "It is closed"));

    OperationView end = asker.awaitEnd(begin(), PATIENCE);

    assertThat(end.outcome()).isEqualTo(Outcome.UNDONE);
    assertThat(end.cause()).isEqualTo(new Cause("closed", "It is closed"));
  }

  @Test
  void whatFailsThereIsUndoneThereAndHere() throws Exception {
    asked.does("second", context -> StepOutcome.failed("fault", "It broke"));

    OperationView end = asker.awaitEnd(begin(), PATIENCE);

    assertThat(end.outcome()).isEqualTo(Outcome.UNDONE);
    assertThat(end.cause()).isEqualTo(new Cause("fault", "It broke"));
    assertThat(child().outcome()).isEqualTo(Outcome.UNDONE);
  }

  @Test
  void aRetryAfterTheAskedHasFailedAsksAnew() throws Exception {
    AtomicBoolean broken = new AtomicBoolean(true);
    asked.does(
        "second",
        context ->
            broken.get()
                ? StepOutcome.failed("fault", "It broke")
                : StepOutcome.done(context.state()));
    asking.does("clear", this::askForWork);
    String parent = OperationKit.id(asker.begin(Yard.request("yard.swap", "here")));
    assertThat(asker.awaitEnd(parent, PATIENCE).phase()).isEqualTo(Phase.STUCK);
    broken.set(false);

    assertThat(asker.retry(parent)).isTrue();

    await().atMost(PATIENCE).until(() -> asker.view(parent).orElseThrow().ended());
    OperationView end = asker.view(parent).orElseThrow();
    assertThat(end.outcome()).as(end.toString()).isEqualTo(Outcome.SUCCEEDED);
    assertThat(worker.list(OperationQuery.newest("org_1", 10)))
        .extracting(OperationView::outcome)
        .containsExactly(Outcome.SUCCEEDED, Outcome.UNDONE);
  }

  @Test
  void cancellingTheAskerCancelsTheAskedFirst() throws Exception {
    asked.does("second", context -> StepOutcome.again(ofMillis(20), "the paint to dry"));
    List<String> undone = Collections.synchronizedList(new ArrayList<>());
    asked.undoes(
        "first",
        context -> {
          undone.add("there");
          return UndoOutcome.undone("Nothing was found");
        });
    asking.undoes(
        "prepare",
        context -> {
          undone.add("here");
          return UndoOutcome.undone("Nothing was found");
        });
    String parent = begin();
    assertThat(child().ended()).isFalse();

    assertThat(asker.cancel(parent)).isTrue();

    assertThat(asker.awaitEnd(parent, PATIENCE).outcome()).isEqualTo(Outcome.CANCELLED);
    assertThat(child().outcome()).isEqualTo(Outcome.CANCELLED);
    assertThat(undone).containsExactly("there", "here");
  }

  @Test
  void aReplyThatWasLostIsSentAgain() throws Exception {
    // The child is asked for again after some seconds of silence, which the reply has ended before.
    String id = Yard.newId();
    OperationCommand.Begin command = Yard.asked(id, "yard.work", "there", "xop_asker");
    send(command);
    await().atMost(PATIENCE).until(() -> replies.size() == 1);

    send(command);

    await().atMost(PATIENCE).until(() -> replies.size() == 2);
    assertThat(replies).extracting(Message::data).containsOnly(replies.getFirst().data());
    assertThat(worker.list(OperationQuery.newest("org_1", 10))).hasSize(1);
  }

  @Test
  void aBeginThatComesAfterItsCancelIsRefused() throws Exception {
    String id = Yard.newId();
    OperationCommand.Begin begin = Yard.asked(id, "yard.work", "there", "xop_asker");
    send(
        new OperationCommand.Cancel(
            id,
            begin.kind(),
            begin.subject(),
            begin.organization(),
            begin.requestedBy(),
            begin.ancestry()));

    send(begin);

    await().atMost(PATIENCE).until(() -> replies.size() == 2);
    assertThat(replies)
        .extracting(reply -> reply.data().get("outcome").asText())
        .containsOnly("CANCELLED");
    assertThat(worker.activeOn("yrd_there")).isEmpty();
  }

  private void send(OperationCommand command) throws Exception {
    var outbox = new Outbox("asking-service", Clock.systemUTC());
    ASKING
        .transactions()
        .inNew(
            connection -> {
              String subject =
                  switch (command) {
                    case OperationCommand.Begin begin -> begin.subject();
                    case OperationCommand.Cancel cancel -> cancel.subject();
                  };
              outbox.append(connection, commands.name(), subject, "org_1", command);
              return true;
            });
  }
}
