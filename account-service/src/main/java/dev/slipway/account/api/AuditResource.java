package dev.slipway.account.api;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonInclude.Include;
import dev.slipway.account.audit.AuditLog;
import dev.slipway.account.domain.AccountErrors;
import dev.slipway.account.membership.Memberships;
import dev.slipway.common.error.ApiException;
import dev.slipway.common.error.ErrorCode;
import dev.slipway.common.load.LargeAnswer;
import dev.slipway.common.security.Caller;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.ws.rs.DefaultValue;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.QueryParam;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Base64;
import java.util.List;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;
import org.jspecify.annotations.Nullable;

/// The audit log of the caller's organization.
@Path("/v1alpha1/{organization}/audit")
@Tag(name = "organization")
@RunOnVirtualThread
public class AuditResource {

  private static final int MOST = 500;

  /// @param next the `cursor` for what follows; null at the end
  @JsonInclude(Include.ALWAYS)
  public record Page(List<Line> entries, @Nullable String next) {}

  /// One call.
  ///
  /// @param at           when it arrived, RFC 3339
  /// @param actor        the name of whoever called, as it was then; for a failed sign-in, the name
  ///     that was tried
  /// @param action       what it was, such as `instance.destroy`
  /// @param address      of the connection
  /// @param agent        what the caller said it was
  /// @param token        the identifier of the access token: the one it came with, or was given
  /// @param refreshToken the identifier of the refresh token that was given, used or revoked
  /// @param request      the identifier that was in the answer
  /// @param outcome      `done`, `accepted` (see the operation), `refused`, `failed` or `unknown`
  /// @param status       of the answer; null when nobody knows
  /// @param operation    that the call has begun
  /// @param tookMillis   until the answer had left
  @JsonInclude(Include.ALWAYS)
  public record Line(
      String id,
      String at,
      String actor,
      String action,
      String method,
      String path,
      String address,
      String agent,
      @Nullable String token,
      @Nullable String refreshToken,
      String request,
      String outcome,
      @Nullable Integer status,
      @Nullable String operation,
      @Nullable Long tookMillis) {

    static Line of(AuditLog.Entry entry) {
      return new Line(
          entry.id(),
          entry.at().toString(),
          entry.actor(),
          entry.action(),
          entry.method(),
          entry.path(),
          entry.address(),
          entry.agent(),
          entry.token(),
          entry.refreshToken(),
          entry.request(),
          word(entry.status()),
          entry.status(),
          entry.operation(),
          entry.tookMillis());
    }

    /// 502 and 504 say that a service was lost before it answered.
    private static String word(@Nullable Integer status) {
      if (status == null || status == 502 || status == 504) {
        return "unknown";
      }
      if (status == 202) {
        return "accepted";
      }
      return status < 400 ? "done" : status < 500 ? "refused" : "failed";
    }
  }

  private final AuditLog log;
  private final Caller caller;

  AuditResource(AuditLog log, Caller caller) {
    this.log = log;
    this.caller = caller;
  }

  /// @param actor  only of this user
  /// @param action only of this word, or of those that begin with it: `instance` or
  ///     `instance.destroy`
  /// @param since  only from then on, RFC 3339
  /// @param order  `newest` or `oldest` first
  /// @param cursor `next` of the page before, asked for in the same order
  @LargeAnswer
  @GET
  @Operation(
      summary = "Who did what, from where, with which token, and what came of it; admin only")
  public Page read(
      @PathParam("organization") String organization,
      @QueryParam("actor") @Nullable String actor,
      @QueryParam("action") @Nullable String action,
      @QueryParam("since") @Nullable String since,
      @QueryParam("order") @DefaultValue("newest") String order,
      @QueryParam("cursor") @Nullable String cursor,
      @QueryParam("limit") @DefaultValue("50") int limit)
      throws SQLException {
    if (!organization.equals(caller.organizationName())) {
      throw Memberships.organizationNotFound(organization);
    }
    if (!caller.admin()) {
      throw new ApiException(
          AccountErrors.ADMIN_ONLY, "only the admin of the organization may read its audit log");
    }
    if (!order.equals("newest") && !order.equals("oldest")) {
      throw invalid("order", "must be newest or oldest");
    }
    int most = Math.clamp(limit, 1, MOST);
    List<AuditLog.Entry> found =
        log.read(
            caller.organization(),
            new AuditLog.Wanted(
                text("actor", actor),
                text("action", action),
                instant(since),
                order.equals("oldest"),
                place(cursor),
                most));
    return new Page(
        found.stream().map(Line::of).toList(),
        found.size() < most ? null : cursor(found.getLast()));
  }

  private static @Nullable String text(String name, @Nullable String value) {
    if (value == null || value.isEmpty()) {
      return null;
    }
    if (value.length() > 100 || value.chars().anyMatch(Character::isISOControl)) {
      throw invalid(name, "must be a word");
    }
    return value;
  }

  private static @Nullable Instant instant(@Nullable String text) {
    if (text == null || text.isEmpty()) {
      return null;
    }
    try {
      return within(Instant.parse(text));
    } catch (DateTimeException unknown) {
      throw invalid("since", "must be a time such as 2026-01-31T12:00:00Z");
    }
  }

  /// Within the years that the database knows.
  private static Instant within(Instant time) {
    if (time.isBefore(Instant.EPOCH) || time.isAfter(Instant.parse("9999-01-01T00:00:00Z"))) {
      throw new DateTimeException("not within reach");
    }
    return time;
  }

  private static String cursor(AuditLog.Entry last) {
    long micros = ChronoUnit.MICROS.between(Instant.EPOCH, last.at());
    return Base64.getUrlEncoder()
        .withoutPadding()
        .encodeToString((micros + " " + last.id()).getBytes(StandardCharsets.UTF_8));
  }

  private static AuditLog.@Nullable Place place(@Nullable String cursor) {
    if (cursor == null || cursor.isEmpty()) {
      return null;
    }
    try {
      String text = new String(Base64.getUrlDecoder().decode(cursor), StandardCharsets.UTF_8);
      int blank = text.indexOf(' ');
      String id = text.substring(blank + 1);
      if (blank < 1 || !id.matches("aud_[0-9a-z]{26}")) {
        throw new IllegalArgumentException("no place");
      }
      return new AuditLog.Place(
          within(Instant.EPOCH.plus(Long.parseLong(text.substring(0, blank)), ChronoUnit.MICROS)),
          id);
    } catch (IllegalArgumentException | DateTimeException | ArithmeticException unknown) {
      throw invalid("cursor", "must be the next of an earlier page");
    }
  }

  private static ApiException invalid(String field, String problem) {
    return ApiException.of(ErrorCode.INVALID_REQUEST, field + " " + problem)
        .field(field, problem)
        .build();
  }
}
