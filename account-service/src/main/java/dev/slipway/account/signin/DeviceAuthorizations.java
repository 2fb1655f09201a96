package dev.slipway.account.signin;

import dev.slipway.account.domain.DeviceGrant;
import dev.slipway.account.domain.Lifetimes;
import dev.slipway.account.domain.Secret;
import dev.slipway.account.persistence.DeviceAuthorization;
import io.quarkus.narayana.jta.QuarkusTransaction;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// The device flow (RFC 8628): a terminal shows a code, a person approves it in a browser.
@ApplicationScoped
public class DeviceAuthorizations {

  /// What the device gets. The device code is its secret; the user code is for people.
  public record Begun(String deviceCode, String userCode) {}

  /// A pending authorization as the sign-in page shows it.
  public record Pending(String userCode, String client) {}

  record Approved(String identity, String scope) {}

  private record Polled(DeviceGrant.Answer answer, @Nullable Approved approved) {}

  /// Old ones are kept for a while, so that a late device hears what became of it.
  private static final Duration KEPT = Duration.ofDays(1);

  private final Clock clock;

  DeviceAuthorizations(Clock clock) {
    this.clock = clock;
  }

  public Begun begin(String client, @Nullable String scope, @Nullable String audience) {
    Grants.requireClient(client);
    if (audience != null && !audience.equals(AccessTokens.AUDIENCE)) {
      throw OAuthRefusal.unknownAudience();
    }
    var begun = new Begun(Secret.deviceCode(), Secret.userCode());
    Instant now = clock.instant();
    QuarkusTransaction.requiringNew()
        .run(
            () -> {
              DeviceAuthorization.delete("expiresAt < ?1", now.minus(KEPT));
              new DeviceAuthorization(
                      Secret.hash(begun.deviceCode()),
                      begun.userCode(),
                      client,
                      Grants.known(scope),
                      now,
                      now.plus(Lifetimes.DEVICE_CODE))
                  .persist();
            });
    return begun;
  }

  /// @return what to give tokens for; everything else is thrown
  Approved poll(String client, String deviceCode) {
    Instant now = clock.instant();
    Polled polled =
        QuarkusTransaction.requiringNew()
            .call(
                () -> {
                  DeviceAuthorization row =
                      DeviceAuthorization.lockByDeviceCode(Secret.hash(deviceCode));
                  if (row == null || !row.client.equals(client)) {
                    return new Polled(DeviceGrant.Answer.INVALID_GRANT, null);
                  }
                  DeviceGrant.Answer answer =
                      DeviceGrant.poll(row.state, row.expiresAt, row.polledAt, now);
                  row.polledAt = now;
                  if (answer != DeviceGrant.Answer.TOKENS) {
                    return new Polled(answer, null);
                  }
                  row.state = DeviceGrant.State.USED;
                  return new Polled(
                      answer, new Approved(Objects.requireNonNull(row.identity), row.scope));
                });
    return switch (polled.answer()) {
      case TOKENS -> Objects.requireNonNull(polled.approved());
      case AUTHORIZATION_PENDING -> throw OAuthRefusal.authorizationPending();
      case SLOW_DOWN -> throw OAuthRefusal.slowDown();
      case ACCESS_DENIED -> throw OAuthRefusal.accessDenied();
      case EXPIRED_TOKEN -> throw OAuthRefusal.expiredToken();
      case INVALID_GRANT -> throw OAuthRefusal.invalidGrant("Invalid or expired device code");
    };
  }

  /// The authorization that waits for this code; null when there is none, or no longer.
  public @Nullable Pending pending(String userCode) {
    Instant now = clock.instant();
    return QuarkusTransaction.requiringNew()
        .call(
            () -> {
              DeviceAuthorization row = DeviceAuthorization.byUserCode(userCode);
              return row != null && waits(row, now) ? new Pending(row.userCode, row.client) : null;
            });
  }

  /// @return whether it was still waiting
  public boolean approve(String userCode, String identity) {
    return decide(userCode, DeviceGrant.State.APPROVED, identity);
  }

  /// @return whether it was still waiting
  public boolean deny(String userCode) {
    return decide(userCode, DeviceGrant.State.DENIED, null);
  }

  private boolean decide(String userCode, DeviceGrant.State state, @Nullable String identity) {
    Instant now = clock.instant();
    return QuarkusTransaction.requiringNew()
        .call(
            () -> {
              DeviceAuthorization row = DeviceAuthorization.lockByUserCode(userCode);
              if (row == null || !waits(row, now)) {
                return false;
              }
              row.state = state;
              row.identity = identity;
              return true;
            });
  }

  private static boolean waits(DeviceAuthorization row, Instant now) {
    return row.state == DeviceGrant.State.PENDING && now.isBefore(row.expiresAt);
  }
}
