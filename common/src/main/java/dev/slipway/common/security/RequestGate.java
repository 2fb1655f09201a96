package dev.slipway.common.security;

import dev.slipway.common.crypto.InstallationKeys;
import dev.slipway.common.error.ApiException;
import dev.slipway.common.error.ErrorCode;
import io.smallrye.jwt.auth.principal.JWTParser;
import io.smallrye.jwt.auth.principal.ParseException;
import jakarta.annotation.Priority;
import jakarta.inject.Singleton;
import jakarta.ws.rs.Priorities;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.container.ResourceInfo;
import jakarta.ws.rs.core.HttpHeaders;
import java.lang.annotation.Annotation;
import java.lang.reflect.Method;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.eclipse.microprofile.jwt.JsonWebToken;
import org.jboss.resteasy.reactive.server.ServerRequestFilter;
import org.jspecify.annotations.Nullable;

/// Lets a request in to a resource, or not. Closed unless an annotation opens it: a resource
/// someone forgot to annotate needs a token. The rule hangs on the resource that was matched, not
/// on the spelling of a path.
@Singleton
class RequestGate {

  private static final String BEARER = "Bearer ";

  private enum Rule {
    TOKEN,
    SHARED_SECRET
  }

  private final JWTParser parser;
  private final Caller caller;
  private final byte[] secret;
  private final Map<Method, Rule> rules = new ConcurrentHashMap<>();

  /// Checking a signature takes some milliseconds, and account-service gives the same token for
  /// the same caller within a while. It says nothing that could be taken back before it ends.
  private final RecentResults<String, JsonWebToken> verified = new RecentResults<>(500);

  RequestGate(JWTParser parser, Caller caller, InstallationKeys keys) {
    this.parser = parser;
    this.caller = caller;
    this.secret = keys.internalSecret().getBytes(StandardCharsets.UTF_8);
  }

  @ServerRequestFilter
  @Priority(Priorities.AUTHENTICATION)
  void check(ContainerRequestContext request, ResourceInfo resource) {
    switch (rules.computeIfAbsent(resource.getResourceMethod(), RequestGate::ruleOf)) {
      case TOKEN -> requireToken(request.getHeaderString(HttpHeaders.AUTHORIZATION));
      case SHARED_SECRET -> requireSecret(request.getHeaderString(InternalToken.SECRET_HEADER));
    }
  }

  private void requireToken(@Nullable String header) {
    if (header == null || !header.regionMatches(true, 0, BEARER, 0, BEARER.length())) {
      throw unauthorized(null);
    }
    String token = header.substring(BEARER.length()).strip();
    JsonWebToken known = verified.get(token);
    if (known != null && System.currentTimeMillis() / 1000 < known.getExpirationTime()) {
      caller.vouchedForBy(known);
      return;
    }
    try {
      JsonWebToken parsed = parser.parse(token);
      verified.put(token, parsed);
      caller.vouchedForBy(parsed);
    } catch (ParseException problem) {
      throw unauthorized(problem);
    }
  }

  private void requireSecret(@Nullable String offered) {
    if (offered == null
        || !MessageDigest.isEqual(offered.getBytes(StandardCharsets.UTF_8), secret)) {
      // The same as for a path that does not exist: what is inside is nobody's business.
      throw ApiException.noSuchPath();
    }
  }

  /// The parser's reason stays out of the log, too: its message quotes the token.
  private static ApiException unauthorized(@Nullable ParseException problem) {
    var refusal =
        ApiException.of(
                ErrorCode.UNAUTHORIZED,
                "the token is missing, expired or not valid here; log in again")
            .header(HttpHeaders.WWW_AUTHENTICATE, "Bearer");
    if (problem != null) {
      refusal.internally("a token that account-service did not sign, or that has expired");
    }
    return refusal.build();
  }

  private static Rule ruleOf(Method method) {
    boolean internal = annotated(method, Internal.class);
    boolean anonymous = annotated(method, Anonymous.class);
    if (internal && anonymous) {
      throw new IllegalStateException(method + " is for anyone and for services only");
    }
    return internal || anonymous ? Rule.SHARED_SECRET : Rule.TOKEN;
  }

  private static boolean annotated(Method method, Class<? extends Annotation> annotation) {
    return method.isAnnotationPresent(annotation)
        || method.getDeclaringClass().isAnnotationPresent(annotation);
  }
}
