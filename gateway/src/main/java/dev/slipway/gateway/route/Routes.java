package dev.slipway.gateway.route;

import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/// The table of everything that can be asked for. The first line whose path fits decides alone, so
/// a narrower path stands above a wider one.
public final class Routes {

  private static final Set<String> SAFE = Set.of("GET", "HEAD", "OPTIONS");

  /// Of these `{org}`, `{app}` and `{id}` are any one segment and `**` is one or more.
  private static final List<Line> TABLE =
      List.of(
          line("/health", "GET", Target.HEALTH),
          line("/oauth/token", "POST", Target.SIGN_IN),
          line("/oauth/**", "GET POST", Target.OPEN),
          line("/.well-known/**", "GET", Target.OPEN),
          line("/activate", "GET POST", Target.SIGN_IN),
          line("/activate/**", "GET POST", Target.SIGN_IN),
          line("/v1alpha1/sign-up", "POST", Target.SIGN_UP),
          line("/v1alpha1/sign-up/**", "", Target.NOTHING),
          line("/v1alpha1/user", "GET PUT", Target.SELF),
          line("/v1alpha1/user/profile", "GET", Target.SELF),
          line("/v1alpha1/user/**", "", Target.NOTHING),
          line("/v1alpha1/{org}", "PATCH", Target.NAMED),
          line("/v1alpha1/{org}/secret", "GET", Target.INVITATION),
          line("/v1alpha1/{org}/users", "GET", Target.ORGANIZATION),
          line("/v1alpha1/{org}/events", "GET", Target.EVENTS),
          line("/v1alpha1/{org}/audit", "GET", Target.ORGANIZATION),
          line("/v1alpha1/{org}/join", "POST", Target.ORGANIZATION),
          line("/v1alpha1/{org}/databases", "GET POST PUT PATCH DELETE", Target.DATABASES),
          line("/v1alpha1/{org}/databases/**", "GET POST PUT PATCH DELETE", Target.DATABASES),
          line("/v1alpha1/{org}/applications", "GET PUT", Target.APPLICATIONS),
          // The variables of all applications; no application has this name.
          line("/v1alpha1/{org}/applications/secrets", "POST", Target.APPLICATIONS),
          line("/v1alpha1/{org}/applications/{app}", "GET POST PATCH DELETE", Target.APPLICATION),
          line("/v1alpha1/{org}/applications/{app}/changedbinstance", "POST", Target.APPLICATION),
          line("/v1alpha1/{org}/applications/{app}/rollback", "POST", Target.APPLICATION),
          line(
              "/v1alpha1/{org}/applications/{app}/**",
              "GET POST PUT PATCH DELETE",
              Target.APPLICATIONS),
          line("/v1alpha1/{org}/logs/applications/{app}", "GET", Target.APPLICATIONS),
          line("/v1alpha1/{org}/dashboard", "GET PUT DELETE", Target.APPLICATIONS),
          line("/appsadmin/{org}/**", "GET POST PUT PATCH DELETE", Target.APPLICATIONS),
          line("/v1alpha1/{org}/operations", "GET", Target.OPERATIONS),
          line("/v1alpha1/{org}/operations/{id}", "GET", Target.OPERATION),
          line("/v1alpha1/{org}/operations/{id}/cancel", "POST", Target.OPERATION),
          line("/v1alpha1/{org}/operations/{id}/retry", "POST", Target.OPERATION),
          line("/v1alpha1/{org}/operations/{id}/receipt", "GET", Target.OPERATION),
          line("/v1alpha1/{org}/{id}", "DELETE", Target.NAMED));

  private Routes() {}

  /// Whether a method leaves everything as it is, so that it may be sent again.
  public static boolean safe(String method) {
    return SAFE.contains(method);
  }

  /// Finds where a request goes; answers for every method and every path.
  public static Destination find(String method, RequestTarget target) {
    List<String> segments = target.segments();
    for (Line line : TABLE) {
      if (line.fits(segments)) {
        return line.destination(method, target);
      }
    }
    return new Destination.Unknown();
  }

  private enum Target {
    HEALTH,
    OPEN,
    SIGN_IN,
    SIGN_UP,
    /// The caller's own account, who may not be registered yet.
    SELF,
    ORGANIZATION,
    /// Reading it makes one.
    INVITATION,
    EVENTS,
    /// Of an organization too; but any name at all fits the path, so looking for something there is
    /// answered as not found.
    NAMED,
    DATABASES,
    APPLICATIONS,
    /// Of an application too; what is posted may be an archive.
    APPLICATION,
    OPERATIONS,
    OPERATION,
    NOTHING
  }

  private static Line line(String path, String methods, Target target) {
    var allowed = new TreeSet<String>(Arrays.asList(methods.split(" ")));
    if (allowed.contains("GET") && target != Target.INVITATION) {
      allowed.add("HEAD");
    }
    return new Line(List.of(path.substring(1).split("/")), allowed, target);
  }

  private record Line(List<String> pattern, TreeSet<String> methods, Target target) {

    boolean fits(List<String> segments) {
      boolean open = pattern.getLast().equals("**");
      if (open ? segments.size() < pattern.size() : segments.size() != pattern.size()) {
        return false;
      }
      for (int i = 0; i < segments.size(); i++) {
        if (segments.get(i).isEmpty()) {
          return false;
        }
        String part = pattern.get(Math.min(i, pattern.size() - 1));
        if (!part.startsWith("{") && !part.equals("**") && !part.equals(segments.get(i))) {
          return false;
        }
      }
      return true;
    }

    Destination destination(String method, RequestTarget asked) {
      if (target == Target.NOTHING) {
        return new Destination.Unknown();
      }
      if (!methods.contains(method)) {
        boolean looking = method.equals("GET") || method.equals("HEAD");
        return target == Target.NAMED && looking
            ? new Destination.Unknown()
            : new Destination.WrongMethod(methods);
      }
      Pace pace = !safe(method) || asked.asks("wait") ? Pace.WAITING : Pace.PROMPT;
      return switch (target) {
        case HEALTH -> new Destination.Health();
        case OPEN -> new Destination.Open(Service.ACCOUNT, false, false);
        case SIGN_IN -> new Destination.Open(Service.ACCOUNT, !safe(method), false);
        case SIGN_UP -> new Destination.Open(Service.ACCOUNT, true, true);
        case SELF -> new Destination.Guarded(Service.ACCOUNT, null, pace);
        case ORGANIZATION, INVITATION, NAMED ->
            new Destination.Guarded(Service.ACCOUNT, asked.segments().get(1), pace);
        case EVENTS ->
            new Destination.Guarded(Service.ACCOUNT, asked.segments().get(1), Pace.STREAMING);
        case DATABASES -> new Destination.Guarded(Service.INSTANCE, asked.segments().get(1), pace);
        case APPLICATIONS -> new Destination.Guarded(Service.DEPLOY, asked.segments().get(1), pace);
        case APPLICATION ->
            method.equals("POST")
                ? new Destination.Archive(asked.segments().get(1))
                : new Destination.Guarded(Service.DEPLOY, asked.segments().get(1), pace);
        case OPERATIONS -> new Destination.Operations(asked.segments().get(1));
        case OPERATION -> ofOperation(asked, pace);
        case NOTHING -> new Destination.Unknown();
      };
    }

    /// The prefix of an operation's identifier names the service that runs it.
    private static Destination ofOperation(RequestTarget asked, Pace pace) {
      String organization = asked.segments().get(1);
      String identifier = asked.segments().get(3);
      if (identifier.startsWith("iop_")) {
        return new Destination.Guarded(Service.INSTANCE, organization, pace);
      }
      if (identifier.startsWith("aop_")) {
        return new Destination.Guarded(Service.ACCOUNT, organization, pace);
      }
      if (identifier.startsWith("dop_")) {
        return new Destination.Guarded(Service.DEPLOY, organization, pace);
      }
      return new Destination.Unknown();
    }
  }
}
