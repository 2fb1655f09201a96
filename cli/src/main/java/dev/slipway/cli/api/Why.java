package dev.slipway.cli.api;

import dev.slipway.cli.api.OperationTree.Operation;
import dev.slipway.cli.console.CommandFailure;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// Finds in the feed what explains an operation, or the present state of a subject: the whole chain
/// it belongs to, what took over from it, and what it took over from.
public final class Why {

  /// What was found.
  ///
  /// @param asked      the operation in question
  /// @param root       where its chain begins
  /// @param successor  the root of what took over from it
  /// @param superseded what it took over from
  /// @param tree       all of them, with what they began
  public record Chain(
      Operation asked,
      Operation root,
      Optional<Operation> successor,
      List<Operation> superseded,
      OperationTree tree) {}

  private static final Pattern OPERATION = Pattern.compile("[aid]op_[0-9A-Za-z_-]+");
  private static final List<String> BEGUN = List.of("operation.begun");

  private final Events events;

  public Why(ApiClient client) {
    this.events = new Events(client);
  }

  /// @param subject the identifier of an operation, or the identifier or name of a subject
  public Chain of(String subject) throws IOException, InterruptedException {
    String id =
        OPERATION.matcher(subject).matches()
            ? subject
            : latest(subject).orElseThrow(() -> unknown(subject));
    Set<String> asked = new LinkedHashSet<>();
    SortedMap<Long, Event> heard = new TreeMap<>();
    hear(heard, asked, Set.of(id));
    Operation own = tree(heard).operations().get(id);
    if (own == null) {
      throw unknown(subject);
    }
    // The chain above it, then what took over from one of them, then the chain above that.
    for (int size = 0; size < asked.size(); ) {
      size = asked.size();
      hear(heard, asked, relatives(tree(heard)));
    }
    for (Event event :
        events.list(
            new EventQuery(
                List.of(), List.of(), List.of("operation.ended"), List.of(own.subject())),
            Events.OLDEST)) {
      if (id.equals(event.data().path("supersededBy").asText())) {
        hear(heard, asked, Set.of(Objects.requireNonNull(event.operation())));
      }
    }
    OperationTree tree = tree(heard);
    own = Objects.requireNonNull(tree.operations().get(id));
    Operation root = tree.root(id).orElse(own);
    @Nullable String by = own.supersededBy() == null ? root.supersededBy() : own.supersededBy();
    return new Chain(
        own,
        root,
        by == null ? Optional.empty() : tree.root(by),
        tree.operations().values().stream().filter(it -> id.equals(it.supersededBy())).toList(),
        tree);
  }

  private static Set<String> relatives(OperationTree tree) {
    Set<String> relatives = new LinkedHashSet<>();
    for (Operation operation : tree.operations().values()) {
      if (!operation.ancestry().isEmpty()) {
        relatives.add(operation.ancestry().getFirst());
      }
      if (operation.supersededBy() != null) {
        relatives.add(operation.supersededBy());
      }
    }
    return relatives;
  }

  /// Reads what these operations, and those that they began, have told.
  private void hear(SortedMap<Long, Event> heard, Set<String> asked, Set<String> operations)
      throws IOException, InterruptedException {
    List<String> fresh = operations.stream().filter(asked::add).toList();
    if (!fresh.isEmpty()) {
      events
          .list(EventQuery.ofOperations(fresh), Events.OLDEST)
          .forEach(event -> heard.put(event.number(), event));
    }
  }

  private static OperationTree tree(SortedMap<Long, Event> heard) {
    return OperationTree.of(new ArrayList<>(heard.values()));
  }

  /// The operation that was begun last on a subject.
  private Optional<String> latest(String subject) throws IOException, InterruptedException {
    var last = new String[1];
    events.each(
        new EventQuery(List.of(), List.of(), BEGUN, List.of(subject)),
        Events.OLDEST,
        event -> last[0] = event.operation());
    return Optional.ofNullable(last[0]);
  }

  private static CommandFailure unknown(String subject) {
    return CommandFailure.failed(
            "no-such-events", "no operation on %s is known of the last 30 days".formatted(subject))
        .next("See `slipway ops list` and `slipway events`.")
        .build();
  }
}
