package dev.slipway.instance.reconcile;

import dev.slipway.common.driver.Found;
import dev.slipway.common.driver.Locality;
import dev.slipway.common.operation.BeginRequest;
import dev.slipway.common.operation.Begun;
import dev.slipway.common.operation.DriverFailure;
import dev.slipway.common.operation.OperationEngine;
import dev.slipway.common.operation.Transactions;
import dev.slipway.instance.domain.Bookkeeping;
import dev.slipway.instance.driver.InstanceDriver;
import dev.slipway.instance.operation.SweepInstance;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
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
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Reality against the ledger.
///
/// Reality is listed first and the books are read second, so that what comes into being while it
/// looks is in the books. It removes by itself only what the books say is gone or over, seen so
/// twice, ten minutes of the platform's running time apart and never otherwise in between; the
/// removal is an operation that looks again, [SweepInstance]. Everything else is only reported.
///
/// A control database that does not know the installation it finds on disk may be an empty or a
/// wrong one, so nothing it says is believed: the janitor does not start, and says so in the log
/// and in the health of the service.
@ApplicationScoped
class Janitor {

  private static final Logger LOG = LoggerFactory.getLogger(Janitor.class);

  private final InstanceDriver driver;
  private final JanitorTables tables;
  private final Transactions transactions;
  private final OperationEngine engine;
  private final String installation;
  private final Duration apart;
  private volatile Optional<String> alarm = Optional.empty();
  private volatile Set<String> reported = Set.of();

  @Inject
  Janitor(
      InstanceDriver driver,
      JanitorTables tables,
      Transactions transactions,
      OperationEngine engine,
      @ConfigProperty(name = "slipway.installation", defaultValue = "local") String installation,
      @ConfigProperty(name = "slipway.janitor.apart", defaultValue = "10m") Duration apart) {
    this.driver = driver;
    this.tables = tables;
    this.transactions = transactions;
    this.engine = engine;
    this.installation = installation;
    this.apart = apart;
  }

  /// What reality and the ledger disagree on at this moment.
  ///
  /// @param off why the janitor does not work, when it does not
  record Report(String installation, Optional<String> off, List<Discrepancy.Known> discrepancies) {}

  /// Looks, remembers, and has removed what it has seen often enough.
  ///
  /// @return the operations it has begun
  List<String> round() throws SQLException, InterruptedException {
    List<Found> reality = inventory();
    Map<String, Bookkeeping> books = tables.books(reality);
    if (!trusts(reality, books)) {
      return List.of();
    }
    List<Discrepancy> seen = compare(reality, books);
    List<String> ripe = tables.remember(seen, apart);
    report(seen);
    List<String> begun = new ArrayList<>();
    for (String instance : ripe) {
      sweep(instance, seen).ifPresent(begun::add);
    }
    return begun;
  }

  /// The same look for whoever asks; changes nothing.
  Report report() throws SQLException, InterruptedException {
    List<Found> reality = inventory();
    Map<String, Bookkeeping> books = tables.books(reality);
    return new Report(
        installation, distrust(reality, books), tables.since(compare(reality, books)));
  }

  private List<Found> inventory() throws SQLException, InterruptedException {
    try {
      return driver.inventory();
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
  Optional<String> alarm() {
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
    if (driver.locality() instanceof Locality.Host(String onDisk, String _)
        && !onDisk.equals(installation)) {
      return Optional.of(
          "The instances on disk belong to the installation %s, this one is %s"
              .formatted(onDisk, installation));
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
            "The control database does not know this installation, and %d instances exist of which it never heard"
                .formatted(strangers.size()));
  }

  // ---- Removing

  private Optional<String> sweep(String instance, List<Discrepancy> seen) throws SQLException {
    List<Discrepancy> things =
        seen.stream()
            .filter(discrepancy -> discrepancy.side() == Discrepancy.Side.FOUND)
            .filter(discrepancy -> discrepancy.instance().equals(instance))
            .toList();
    Optional<String> begun =
        transactions.inNew(
            connection -> {
              Optional<Subject> subject = lock(connection, instance);
              if (subject.isEmpty()) {
                return Optional.empty();
              }
              Bookkeeping known = SqlBooks.read(connection, instance);
              boolean allowed =
                  things.stream()
                      .filter(thing -> !thing.resource().kind().equals("trash"))
                      .allMatch(thing -> known.allowsRemoval(thing.resource(), ""));
              if (!allowed) {
                return Optional.empty();
              }
              return engine.begin(request(subject.get(), things)) instanceof Begun.New(String id)
                  ? Optional.of(id)
                  : Optional.empty();
            });
    tables.startAnew(instance);
    begun.ifPresent(
        operation ->
            LOG.warn(
                "operation={} removes what is left of {}, which the ledger says is gone",
                operation,
                instance));
    return begun;
  }

  private record Subject(String id, String organization, String name) {}

  private static Optional<Subject> lock(Connection connection, String instance)
      throws SQLException {
    try (PreparedStatement select =
        connection.prepareStatement(
            """
            select s.id, s.organization,
                   coalesce((select o.subject_name from operation o where o.subject = s.id
                             order by o.created_at desc limit 1), s.id) as name
            from subject s where s.id = ? for update of s""")) {
      select.setString(1, instance);
      try (ResultSet row = select.executeQuery()) {
        return row.next()
            ? Optional.of(
                new Subject(
                    row.getString("id"), row.getString("organization"), row.getString("name")))
            : Optional.empty();
      }
    }
  }

  private static BeginRequest request(Subject subject, List<Discrepancy> things) {
    return BeginRequest.of(
        SweepInstance.KIND,
        subject.id(),
        subject.name(),
        subject.organization(),
        Repairs.PLATFORM,
        new SweepInstance.Input(
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
