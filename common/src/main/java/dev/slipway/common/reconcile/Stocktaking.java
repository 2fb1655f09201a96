package dev.slipway.common.reconcile;

import dev.slipway.common.driver.Found;
import dev.slipway.common.ledger.Resource;
import dev.slipway.common.reconcile.Bookkeeping.Standing;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/// Compares what was found with what the books say. Pure; whoever calls has listed reality first
/// and read the books second, so that whatever came into being in between is in the books.
final class Stocktaking {

  /// Nobody can see whose an address is, and no look at reality goes inside a server.
  private static final Set<String> UNSEEN = Set.of("port", "role", "database");

  /// No operation of this name exists, so nothing unfinished is excused.
  private static final String NOBODY = "";

  private Stocktaking() {}

  /// What exists without the ledger having it.
  ///
  /// @param books of every subject that something was found of; what is absent was never heard of
  static List<Discrepancy> found(List<Found> reality, Map<String, Bookkeeping> books) {
    Map<String, List<Found>> bySubject =
        reality.stream()
            .collect(
                Collectors.groupingBy(Found::subject, LinkedHashMap::new, Collectors.toList()));
    List<Discrepancy> discrepancies = new ArrayList<>();
    bySubject.forEach(
        (subject, things) -> {
          Bookkeeping known = books.getOrDefault(subject, Bookkeeping.NOTHING);
          // A subject is removed as a whole or not at all.
          boolean removable =
              things.stream()
                  .map(Found::resource)
                  .filter(resource -> known.standing(resource, NOBODY) != Standing.TRASH)
                  .allMatch(resource -> known.allowsRemoval(resource, NOBODY));
          for (Found thing : things) {
            Standing standing = known.standing(thing.resource(), NOBODY);
            if (!standing.agrees()) {
              discrepancies.add(
                  new Discrepancy(
                      Discrepancy.Side.FOUND,
                      subject,
                      thing.resource(),
                      thing.detail(),
                      standing.words(),
                      removable && standing == Standing.REMOVABLE));
            }
          }
        });
    return discrepancies;
  }

  /// What the ledger has open without it existing.
  ///
  /// @param open the settled rows of subjects that no operation works on, by subject
  static List<Discrepancy> missing(List<Found> reality, Map<String, List<Resource>> open) {
    Map<String, Set<Resource>> existing = new HashMap<>();
    reality.forEach(
        thing ->
            existing
                .computeIfAbsent(thing.subject(), none -> new HashSet<>())
                .add(thing.resource()));
    List<Discrepancy> discrepancies = new ArrayList<>();
    open.forEach(
        (subject, resources) ->
            resources.stream()
                .filter(resource -> !UNSEEN.contains(resource.kind()))
                .filter(resource -> !existing.getOrDefault(subject, Set.of()).contains(resource))
                .forEach(
                    resource ->
                        discrepancies.add(
                            new Discrepancy(
                                Discrepancy.Side.MISSING,
                                subject,
                                resource,
                                "",
                                "the ledger says that it exists",
                                false))));
    return discrepancies;
  }
}
