package dev.slipway.deploy.api;

import static dev.slipway.deploy.api.Refusals.refused;
import static org.assertj.core.api.Assertions.assertThat;
import static org.hamcrest.Matchers.aMapWithSize;
import static org.hamcrest.Matchers.contains;
import static org.hamcrest.Matchers.endsWith;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.hasSize;

import dev.slipway.deploy.DeployServiceTest;
import dev.slipway.deploy.FakePlatform;
import dev.slipway.deploy.Members;
import dev.slipway.deploy.Members.Member;
import dev.slipway.deploy.Registered;
import dev.slipway.deploy.domain.Versions;
import io.quarkus.test.junit.QuarkusTest;
import io.restassured.path.json.JsonPath;
import jakarta.inject.Inject;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@QuarkusTest
@DeployServiceTest
class LogsResourceTest {

  private static final String PATH = "/v1alpha1/{org}/logs/applications/shop";

  @Inject Members members;
  @Inject Registered registered;
  @Inject FakePlatform platform;
  @Inject Versions versions;

  @Test
  void withoutLinesThePageIsTheLast() {
    Member anna = members.join();
    registered.application(anna, "shop");

    anna.asks()
        .get(PATH + "?last=0&limit=1000&format=json")
        .then()
        .statusCode(200)
        .body("$", aMapWithSize(3))
        .body("end", equalTo(true))
        .body("body", equalTo(""))
        .body("next_timestamp", org.hamcrest.Matchers.isA(String.class));
  }

  @Test
  void pagesFollowOneAnotherUntilTheLast() {
    Member anna = members.join();
    String id = registered.application(anna, "shop");
    platform.log(id, "1", "migrate", IntStream.range(0, 25).mapToObj(i -> "line-" + i).toList());

    StringBuilder text = new StringBuilder();
    JsonPath page = anna.asks().get(PATH + "?last=0&limit=10&format=json").jsonPath();
    int pages = 1;
    text.append(page.getString("body")).append('\n');
    while (!page.getBoolean("end") && pages < 10) {
      page =
          anna.asks()
              .queryParam("since", page.getString("next_timestamp"))
              .get(PATH + "?limit=10&format=json")
              .jsonPath();
      text.append(page.getString("body")).append('\n');
      pages++;
    }

    assertThat(pages).isBetween(3, 4);
    IntStream.range(0, 25)
        .forEach(i -> assertThat(text.toString()).containsOnlyOnce("line-" + i + "\n"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "last=-1",
        "limit=0",
        "limit=10001",
        "last=99999999999999",
        "since=yesterday",
        "since=../../etc/passwd"
      })
  void badQueriesAreRefused(String query) {
    Member anna = members.join();
    registered.application(anna, "shop");

    refused(anna.asks().get(PATH + "?" + query).then(), 400, "invalid-request");
  }

  @ParameterizedTest
  @ValueSource(strings = {"last=many", "limit=many"})
  void whatIsNoNumberIsRefused(String query) {
    Member anna = members.join();
    registered.application(anna, "shop");

    refused(anna.asks().get(PATH + "?" + query).then(), 400, "invalid-request")
        .body("message", endsWith(" must be a whole number"));
  }

  @Test
  void theOutputOfARunIsKept() {
    Member anna = members.join();
    String id = registered.application(anna, "shop");
    String version = versions.add(id, "aa", "dop_sample", "anna").id();
    platform.log(id, version, "migrate", List.of("one", "two", "three"));
    String output = "/v1alpha1/{org}/applications/shop/versions/";

    anna.asks()
        .get(output + version + "/output?source=migrate&limit=2")
        .then()
        .statusCode(200)
        .body("$", aMapWithSize(3))
        .body("Version", equalTo(version))
        .body("Source", equalTo("migrate"))
        .body("Lines", contains("two", "three"));
    anna.asks()
        .get(output + version + "/output?source=install")
        .then()
        .statusCode(200)
        .body("Lines", hasSize(0));
    refused(anna.asks().get(output + "7/output").then(), 404, "version-not-found");
    refused(
        anna.asks().get(output + version + "/output?source=../../x").then(),
        400,
        "invalid-request");
  }
}
