package dev.slipway.instance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.everyItem;
import static org.hamcrest.Matchers.hasSize;

import dev.slipway.common.id.Identifiers;
import io.quarkus.test.junit.QuarkusTest;
import io.restassured.response.Response;
import io.restassured.specification.RequestSpecification;
import jakarta.inject.Inject;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Operations on the wire.
@QuarkusTest
@InstanceServiceTest
class OperationsResourceTest {

  private static final String PATH = "/v1alpha1/one/operations";

  @Inject Members members;

  private final String organization = Identifiers.next("org");

  @Test
  void pagesFollowTheirCursors() {
    List<String> begun = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      begun.addFirst(provision("page_" + i));
    }

    List<String> read = new ArrayList<>();
    String cursor = null;
    do {
      RequestSpecification asks = user().queryParam("limit", 2);
      Response page = (cursor == null ? asks : asks.queryParam("cursor", cursor)).get(PATH);
      page.then().statusCode(200);
      read.addAll(page.jsonPath().getList("id"));
      cursor = page.header("Next-Cursor");
    } while (cursor != null);

    assertThat(read).isEqualTo(begun);
    user()
        .queryParam("kind", "instance.provision")
        .queryParam("subject", "page_3")
        .queryParam("since", "2026-01-01T00:00:00+01:00")
        .get(PATH)
        .then()
        .body("$", hasSize(1))
        .body("subjectName", everyItem(equalTo("page_3")));
    user().queryParam("kind", "application.deploy").get(PATH).then().body("$", hasSize(0));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "limit|0|a number from 1 to 200",
        "limit|201|a number from 1 to 200",
        "limit|many|a number from 1 to 200",
        "phase|RUNNING|one of queued, running, unwinding, stuck, ended",
        "outcome|good|one of succeeded, undone, cancelled, superseded, refused, abandoned",
        "active|maybe|true or false",
        "since|yesterday|a time such as 2026-03-01T10:00:00Z",
        "since|+999999999-01-01T00:00:00Z|a time such as",
        "kind|x' or 'a|the kind of an operation",
        "cursor|abc|the Next-Cursor of the page before",
      })
  void whatIsNotUnderstoodSaysWhatIsAllowed(String name, String value, String allowed) {
    user()
        .queryParam(name, value)
        .get(PATH)
        .then()
        .statusCode(400)
        .body("code", equalTo("invalid-request"))
        .body("fields." + name, containsString(allowed));
  }

  private String provision(String name) {
    return user()
        .body(Map.of("Name", name, "AdminName", "demo_db", "AdminPassword", "correct-horse-1"))
        .post("/v1alpha1/one/databases/userdb")
        .then()
        .statusCode(202)
        .extract()
        .header("Operation-Id");
  }

  private RequestSpecification user() {
    return members.of(organization);
  }
}
