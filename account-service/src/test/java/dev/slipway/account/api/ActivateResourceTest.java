package dev.slipway.account.api;

import static dev.slipway.account.Gateway.anybody;
import static org.assertj.core.api.Assertions.assertThat;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.not;

import dev.slipway.account.AccountServiceTest;
import dev.slipway.account.Gateway;
import dev.slipway.account.Gateway.Person;
import io.quarkus.test.junit.QuarkusTest;
import io.restassured.response.Response;
import jakarta.inject.Inject;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

@QuarkusTest
@AccountServiceTest
class ActivateResourceTest {

  private static final AtomicInteger ADDRESS = new AtomicInteger(20_000);

  @Inject Gateway gateway;

  /// The sign-in page as a browser without scripts holds it.
  static final class Page {
    private static final String COOKIE = "__Host-slipway-activate";

    private final String userCode;
    private final String cookie;
    private final String formToken;
    private final String html;

    Page(String userCode) {
      this.userCode = userCode;
      Response response =
          anybody().redirects().follow(false).get("/activate?user_code=" + userCode);
      this.cookie = response.getCookie(COOKIE);
      this.html = response.asString();
      Matcher hidden = Pattern.compile("name=\"form_token\" value=\"([^\"]+)\"").matcher(html);
      assertThat(hidden.find()).isTrue();
      this.formToken = hidden.group(1);
    }

    Response post(Map<String, String> fields) {
      return Gateway.address(ADDRESS.incrementAndGet())
          .cookie(COOKIE, cookie)
          .header("Sec-Fetch-Site", "same-origin")
          .formParam("form_token", formToken)
          .formParam("user_code", userCode)
          .formParams(fields)
          .post("/activate");
    }
  }

  @Test
  void thePageShowsTheCodeAndForbidsWhatItDoesNotNeed() {
    String code = userCode();

    anybody()
        .get("/activate?user_code=" + code)
        .then()
        .statusCode(200)
        .contentType("text/html;charset=utf-8")
        .header("Content-Security-Policy", containsString("default-src 'none'"))
        .header("Content-Security-Policy", containsString("frame-ancestors 'none'"))
        .header("Cache-Control", "no-store")
        .header("Set-Cookie", containsString("SameSite=Strict"))
        .header("Set-Cookie", containsString("HttpOnly"))
        .body(containsString(code));
  }

  @Test
  void aNewUserSignsUpOnThePage() {
    Page page = new Page(userCode());

    page.post(
            Map.of(
                "action", "sign-up",
                "name", "from_the_page",
                "email", "",
                "password", "long enough"))
        .then()
        .statusCode(200)
        .body(containsString("You are signed in"));
  }

  @Test
  void whatIsWrongIsSaidOnThePageAndTheCodeStaysGood() {
    Person person = gateway.register();
    Page page = new Page(userCode());

    page.post(Map.of("action", "approve", "name", person.name(), "password", "wrong password"))
        .then()
        .statusCode(403)
        .body(containsString("Wrong name or password."))
        .body(not(containsString("wrong password")));
    page.post(Map.of("action", "sign-up", "name", person.name(), "password", "long enough"))
        .then()
        .statusCode(409)
        .body(containsString("is taken"));
    page.post(Map.of("action", "sign-up", "name", "<script>", "password", "long enough"))
        .then()
        .statusCode(400)
        .body(not(containsString("<script>")));
    page.post(Map.of("action", "sign-up", "name", "fine_name", "password", "short"))
        .then()
        .statusCode(400)
        .body(containsString("8 to 128"));
    page.post(Map.of("action", "approve", "name", person.name(), "password", person.password()))
        .then()
        .statusCode(200);
    page.post(Map.of("action", "approve", "name", person.name(), "password", person.password()))
        .then()
        .statusCode(404);
  }

  @Test
  void aFormFromElsewhereIsRefused() {
    Person person = gateway.register();
    String code = userCode();
    Page page = new Page(code);
    Map<String, String> approval =
        Map.of(
            "action",
            "approve",
            "name",
            person.name(),
            "password",
            person.password(),
            "user_code",
            code);

    anybody().formParams(approval).post("/activate").then().statusCode(403);
    anybody()
        .formParams(approval)
        .formParam("form_token", page.formToken)
        .post("/activate")
        .then()
        .statusCode(403);
    anybody()
        .formParams(approval)
        .cookie(Page.COOKIE, page.cookie)
        .formParam("form_token", page.formToken)
        .header("Sec-Fetch-Site", "cross-site")
        .post("/activate")
        .then()
        .statusCode(403);
  }

  @Test
  void aCodeMayBeTypedInAnyWay() {
    String code = userCode();

    anybody()
        .get("/activate?user_code=" + code.replace("-", "").toLowerCase(java.util.Locale.ROOT))
        .then()
        .statusCode(200)
        .body(containsString(code));
  }

  @Test
  void anUnknownCodeIsSaidToBeSo() {
    anybody()
        .get("/activate?user_code=BBBB-BBBB%00'\"<b>")
        .then()
        .statusCode(404)
        .body(containsString("Nobody waits for this code"))
        .body(not(containsString("<b>")));
    anybody().get("/activate").then().statusCode(200).body(containsString("Enter the code"));
  }

  private static String userCode() {
    return Gateway.address(ADDRESS.incrementAndGet())
        .formParam("client_id", "slipway")
        .post("/oauth/device/code")
        .path("user_code");
  }
}
