package dev.slipway.account.api;

import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.slipway.account.AccountServiceTest;
import dev.slipway.common.contract.deploy.DeployEvent;
import dev.slipway.common.contract.deploy.DeployEvent.VersionDeployed;
import dev.slipway.common.crypto.InstallationKeys;
import dev.slipway.common.id.Identifiers;
import dev.slipway.common.outbox.Json;
import dev.slipway.common.outbox.Message;
import dev.slipway.common.outbox.Topic;
import dev.slipway.common.security.InternalToken;
import io.quarkus.test.junit.QuarkusTest;
import io.restassured.http.ContentType;
import io.restassured.specification.RequestSpecification;
import jakarta.inject.Inject;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import javax.sql.DataSource;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.junit.jupiter.api.Test;

/// What whoever runs the platform sees of a message that nobody understands, and does about it.
@QuarkusTest
@AccountServiceTest
class MessagesResourceTest {

  private static final Duration SOON = Duration.ofMinutes(2);

  @Inject InstallationKeys keys;
  @Inject DataSource database;

  private final String application = Identifiers.next("app");

  @Test
  void whatIsParkedIsListedAndTakesEffectWhenItIsTriedAgainWithoutItsCause() throws Exception {
    try (KafkaProducer<String, String> producer = Topic.producer()) {
      producer.send(new ProducerRecord<>(DeployEvent.TOPIC, application, "{")).get();
      producer.send(new ProducerRecord<>(DeployEvent.TOPIC, application, deployed())).get();
    }
    await().atMost(SOON).until(() -> parked().equals(List.of(2)));

    assertThat(retry("app_another")).isEmpty();
    assertThat(retry(application))
        .singleElement()
        .satisfies(
            it -> {
              assertThat(it).containsEntry("taken", 0).containsEntry("left", 2);
              assertThat(it.get("cause")).asString().startsWith("It cannot be read");
            });
    assertThat(parked()).containsExactly(2);

    repair();

    assertThat(retry(application))
        .singleElement()
        .satisfies(it -> assertThat(it).containsEntry("taken", 2).containsEntry("left", 0));
    assertThat(parked()).isEmpty();
  }

  @Test
  void nobodyElseLearnsThatThereIsSuchAThing() {
    given().get("/internal/messages").then().statusCode(404);
    given()
        .header(InternalToken.SECRET_HEADER, "wrong")
        .get("/internal/messages")
        .then()
        .statusCode(404);
    given()
        .contentType(ContentType.JSON)
        .body("{}")
        .post("/internal/messages/retry")
        .then()
        .statusCode(404);
  }

  @Test
  void whatIsNoKeyIsRefused() {
    for (String body : List.of("", "null", "{\"key\":5}", "{\"key\":[]}", "[]")) {
      internal().body(body).post("/internal/messages/retry").then().statusCode(400);
    }
  }

  private RequestSpecification internal() {
    return given()
        .header(InternalToken.SECRET_HEADER, keys.internalSecret())
        .contentType(ContentType.JSON);
  }

  /// How many messages of the application are parked, topic by topic.
  private List<Integer> parked() {
    return internal()
        .get("/internal/messages")
        .then()
        .statusCode(200)
        .extract()
        .jsonPath()
        .param("key", application)
        .getList("findAll { it.key == key }.messages");
  }

  private List<Map<String, Object>> retry(String key) {
    return internal()
        .body(Map.of("key", key))
        .post("/internal/messages/retry")
        .then()
        .statusCode(200)
        .extract()
        .jsonPath()
        .getList("$");
  }

  private String deployed() {
    return Json.write(
        new Message(
            "1.0",
            "deploy-service/" + application + "/2",
            "deploy-service",
            Message.typeOf(VersionDeployed.class),
            application,
            Instant.EPOCH,
            "application/json",
            Identifiers.next("org"),
            2,
            Json.treeOf(new VersionDeployed(application, "shop", "2"))));
  }

  /// Stands for a release that understands it.
  private void repair() throws SQLException {
    try (Connection connection = database.getConnection();
        PreparedStatement update =
            connection.prepareStatement(
                "update parked_message set payload = ? where payload = '{' and message_key = ?")) {
      update.setString(1, deployed().replace("\"seq\":2", "\"seq\":1").replace("/2\"", "/1\""));
      update.setString(2, application);
      assertThat(update.executeUpdate()).isEqualTo(1);
    }
  }
}
