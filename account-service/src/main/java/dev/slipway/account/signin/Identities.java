package dev.slipway.account.signin;

import dev.slipway.account.domain.AccountErrors;
import dev.slipway.account.domain.AttemptLimit;
import dev.slipway.account.persistence.Identity;
import dev.slipway.account.persistence.NameRegister;
import dev.slipway.common.error.ApiException;
import dev.slipway.common.error.ErrorCode;
import dev.slipway.common.id.Identifiers;
import io.quarkus.narayana.jta.QuarkusTransaction;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.jspecify.annotations.Nullable;

/// Sign-up and the check of a name and its password.
///
/// A wrong name and a wrong password are answered alike, after the same time. Failures are counted
/// by name and by address; a name that failed too often waits, even with the right password.
@ApplicationScoped
public class Identities {

  private final Passwords passwords;
  private final Clock clock;
  private final AttemptLimit failuresPerName;
  private final AttemptLimit failuresPerAddress;
  private final AttemptLimit requestsPerAddress;

  Identities(
      Passwords passwords,
      Clock clock,
      @ConfigProperty(name = "slipway.sign-in.window") Duration window,
      @ConfigProperty(name = "slipway.sign-in.failures-per-name") int perName,
      @ConfigProperty(name = "slipway.sign-in.failures-per-address") int perAddress,
      @ConfigProperty(name = "slipway.sign-in.requests-per-address") int requests) {
    this.passwords = passwords;
    this.clock = clock;
    this.failuresPerName = new AttemptLimit(perName, window);
    this.failuresPerAddress = new AttemptLimit(perAddress, window);
    this.requestsPerAddress = new AttemptLimit(requests, window);
  }

  /// Makes an identity.
  ///
  /// @return its id
  public String signUp(String name, @Nullable String email, String password, String address) {
    countRequest(address);
    // Computed outside the transaction: it takes long, and the register is held by one at a time.
    String hash = passwords.hash(password);
    return QuarkusTransaction.requiringNew()
        .call(
            () -> {
              NameRegister.open();
              if (Identity.named(name) != null) {
                throw ApiException.of(
                        AccountErrors.NAME_TAKEN, "the name %s is taken".formatted(name))
                    .field("name", "is taken")
                    .build();
              }
              var identity =
                  new Identity(Identifiers.next("idn"), name, email, hash, clock.instant());
              identity.persist();
              return identity.id;
            });
  }

  /// The identity with this name and password, or none.
  ///
  /// @throws ApiException when name or address have failed too often
  public Optional<String> signIn(String name, String password, String address) {
    Instant now = clock.instant();
    refuseIfExhausted(failuresPerName.waitOf(name, now));
    refuseIfExhausted(failuresPerAddress.waitOf(address, now));
    Identity identity = QuarkusTransaction.requiringNew().call(() -> Identity.named(name));
    if (!passwords.check(password, identity == null ? null : identity.passwordHash)
        || identity == null) {
      failuresPerName.count(name, now);
      failuresPerAddress.count(address, now);
      return Optional.empty();
    }
    failuresPerName.forget(name);
    return Optional.of(identity.id);
  }

  /// Counts what anyone may ask for, so that nobody fills the tables.
  public void countRequest(String address) {
    Instant now = clock.instant();
    refuseIfExhausted(requestsPerAddress.waitOf(address, now));
    requestsPerAddress.count(address, now);
  }

  private static void refuseIfExhausted(@Nullable Duration wait) {
    if (wait != null) {
      long seconds = Math.max(1, wait.toSeconds());
      throw ApiException.of(
              ErrorCode.TOO_MANY_REQUESTS,
              "too many attempts; try again in %d seconds".formatted(seconds))
          .header("Retry-After", Long.toString(seconds))
          .build();
    }
  }
}
