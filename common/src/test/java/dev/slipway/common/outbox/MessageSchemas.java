package dev.slipway.common.outbox;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.slipway.common.golden.GoldenFile;
import java.lang.reflect.AnnotatedParameterizedType;
import java.lang.reflect.AnnotatedType;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// The JSON Schema of each message, in `docs/generated/messages/`.
///
/// A message may gain fields that can be absent. It never loses one, and none changes its type:
/// others read it, and older ones of it are still on their way. That is checked also when the files
/// are written anew.
public final class MessageSchemas {

  private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

  private MessageSchemas() {}

  /// Fails when a message is not as published.
  ///
  /// @param family a sealed interface of records that carry [EventType]
  public static void verify(Class<?> family) {
    for (Class<?> message : family.getPermittedSubclasses()) {
      if (message.isSealed()) {
        verify(message);
        continue;
      }
      String type = Message.typeOf(message);
      verify(type, "docs/generated/messages/" + type + ".json", message);
    }
  }

  /// Fails when the input of an operation that other services ask for is not as published.
  ///
  /// @param kind  of the operation
  /// @param input its input record
  public static void verifyInput(String kind, Class<? extends Record> input) {
    verify(kind, "docs/generated/inputs/" + kind + ".json", input);
  }

  private static void verify(String title, String path, Class<?> message) {
    GoldenFile file = GoldenFile.inRepository(path);
    ObjectNode schema = schema(title, message);
    file.read()
        .ifPresent(
            published ->
                assertThat(incompatibilities(tree(published), schema))
                    .as("%s; a message that changes gets a new version", title)
                    .isEmpty());
    file.says(schema.toPrettyString());
  }

  static ObjectNode schema(Class<?> message) {
    return schema(Message.typeOf(message), message);
  }

  private static ObjectNode schema(String title, Class<?> message) {
    ObjectNode schema = JSON.objectNode();
    schema.put("$schema", "https://json-schema.org/draft/2020-12/schema");
    schema.put("title", title);
    schema.setAll(recordSchema(message));
    return schema;
  }

  private static ObjectNode recordSchema(Class<?> type) {
    ObjectNode schema = JSON.objectNode();
    schema.put("type", "object");
    ObjectNode properties = schema.putObject("properties");
    ArrayNode required = schema.putArray("required");
    for (RecordComponent component : type.getRecordComponents()) {
      properties.set(component.getName(), schema(component.getAnnotatedType()));
      if (!component.getAnnotatedType().isAnnotationPresent(Nullable.class)) {
        required.add(component.getName());
      }
    }
    return schema;
  }

  private static ObjectNode schema(AnnotatedType annotated) {
    Type type = annotated.getType();
    if (type instanceof ParameterizedType parameterized
        && parameterized.getRawType() instanceof Class<?> raw
        && annotated instanceof AnnotatedParameterizedType arguments) {
      AnnotatedType[] of = arguments.getAnnotatedActualTypeArguments();
      if (Collection.class.isAssignableFrom(raw)) {
        ObjectNode array = typed("array");
        array.set("items", schema(of[0]));
        return array;
      }
      if (Map.class.isAssignableFrom(raw)) {
        ObjectNode map = typed("object");
        map.set("additionalProperties", schema(of[1]));
        return map;
      }
    }
    if (type instanceof Class<?> plain) {
      return plainSchema(plain);
    }
    throw new IllegalArgumentException("No schema is known for " + type);
  }

  private static ObjectNode plainSchema(Class<?> type) {
    if (type == String.class) {
      return typed("string");
    }
    if (type == boolean.class || type == Boolean.class) {
      return typed("boolean");
    }
    if (Set.of(int.class, long.class, Integer.class, Long.class).contains(type)) {
      return typed("integer");
    }
    if (type == double.class || type == Double.class) {
      return typed("number");
    }
    if (type == Instant.class) {
      return typed("string").put("format", "date-time");
    }
    if (type == Duration.class) {
      return typed("string").put("format", "duration");
    }
    if (type.isEnum()) {
      ObjectNode schema = typed("string");
      ArrayNode values = schema.putArray("enum");
      for (Object value : type.getEnumConstants()) {
        values.add(((Enum<?>) value).name());
      }
      return schema;
    }
    if (type.isRecord()) {
      return recordSchema(type);
    }
    if (JsonNode.class.isAssignableFrom(type)) {
      return JSON.objectNode();
    }
    throw new IllegalArgumentException("No schema is known for " + type);
  }

  private static ObjectNode typed(String type) {
    return JSON.objectNode().put("type", type);
  }

  /// What a reader of the published schema would miss, and what an older message does not have.
  static List<String> incompatibilities(JsonNode published, JsonNode now) {
    List<String> found = new ArrayList<>();
    compare("", published, now, found);
    return found;
  }

  private static void compare(String where, JsonNode published, JsonNode now, List<String> found) {
    if (!published.path("type").equals(now.path("type"))
        || !published.path("format").equals(now.path("format"))) {
      found.add("%s is no longer a %s".formatted(where, published.path("type").asText()));
      return;
    }
    for (JsonNode value : published.path("enum")) {
      if (!texts(now.path("enum")).contains(value.asText())) {
        found.add("%s is never %s any more".formatted(where, value.asText()));
      }
    }
    published
        .path("properties")
        .properties()
        .forEach(
            field -> {
              JsonNode same = now.path("properties").path(field.getKey());
              if (same.isMissingNode()) {
                found.add("%s/%s is gone".formatted(where, field.getKey()));
              } else {
                compare(where + '/' + field.getKey(), field.getValue(), same, found);
              }
            });
    List<String> before = texts(published.path("required"));
    List<String> after = texts(now.path("required"));
    for (String name : before) {
      if (!after.contains(name) && now.path("properties").has(name)) {
        found.add("%s/%s may be absent now".formatted(where, name));
      }
    }
    for (String name : after) {
      if (!before.contains(name)) {
        found.add("%s/%s is not in older messages and has to be nullable".formatted(where, name));
      }
    }
    if (published.has("items")) {
      compare(where + "[]", published.path("items"), now.path("items"), found);
    }
  }

  private static List<String> texts(JsonNode array) {
    List<String> texts = new ArrayList<>();
    array.forEach(value -> texts.add(value.asText()));
    return texts;
  }

  private static JsonNode tree(String json) {
    try {
      return Json.tree(json);
    } catch (JsonProcessingException failure) {
      throw new IllegalStateException(failure);
    }
  }
}
