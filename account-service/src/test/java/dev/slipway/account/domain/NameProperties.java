package dev.slipway.account.domain;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashSet;
import java.util.Set;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.CharRange;
import net.jqwik.api.constraints.Chars;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.StringLength;

class NameProperties {

  @Property(tries = 300)
  void aFreeNameIsFreeAndAName(
      @ForAll @CharRange(from = 'a', to = 'z') @Chars('_') @StringLength(min = 3, max = 30)
          String name,
      @ForAll @IntRange(max = 120) int others) {
    Set<String> taken = new HashSet<>();
    for (int i = 0; i < others; i++) {
      taken.add(Name.firstFree(name, taken::contains));
    }

    String free = Name.firstFree(name, taken::contains);

    assertThat(taken).hasSize(others).doesNotContain(free);
    assertThat(Name.problemWith(free)).isNull();
  }

  @Property(tries = 300)
  void whatHasAnotherCharacterIsNoName(@ForAll @StringLength(min = 3, max = 30) String text) {
    boolean allowed = text.matches("[a-z0-9_]+");

    if (!allowed) {
      assertThat(Name.problemWith(text)).isEqualTo(Name.RULE);
    }
  }
}
