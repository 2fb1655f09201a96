package dev.slipway.account.api;

import dev.slipway.account.audit.AuditLog;
import dev.slipway.account.audit.Origin;
import dev.slipway.account.domain.Name;
import dev.slipway.account.domain.Secret;
import dev.slipway.account.signin.DeviceAuthorizations;
import dev.slipway.account.signin.Identities;
import dev.slipway.common.error.ApiException;
import dev.slipway.common.security.Anonymous;
import io.smallrye.common.annotation.RunOnVirtualThread;
import io.vertx.ext.web.RoutingContext;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.CookieParam;
import jakarta.ws.rs.FormParam;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.HeaderParam;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.NewCookie;
import jakarta.ws.rs.core.Response;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Optional;
import java.util.regex.Pattern;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;
import org.jspecify.annotations.Nullable;

/// The page on which a person signs in for a device.
///
/// There is no session: whoever approves gives the password in the same form, so no other site can
/// approve in somebody's name. The form also carries a token that a cookie of this site has to
/// match, which keeps other sites from posting guesses through a visitor's browser.
@Path("/activate")
@Tag(name = "sign-in")
@Anonymous
@RunOnVirtualThread
@Produces(MediaType.TEXT_HTML + ";charset=utf-8")
public class ActivateResource {

  /// The prefix makes browsers insist on TLS and on this very host.
  private static final String COOKIE = "__Host-slipway-activate";

  private static final String PATH = "/activate";

  private static final Pattern FORM_TOKEN = Pattern.compile("form_[A-Za-z0-9]{32}");
  private static final Pattern EMAIL =
      Pattern.compile("[^@\\s\\p{Cntrl}]{1,126}@[^@\\s\\p{Cntrl}]{1,126}");

  private final DeviceAuthorizations devices;
  private final Identities identities;
  private final AuditLog audit;

  ActivateResource(DeviceAuthorizations devices, Identities identities, AuditLog audit) {
    this.audit = audit;
    this.devices = devices;
    this.identities = identities;
  }

  @GET
  @Operation(summary = "The sign-in page")
  public Response show(
      @QueryParam("user_code") @Nullable String userCode,
      @CookieParam(COOKIE) @Nullable String cookie) {
    String formToken = keptOrNew(cookie);
    if (userCode == null || userCode.isBlank()) {
      return page(200, formToken, ActivationPage.askForCode(formToken, null));
    }
    return showCode(formToken, userCode);
  }

  @POST
  @Consumes(MediaType.APPLICATION_FORM_URLENCODED)
  @Operation(summary = "What the sign-in page sends")
  public Response decide(
      @FormParam("form_token") @Nullable String formToken,
      @FormParam("action") @Nullable String action,
      @FormParam("user_code") @Nullable String userCode,
      @FormParam("name") @Nullable String name,
      @FormParam("email") @Nullable String email,
      @FormParam("password") @Nullable String password,
      @CookieParam(COOKIE) @Nullable String cookie,
      @HeaderParam("Sec-Fetch-Site") @Nullable String site,
      RoutingContext request) {
    if (!isOurForm(formToken, cookie, site)) {
      String fresh = Secret.formToken();
      return page(
          403,
          fresh,
          ActivationPage.askForCode(
              fresh, "This page was open for too long, or cookies are off. Enter the code again."));
    }
    String token = keptOrNew(cookie);
    if (userCode == null || userCode.isBlank()) {
      return page(400, token, ActivationPage.askForCode(token, "Enter the code."));
    }
    String code = Secret.normalizedUserCode(userCode);
    if (devices.pending(code) == null) {
      return unknownCode(token);
    }
    String given = name == null ? "" : name.strip();
    String secret = password == null ? "" : password;
    try {
      return switch (action == null ? "" : action) {
        case "continue" -> showCode(token, code);
        case "deny" -> deny(token, code);
        case "approve" -> approve(token, code, given, secret, CallerAddress.origin(request));
        case "sign-up" ->
            signUp(
                token,
                code,
                given,
                email == null ? "" : email,
                secret,
                CallerAddress.origin(request));
        default -> page(400, token, ActivationPage.askForCode(token, "Enter the code."));
      };
    } catch (ApiException refusal) {
      return page(
          refusal.code().status(),
          token,
          ActivationPage.signIn(token, code, given, "sign-up".equals(action), sentence(refusal)));
    }
  }

  private Response showCode(String formToken, String userCode) {
    DeviceAuthorizations.Pending pending = devices.pending(Secret.normalizedUserCode(userCode));
    return pending == null
        ? unknownCode(formToken)
        : page(
            200, formToken, ActivationPage.signIn(formToken, pending.userCode(), "", false, null));
  }

  private Response approve(
      String formToken, String code, String name, String password, Origin origin) {
    Optional<String> identity =
        name.indexOf('\0') >= 0 || name.length() > 30 || password.length() > 128
            ? Optional.empty()
            : identities.signIn(name, password, origin.address());
    if (identity.isEmpty()) {
      audit.failedToSignIn(name, PATH, origin, 403);
      return page(
          403,
          formToken,
          ActivationPage.signIn(formToken, code, name, false, "Wrong name or password."));
    }
    return approved(formToken, code, identity.get(), origin);
  }

  private Response signUp(
      String formToken, String code, String name, String email, String password, Origin origin) {
    String problem = problemWith(name, email, password);
    if (problem != null) {
      return page(400, formToken, ActivationPage.signIn(formToken, code, name, true, problem));
    }
    String identity =
        identities.signUp(name, email.isBlank() ? null : email.strip(), password, origin.address());
    audit.signedUp(identity, PATH, origin);
    return approved(formToken, code, identity, origin);
  }

  private Response approved(String formToken, String code, String identity, Origin origin) {
    if (!devices.approve(code, identity)) {
      return unknownCode(formToken);
    }
    audit.approvedDevice(identity, PATH, origin);
    return page(
        200,
        formToken,
        ActivationPage.ended(
            "You are signed in", "Go back to your terminal. This page can be closed."));
  }

  private Response deny(String formToken, String code) {
    return devices.deny(code)
        ? page(
            200,
            formToken,
            ActivationPage.ended("Denied", "The command line was told no. Nothing was changed."))
        : unknownCode(formToken);
  }

  private static Response unknownCode(String formToken) {
    return page(
        404,
        formToken,
        ActivationPage.askForCode(
            formToken, "Nobody waits for this code. It may have expired: start again."));
  }

  private static @Nullable String problemWith(String name, String email, String password) {
    String problem = Name.problemWith(name);
    if (problem != null) {
      return "The name " + problem + ".";
    }
    if (!email.isBlank() && !EMAIL.matcher(email.strip()).matches()) {
      return "This is not an e-mail address; the field may stay empty.";
    }
    if (password.length() < 8 || password.length() > 128) {
      return "The password must have 8 to 128 characters.";
    }
    return null;
  }

  private static String sentence(ApiException refusal) {
    String message = refusal.answer("").message();
    return Character.toUpperCase(message.charAt(0)) + message.substring(1) + ".";
  }

  private static boolean isOurForm(
      @Nullable String formToken, @Nullable String cookie, @Nullable String site) {
    boolean sameSite = site == null || site.equals("same-origin") || site.equals("none");
    return sameSite
        && formToken != null
        && cookie != null
        && FORM_TOKEN.matcher(cookie).matches()
        && MessageDigest.isEqual(
            formToken.getBytes(StandardCharsets.UTF_8), cookie.getBytes(StandardCharsets.UTF_8));
  }

  private static String keptOrNew(@Nullable String cookie) {
    return cookie != null && FORM_TOKEN.matcher(cookie).matches() ? cookie : Secret.formToken();
  }

  private static Response page(int status, String formToken, String html) {
    return Response.status(status)
        .entity(html)
        .cookie(
            new NewCookie.Builder(COOKIE)
                .value(formToken)
                .path("/")
                .secure(true)
                .httpOnly(true)
                .sameSite(NewCookie.SameSite.STRICT)
                .build())
        .header(HttpHeaders.CACHE_CONTROL, "no-store")
        .header("Content-Security-Policy", ActivationPage.CONTENT_SECURITY_POLICY)
        .header("Referrer-Policy", "no-referrer")
        .header("X-Content-Type-Options", "nosniff")
        .build();
  }
}
