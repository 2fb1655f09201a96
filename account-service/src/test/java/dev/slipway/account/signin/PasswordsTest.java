package dev.slipway.account.signin;

import static org.assertj.core.api.Assertions.assertThat;

import io.quarkus.runtime.configuration.MemorySize;
import java.math.BigInteger;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

class PasswordsTest {

  private final Passwords passwords =
      new Passwords(new MemorySize(BigInteger.valueOf(9 * 1024 * 1024)), 4);

  @Test
  void aHashSaysHowItWasMadeAndIsNeverTheSame() {
    String hash = passwords.hash("correct horse");

    assertThat(hash).startsWith("$argon2id$v=19$m=9216,t=4,p=1$");
    assertThat(passwords.hash("correct horse")).isNotEqualTo(hash);
  }

  @Test
  void onlyTheSamePasswordMatches() {
    String hash = passwords.hash("correct horse");

    assertThat(passwords.check("correct horse", hash)).isTrue();
    assertThat(passwords.check("Correct horse", hash)).isFalse();
  }

  @Test
  void aHashOfOtherSettingsStillMatches() {
    String hash =
        new Passwords(new MemorySize(BigInteger.valueOf(64 * 1024)), 1).hash("correct horse");

    assertThat(passwords.check("correct horse", hash)).isTrue();
  }

  @Test
  void withoutAHashNothingMatches() {
    assertThat(passwords.check("nobody has this password", null)).isFalse();
  }

  @Test
  void whoComputesLeavesTheProcessorsToOthers() throws Exception {
    var slow = new Passwords(new MemorySize(BigInteger.valueOf(9 * 1024 * 1024)), 60);
    var begun = new CountDownLatch(2);
    Runnable hash =
        () -> {
          begun.countDown();
          slow.hash("correct horse");
        };
    Thread first = Thread.startVirtualThread(hash);
    Thread second = Thread.startVirtualThread(hash);
    begun.await();

    for (int i = 0; i < 10; i++) {
      Thread.startVirtualThread(() -> {}).join();
      Thread.sleep(10);
    }

    assertThat(first.isAlive() && second.isAlive()).as("they still compute").isTrue();
    first.join();
    second.join();
  }
}
