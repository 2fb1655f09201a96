package dev.slipway.account.signin;

import com.password4j.Argon2Function;
import com.password4j.Password;
import com.password4j.types.Argon2;
import dev.slipway.common.error.ApiException;
import dev.slipway.common.error.ErrorCode;
import io.quarkus.runtime.configuration.MemorySize;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.jspecify.annotations.Nullable;

/// Hashes and checks passwords with Argon2id.
///
/// The configured 9 MB and four passes are one of the equally strong settings of OWASP's table, the
/// one for small heaps. A hash carries the settings it was made with, so they may change.
///
/// No more than two run at once, so that many sign-ins cost time and not memory. They have threads
/// of their own: a virtual one that computes leaves its processor to no other, and two of them kept
/// a small and busy machine from every answer for seconds.
@ApplicationScoped
class Passwords {

  private final Argon2Function argon2;
  private final Semaphore places = new Semaphore(2, true);

  private @Nullable volatile String decoy;

  Passwords(
      @ConfigProperty(name = "slipway.password.memory") MemorySize memory,
      @ConfigProperty(name = "slipway.password.passes") int passes) {
    this.argon2 =
        Argon2Function.getInstance(
            Math.toIntExact(memory.asLongValue() / 1024), passes, 1, 32, Argon2.ID);
  }

  String hash(String password) {
    return inTurn(() -> Password.hash(password).addRandomSalt(16).with(argon2).getResult());
  }

  /// Takes the same time whether or not there is something to compare with.
  ///
  /// @param stored the hash, null when nobody has the name
  boolean check(String password, @Nullable String stored) {
    String against = stored == null ? decoy() : stored;
    boolean equal =
        inTurn(
            () ->
                Password.check(password, against)
                    .with(Argon2Function.getInstanceFromHash(against)));
    return equal && stored != null;
  }

  private String decoy() {
    String made = decoy;
    if (made == null) {
      made = hash("nobody has this password");
      decoy = made;
    }
    return made;
  }

  private <T> T inTurn(Supplier<T> work) {
    try {
      if (!places.tryAcquire(10, TimeUnit.SECONDS)) {
        throw busy();
      }
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw busy();
    }
    try {
      return CompletableFuture.supplyAsync(work, Thread.ofPlatform().daemon()::start).join();
    } finally {
      places.release();
    }
  }

  private static ApiException busy() {
    return ApiException.of(
            ErrorCode.UNAVAILABLE, "too many people sign in at the moment; try again shortly")
        .header("Retry-After", "2")
        .build();
  }
}
