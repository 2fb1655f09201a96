package dev.slipway.common.reconcile;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipway.common.ledger.Resource;
import dev.slipway.common.reconcile.Bookkeeping.Standing;
import java.util.Set;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;

/// What the platform may remove by itself.
final class BookkeepingTest {

  private static final Resource FOLDER = new Resource("directory", "ins_a");
  private static final Resource PROCESS = new Resource("process", "ins_a");
  private static final Resource TRASH = new Resource("trash", "ins_a-1");
  private static final String SWEEP = "iop_sweep";

  @Test
  void whatTheLedgerProvedGoneMayGo() {
    assertThat(books(false, Set.of(), Set.of(), Set.of(FOLDER), false).allowsRemoval(FOLDER, SWEEP))
        .isTrue();
  }

  @Test
  void whatALateStepOfAnEndedProvisioningLeftMayGo() {
    assertThat(books(false, Set.of(), Set.of(), Set.of(), true).allowsRemoval(FOLDER, SWEEP))
        .isTrue();
  }

  @Test
  void whatTheLedgerNeverHeardOfStays() {
    assertThat(Bookkeeping.NOTHING.standing(FOLDER, SWEEP)).isEqualTo(Standing.UNHEARD_OF);
  }

  @Test
  void whatAnOpenRowNamesStays() {
    assertThat(books(false, Set.of(), Set.of(FOLDER), Set.of(), true).standing(FOLDER, SWEEP))
        .isEqualTo(Standing.GIVEN_UP);
    assertThat(books(true, Set.of(), Set.of(FOLDER), Set.of(), false).standing(FOLDER, SWEEP))
        .isEqualTo(Standing.KNOWN);
  }

  @Test
  void folderStaysWhileARowOfTheProcessIsOpen() {
    assertThat(
            books(false, Set.of(), Set.of(PROCESS), Set.of(FOLDER), true)
                .allowsRemoval(FOLDER, SWEEP))
        .isFalse();
  }

  @Test
  void whatHasAnInstanceStaysWhateverTheLedgerSays() {
    assertThat(books(true, Set.of(), Set.of(), Set.of(FOLDER), true).standing(FOLDER, SWEEP))
        .isEqualTo(Standing.UNEXPECTED);
  }

  @Test
  void whatIsWorkedOnStays() {
    assertThat(
            books(false, Set.of("iop_provision"), Set.of(), Set.of(FOLDER), true)
                .standing(FOLDER, SWEEP))
        .isEqualTo(Standing.IN_WORK);
    assertThat(
            books(false, Set.of(SWEEP), Set.of(), Set.of(FOLDER), true)
                .allowsRemoval(FOLDER, SWEEP))
        .isTrue();
  }

  @Test
  void knownSubjectWithoutAnyWordThatItIsOverStays() {
    assertThat(books(false, Set.of(), Set.of(), Set.of(), false).standing(FOLDER, SWEEP))
        .isEqualTo(Standing.UNEXPECTED);
  }

  @Property
  void removalNeedsEverythingToSpeakForIt(
      @ForAll("anyBooks") Bookkeeping books, @ForAll("anyThing") Resource thing) {
    boolean allowed = books.allowsRemoval(thing, SWEEP);
    boolean safe =
        books.known()
            && !books.recorded()
            && books.open().isEmpty()
            && Set.of(SWEEP).containsAll(books.unfinished())
            && (books.gone().contains(thing) || books.over())
            && !thing.kind().equals("trash");
    assertThat(allowed).isEqualTo(safe);
  }

  @Provide
  Arbitrary<Bookkeeping> anyBooks() {
    Arbitrary<Boolean> flag = Arbitraries.of(true, false);
    Arbitrary<Set<Resource>> rows = Arbitraries.of(FOLDER, PROCESS).set().ofMaxSize(2);
    Arbitrary<Set<String>> operations = Arbitraries.of(SWEEP, "iop_other").set().ofMaxSize(2);
    return Combinators.combine(flag, flag, operations, rows, rows, flag).as(Bookkeeping::new);
  }

  @Provide
  Arbitrary<Resource> anyThing() {
    return Arbitraries.of(FOLDER, PROCESS, TRASH);
  }

  private static Bookkeeping books(
      boolean recorded,
      Set<String> unfinished,
      Set<Resource> open,
      Set<Resource> gone,
      boolean over) {
    return new Bookkeeping(true, recorded, unfinished, open, gone, over);
  }
}
