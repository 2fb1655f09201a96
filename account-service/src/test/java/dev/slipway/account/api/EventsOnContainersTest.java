package dev.slipway.account.api;

import dev.slipway.account.OnContainers;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.TestProfile;
import org.junit.jupiter.api.condition.EnabledIfEnvironmentVariable;

/// The same on servers in containers: events go from the database over Kafka into the feed.
@QuarkusTest
@TestProfile(OnContainers.class)
@EnabledIfEnvironmentVariable(
    named = "SLIPWAY_TEST_ENGINE",
    matches = "required",
    disabledReason = "no Docker engine was promised")
class EventsOnContainersTest extends EventsResourceTest {}
