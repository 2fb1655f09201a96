package dev.slipway.common.operation;

import static java.time.Duration.ofMinutes;

import com.fasterxml.jackson.core.JsonProcessingException;
import dev.slipway.common.id.Identifiers;
import dev.slipway.common.ledger.Resource;
import dev.slipway.common.outbox.Json;
import dev.slipway.common.outbox.Message;
import dev.slipway.common.outbox.Outbox;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/// Small operations whose steps do what a test tells them, and replicas that run them.
final class Yard implements AutoCloseable {

  static final String COMMANDS = "slipway.yard.command.v1";
  static final String EVENTS = "slipway.yard.event.v1";

  record Input(String name) {}

  record State(int number) {}

  /// What a step does instead of being done at once.
  interface Act extends Plan.Act<Input, State> {}

  /// What an undo does instead of being done at once.
  interface Undo extends Plan.Undo<Input, State> {}

  /// Three steps; the first two have an undo.
  @OperationKind("yard.work")
  static final class Work implements Operation<Input, State> {
    private final Yard yard;

    Work(Yard yard) {
      this.yard = yard;
    }

    @Override
    public Plan<Input, State> plan() {
      return Plan.<Input, State>within(ofMinutes(10), input -> new State(0))
          .step("first", yard::act)
          .undo(yard::undo)
          .step("second", yard::act)
          .undo(yard::undo)
          .step("third", yard::act)
          .undoNothing("It only tells")
          .build();
    }

    @Override
    public Optional<Cause> refusal(String subject, Input input) {
      return Optional.ofNullable(yard.refusals.get(subject));
    }
  }

  /// What its first step does outlives unwinding.
  @OperationKind("yard.keep")
  static final class Keep implements Operation<Input, State> {
    private final Yard yard;

    Keep(Yard yard) {
      this.yard = yard;
    }

    @Override
    public Plan<Input, State> plan() {
      return Plan.<Input, State>within(ofMinutes(10), input -> new State(0))
          .kept("keep", yard::act)
          .undoNothing("What is kept stays")
          .step("use", yard::act)
          .undo(yard::undo)
          .build();
    }
  }

  /// Forward only from its second step on, which makes something.
  @OperationKind("yard.swap")
  static final class Swap implements Operation<Input, State> {
    private final Yard yard;

    Swap(Yard yard) {
      this.yard = yard;
    }

    @Override
    public Plan<Input, State> plan() {
      return Plan.<Input, State>within(ofMinutes(10), input -> new State(0))
          .step("prepare", yard::act)
          .undo(yard::undo)
          .pivot("swap", yard::act)
          .making(context -> List.of(new Resource("part", context.input().name())))
          .forwardOnly()
          .step("clear", yard::act)
          .forwardOnly()
          .build();
    }
  }

  /// Chooses a number and takes it.
  @OperationKind("yard.take")
  static final class Take implements Operation<Input, State> {
    private final Yard yard;

    Take(Yard yard) {
      this.yard = yard;
    }

    @Override
    public Plan<Input, State> plan() {
      return Plan.<Input, State>within(ofMinutes(10), input -> new State(0))
          .step("choose", yard::act)
          .undoNothing("It only chooses")
          .step("take", yard::act)
          .making(
              context -> List.of(new Resource("port", String.valueOf(context.state().number()))))
          .undo(yard::undo)
          .build();
    }
  }

  /// One heavy step.
  @OperationKind("yard.build")
  static final class Build implements Operation<Input, State> {
    private final Yard yard;

    Build(Yard yard) {
      this.yard = yard;
    }

    @Override
    public Plan<Input, State> plan() {
      return Plan.<Input, State>within(ofMinutes(10), input -> new State(0))
          .step("build", yard::act)
          .as(Admission.BUILD)
          .undoNothing("It only computes")
          .build();
    }
  }

  /// Takes over from whatever is active.
  @OperationKind("yard.destroy")
  static final class Destroy implements Operation<Input, State> {
    private final Yard yard;

    Destroy(Yard yard) {
      this.yard = yard;
    }

    @Override
    public Plan<Input, State> plan() {
      return Plan.<Input, State>within(ofMinutes(10), input -> new State(0))
          .superseding()
          .step("remove", yard::act)
          .forwardOnly()
          .build();
    }
  }

  private final KernelDatabase database;
  private final Map<String, Act> acts = new ConcurrentHashMap<>();
  private final Map<String, Undo> undos = new ConcurrentHashMap<>();
  private final List<OperationEngine> replicas = new ArrayList<>();
  final Map<String, Cause> refusals = new ConcurrentHashMap<>();

  private final String service;
  private final String events;

  Yard(KernelDatabase database) {
    this(database, "yard-service", EVENTS);
  }

  Yard(KernelDatabase database, String service, String events) {
    this.database = database;
    this.service = service;
    this.events = events;
  }

  /// Tells a step what to do, for every subject.
  Yard does(String step, Act act) {
    acts.put(step, act);
    return this;
  }

  /// Tells a step what to do, for one subject.
  Yard does(String name, String step, Act act) {
    acts.put(name + "/" + step, act);
    return this;
  }

  Yard undoes(String step, Undo undo) {
    undos.put(step, undo);
    return this;
  }

  private StepOutcome<State> act(StepContext<Input, State> context)
      throws DriverFailure, InterruptedException {
    Act own = acts.get(context.input().name() + "/" + context.step());
    Act act = own == null ? acts.get(context.step()) : own;
    return act == null ? StepOutcome.done(context.state()) : act.run(context);
  }

  private UndoOutcome undo(StepContext<Input, State> context)
      throws DriverFailure, InterruptedException {
    Undo undo = undos.get(context.step());
    return undo == null ? UndoOutcome.undone("Nothing was found") : undo.run(context);
  }

  OperationEngine replica(String name) {
    return replica(name, Duration.ofSeconds(30), 16, 2);
  }

  OperationEngine replica(String name, Duration lease, int light, int build) {
    return replica(
        new OperationCatalog(
            List.of(
                new Work(this),
                new Swap(this),
                new Keep(this),
                new Take(this),
                new Build(this),
                new Destroy(this))),
        name,
        lease,
        light,
        build);
  }

  OperationEngine replica(
      OperationCatalog catalog, String name, Duration lease, int light, int build) {
    var engine =
        new OperationEngine(
            database.transactions(),
            catalog,
            new KernelSettings(
                service,
                name,
                "yop",
                events,
                lease,
                Map.of(Admission.LIGHT, light, Admission.START, 2, Admission.BUILD, build)),
            new Outbox(service, Clock.systemUTC()),
            OperationEngine.Interruptions.NONE);
    replicas.add(engine);
    engine.start();
    return engine;
  }

  static BeginRequest request(String kind, String name) {
    return request(kind, name, "org_1", null);
  }

  static BeginRequest request(
      String kind,
      String name,
      String organization,
      BeginRequest.@Nullable Idempotency idempotency) {
    return BeginRequest.of(
        kind, "yrd_" + name, name, organization, "ann", new Input(name), idempotency);
  }

  /// As another service asks.
  static OperationCommand.Begin asked(String id, String kind, String name, String... ancestry) {
    return new OperationCommand.Begin(
        id,
        kind,
        "yrd_" + name,
        "org_1",
        "other-service",
        List.of(ancestry),
        Json.write(new Input(name)));
  }

  static Child child(StepContext<Input, State> context, String kind, String name) {
    return context.child("yop", COMMANDS, kind, "yrd_" + name, Json.write(new Input(name)));
  }

  void obey(OperationEngine engine, OperationCommand command) throws SQLException {
    database
        .transactions()
        .inNew(
            connection -> {
              engine.obey(connection, command);
              return true;
            });
  }

  static String newId() {
    return Identifiers.next("yop");
  }

  /// The messages in the outbox, oldest first.
  List<Message> outbox(String topic) throws SQLException {
    return database
        .transactions()
        .inNew(
            connection -> {
              List<Message> found = new ArrayList<>();
              try (var select =
                  connection.prepareStatement(
                      "select payload from outbox where topic = ? order by number")) {
                select.setString(1, topic);
                try (ResultSet rows = select.executeQuery()) {
                  while (rows.next()) {
                    found.add(Json.readStored(rows.getString(1), Message.class));
                  }
                }
              }
              return found;
            });
  }

  /// Carries what stands in the outbox to a replica, as Kafka would.
  ///
  /// @return how many were carried
  int carry(OperationEngine engine) throws SQLException {
    List<Message> commands = outbox(COMMANDS);
    List<Message> events = outbox(EVENTS);
    database.execute("delete from outbox");
    return database
        .transactions()
        .inNew(
            connection -> {
              for (Message message : commands) {
                engine.obey(connection, command(message));
              }
              for (Message message : events) {
                if (message.type().equals("slipway.operation.ended.v1")) {
                  engine.hear(
                      connection,
                      Json.readStored(message.data().toString(), OperationEvent.Ended.class));
                }
              }
              return commands.size() + events.size();
            });
  }

  static OperationCommand command(Message message) {
    try {
      return message.type().equals("slipway.operation.begin.v1")
          ? Json.read(message.data().toString(), OperationCommand.Begin.class)
          : Json.read(message.data().toString(), OperationCommand.Cancel.class);
    } catch (JsonProcessingException failure) {
      throw new IllegalStateException(failure);
    }
  }

  @Override
  public void close() {
    replicas.forEach(OperationEngine::close);
    database.execute(
        """
        truncate subject, operation, operation_step, ledger, outbox, inbox, parked_message, idempotency_key;
        update platform_clock set running_millis = 0, ticked_at = clock_timestamp()""");
  }
}
