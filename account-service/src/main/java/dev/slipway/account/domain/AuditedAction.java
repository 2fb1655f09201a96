package dev.slipway.account.domain;

import java.util.List;
import java.util.Optional;

/// What a call is in the audit log: a word for each that changes something, in the form of
/// operations' kinds. Calls that only read have none, whatever their method is.
public final class AuditedAction {

  public static final String SIGN_UP = "user.sign-up";
  public static final String SIGN_IN = "user.sign-in";
  public static final String RENEW_TOKEN = "user.renew-token";
  public static final String REVOKE_TOKEN = "user.revoke-token";
  public static final String APPROVE_DEVICE = "user.approve-device";

  /// A change that has no word yet, or a call that was refused and would only have read.
  private static final String CHANGE = "other.change";

  private static final String READ = "other.read";
  private static final String NONE = "";

  private record Line(String method, List<String> path, String action) {

    boolean fits(String asked, List<String> segments) {
      if (!method.equals(asked) || path.size() != segments.size()) {
        return false;
      }
      for (int i = 0; i < path.size(); i++) {
        if (!path.get(i).equals("*") && !path.get(i).equals(segments.get(i))) {
          return false;
        }
      }
      return true;
    }
  }

  /// The first that fits counts.
  private static final List<Line> LINES =
      List.of(
          line("PUT", "v1alpha1/user", "user.register"),
          line("PATCH", "v1alpha1/*", "organization.rename"),
          // The official command makes an invitation by reading it.
          line("GET", "v1alpha1/*/secret", "organization.invite"),
          line("POST", "v1alpha1/*/join", "organization.join"),
          line("DELETE", "v1alpha1/*/dashboard", "dashboard.delete"),
          line("DELETE", "v1alpha1/*/*", "organization.remove-member"),
          line("POST", "v1alpha1/*/databases/userdb", "instance.provision"),
          line("DELETE", "v1alpha1/*/databases/userdb/*", "instance.destroy"),
          line("POST", "v1alpha1/*/databases/userdb/*/credentials", "instance.reset-password"),
          line("POST", "v1alpha1/*/databases/userdb/*/restore", "instance.restore"),
          line("POST", "v1alpha1/*/databases/byod", "instance.link"),
          line("DELETE", "v1alpha1/*/databases/byod/*", "instance.unlink"),
          line("PUT", "v1alpha1/*/applications", "application.register"),
          line("POST", "v1alpha1/*/applications/secrets", "application.set-secret"),
          line("DELETE", "v1alpha1/*/applications/*/secrets/*", "application.remove-secret"),
          line("POST", "v1alpha1/*/applications/*", "application.deploy"),
          line("PATCH", "v1alpha1/*/applications/*", "application.update"),
          line("DELETE", "v1alpha1/*/applications/*", "application.delete"),
          line("POST", "v1alpha1/*/applications/*/rollback", "application.rollback"),
          line("POST", "v1alpha1/*/applications/*/changedbinstance", "application.change-instance"),
          // What the official command lists by posting.
          line("POST", "v1alpha1/*/applications/*/workflows", NONE),
          line("POST", "v1alpha1/*/applications/*/queues", NONE),
          line("POST", "appsadmin/*/applications/*/workflows/*/cancel", "workflow.cancel"),
          line("POST", "appsadmin/*/applications/*/workflows/*/resume", "workflow.resume"),
          line("POST", "appsadmin/*/applications/*/workflows/*/restart", "workflow.restart"),
          line("PUT", "v1alpha1/*/dashboard", "dashboard.launch"),
          line("POST", "v1alpha1/*/operations/*/cancel", "operation.cancel"),
          line("POST", "v1alpha1/*/operations/*/retry", "operation.retry"));

  private AuditedAction() {}

  /// The word for a call that is let in.
  ///
  /// @param path without the query
  /// @return none when it changes nothing
  public static Optional<String> of(String method, String path) {
    List<String> segments = List.of(path.substring(Math.min(1, path.length())).split("/", -1));
    String known =
        LINES.stream()
            .filter(line -> line.fits(method, segments))
            .map(Line::action)
            .findFirst()
            .orElseGet(() -> method.equals("GET") || method.equals("HEAD") ? NONE : CHANGE);
    return known.equals(NONE) ? Optional.empty() : Optional.of(known);
  }

  /// The word for a call that is refused: of those, reading counts too.
  public static String refused(String method, String path) {
    return of(method, path).orElse(READ);
  }

  private static Line line(String method, String path, String action) {
    return new Line(method, List.of(path.split("/")), action);
  }
}
