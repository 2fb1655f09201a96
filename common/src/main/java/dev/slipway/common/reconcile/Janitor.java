package dev.slipway.common.reconcile;

import dev.slipway.common.driver.Found;
import dev.slipway.common.driver.Locality;
import dev.slipway.common.operation.BeginRequest;
import dev.slipway.common.operation.Begun;
import dev.slipway.common.operation.DriverFailure;
import dev.slipway.common.operation.OperationEngine;
import dev.slipway.common.operation.Transactions;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Reality against the ledger.
///
/// Reality is listed first and the books are read second, so that what comes into being while it
/// looks is in the books. It removes by itself only what the books say is gone or over, seen so
/// twice, ten minutes of the platform's running time apart and never otherwise in between; the
/// removal is an operation of the service that looks again, see [Premises#sweep]. The rest is only
/// reported.
///
/// A control database that does not know the installation it finds on disk may be an empty or a
/// wrong one, so nothing it says is believed: the janitor does not start, and says so in the log
/// and in the health of the service.
public final class Janitor {

  private static final Logger LOG = LoggerFactory.getLogger(Janitor.class);

  /// Who asks for it.
  private static final String PLATFORM = "slipway";

  private final Premises premises;
  private final SqlBooks books;
  private final JanitorTables tables;
  private final Transactions transactions;
  private final OperationEngine engine;
  private final String installation;
  private final Duration apart;
  private volatile Optional<String> alarm = Optional.empty();
  private volatile Set<String> reported = Set.of();

  /// @param installation whose things it may remove
  /// @param apart        how long, in time the platform runs, something has to be seen as removable
  public Janitor(
      Premises premises,
      SqlBooks books,
      Transactions transactions,
      OperationEngine engine,
      String installation,
      Duration apart) {
    this.premises = premises;
    this.books = books;
    this.tables = new JanitorTables(transactions, books);
    this.transactions = transactions;
    this.engine = engine;
    this.installation = installation;
    this.apart = apart;
  }

  /// What reality and the ledger disagree on at this moment.
  ///
  /// @param off why the janitor does not work, when it does not
  public record Report(
      String installation, Optional<String> off, List<Discrepancy.Known> discrepancies) {}

  /// Looks, remembers, and has removed what it has seen often enough.
  ///
  /// @return the operations it has begun
  public List<String> round() throws SQLException, InterruptedException {
    List<Found> reality = inventory();
    Map<String, Bookkeeping> books = tables.books(reality);
    if (!trusts(reality, books)) {
      return List.of();
    }
    List<Discrepancy> seen = compare(reality, books);
    List<String> ripe = tables.remember(seen, apart);
    report(seen);
    List<String> begun = new ArrayList<>();
    for (String subject : ripe) {
      sweep(subject, seen).ifPresent(begun::add);
    }
    return begun;
  }

  /// The same look for whoever asks; changes nothing.
  public Report report() throws SQLException, InterruptedException {
    List<Found> reality = inventory();
    Map<String, Bookkeeping> books = tables.books(reality);
    return new Report(
        installation, distrust(reality, books), tables.since(compare(reality, books)));
  }

  private List<Found> inventory() throws SQLException, InterruptedException {
    try {
      return premises.inventory();
    } catch (DriverFailure failure) {
      // Half a look is none.
      throw new SQLException("Reality cannot be listed: " + failure.getMessage(), failure);
    }
  }

  private List<Discrepancy> compare(List<Found> reality, Map<String, Bookkeeping> books)
      throws SQLException {
    List<Discrepancy> all = new ArrayList<>(Stocktaking.found(reality, books));
    all.addAll(Stocktaking.missing(reality, tables.settled()));
    return all;
  }

  // ---- Whether the control database can be believed

  /// Why the janitor does not work, as far as this replica has seen.
  public Optional<String> alarm() {
    return alarm;
  }

  private boolean trusts(List<Found> reality, Map<String, Bookkeeping> books) throws SQLException {
    Optional<String> distrust = distrust(reality, books);
    if (distrust.isPresent() && !distrust.equals(alarm)) {
      LOG.error("The janitor does not start: {}", distrust.get());
    }
    alarm = distrust;
    if (distrust.isEmpty() && tables.installation().isEmpty()) {
      tables.belongTo(installation);
    }
    return distrust.isEmpty();
  }

  private Optional<String> distrust(List<Found> reality, Map<String, Bookkeeping> books)
      throws SQLException {
    if (premises.locality() instanceof Locality.Host(String onDisk, String _)
        && !onDisk.equals(installation)) {
      return Optional.of(
          "The %s on disk belong to the installation %s, this one is %s"
              .formatted(premises.plural(), onDisk, installation));
    }
    Optional<String> known = tables.installation();
    if (known.isPresent()) {
      return known.get().equals(installation)
          ? Optional.empty()
          : Optional.of(
              "The control database belongs to the installation %s, this one is %s"
                  .formatted(known.get(), installation));
    }
    Set<String> strangers = new HashSet<>();
    for (Found found : reality) {
      if (!found.resource().kind().equals("trash")
          && !books.getOrDefault(found.subject(), Bookkeeping.NOTHING).known()) {
        strangers.add(found.subject());
      }
    }
    return strangers.isEmpty()
        ? Optional.empty()
        : Optional.of(
            "The control database does not know this installation, and %d %s exist of which it never heard"
                .formatted(strangers.size(), premises.plural()));
  }

  // ---- Removing

  private Optional<String> sweep(String id, List<Discrepancy> seen) throws SQLException {
    List<Discrepancy> things =
        seen.stream()
            .filter(discrepancy -> discrepancy.side() == Discrepancy.Side.FOUND)
            .filter(discrepancy -> discrepancy.subject().equals(id))
            .toList();
    Optional<String> begun =
        transactions.inNew(
            connection -> {
              Optional<Subject> subject = lock(connection, id);
              if (subject.isEmpty()) {
                return Optional.empty();
              }
              Bookkeeping known = books.read(connection, id);
              boolean allowed =
                  things.stream()
                      .filter(thing -> !thing.resource().kind().equals("trash"))
                      .allMatch(thing -> known.allowsRemoval(thing.resource(), ""));
              if (!allowed) {
                return Optional.empty();
              }
              return engine.begin(request(subject.get(), things))
                      instanceof Begun.New(String begunNow)
                  ? Optional.of(begunNow)
                  : Optional.empty();
            });
    tables.startAnew(id);
    begun.ifPresent(
        operation ->
            LOG.warn(
                "operation={} removes what is left of {}, which the ledger says is gone",
                operation,
                id));
    return begun;
  }

  private record Subject(String id, String organization, String name) {}

  private static Optional<Subject> lock(Connection connection, String id) throws SQLException {
    try (PreparedStatement select =
        connection.prepareStatement(
            """
            select s.id, s.organization,
                   coalesce((select o.subject_name from operation o where o.subject = s.id
                             order by o.created_at desc limit 1), s.id) as name
            from subject s where s.id = ? for update of s""")) {
      select.setString(1, id);
      try (ResultSet row = select.executeQuery()) {
        return row.next()
            ? Optional.of(
                new Subject(
                    row.getString("id"), row.getString("organization"), row.getString("name")))
            : Optional.empty();
      }
    }
  }

  private BeginRequest request(Subject subject, List<Discrepancy> things) {
    return BeginRequest.of(
        premises.sweep(),
        subject.id(),
        subject.name(),
        subject.organization(),
        PLATFORM,
        premises.input(
            things.stream()
                .map(thing -> thing.resource().kind() + ' ' + thing.resource().name())
                .toList()),
        null);
  }

  /// Says once what it only reports.
  private void report(List<Discrepancy> seen) {
    Set<String> now = new HashSet<>();
    for (Discrepancy discrepancy : seen) {
      if (discrepancy.side() == Discrepancy.Side.FOUND
          && !discrepancy.resource().kind().equals("trash")) {
        String line =
            "%s %s: %s"
                .formatted(
                    discrepancy.resource().kind(),
                    discrepancy.resource().name(),
                    discrepancy.reason());
        if (now.add(line) && !reported.contains(line)) {
          LOG.warn("Found, and not in the ledger: {}", line);
        }
      }
    }
    reported = now;
  }
}
