package dev.slipway.account.signin;

import dev.slipway.account.domain.AccountErrors;
import dev.slipway.account.domain.AttemptLimit;
import dev.slipway.account.persistence.Identity;
import dev.slipway.account.persistence.NameRegister;
import dev.slipway.common.error.ApiException;
import dev.slipway.common.error.ErrorCode;
import dev.slipway.common.id.Identifiers;
import dev.slipway.common.operation.BeginRequest;
import dev.slipway.common.operation.api.KeyedCalls;
import io.quarkus.narayana.jta.QuarkusTransaction;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.SQLException;
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
  private final KeyedCalls calls;
  private final Clock clock;
  private final AttemptLimit failuresPerName;
  private final AttemptLimit failuresPerAddress;
  private final AttemptLimit requestsPerAddress;

  Identities(
      Passwords passwords,
      KeyedCalls calls,
      Clock clock,
      @ConfigProperty(name = "slipway.sign-in.window") Duration window,
      @ConfigProperty(name = "slipway.sign-in.failures-per-name") int perName,
      @ConfigProperty(name = "slipway.sign-in.failures-per-address") int perAddress,
      @ConfigProperty(name = "slipway.sign-in.requests-per-address") int requests) {
    this.passwords = passwords;
    this.calls = calls;
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
    return add(name, email, passwords.hash(password));
  }

  /// Makes an identity, once for each key.
  ///
  /// @param call of the caller, whom nobody knows yet: so a key belongs to the name
  /// @return its id
  public String signUp(
      String name,
      @Nullable String email,
      String password,
      String address,
      BeginRequest.@Nullable Idempotency call)
      throws SQLException {
    countRequest(address);
    Optional<String> earlier = calls.earlier(name, call);
    if (earlier.isPresent()) {
      return earlier.get();
    }
    String hash = passwords.hash(password);
    return calls.change(name, call, connection -> add(name, email, hash));
  }

  /// The password is hashed before: that takes long, and the register is held by one at a time.
  private String add(String name, @Nullable String email, String hash) {
    return QuarkusTransaction.joiningExisting()
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
    refuseIfExhausted(requestsPerAddress.take(address, now));
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
