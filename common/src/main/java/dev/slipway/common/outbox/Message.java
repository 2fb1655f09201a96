package dev.slipway.common.outbox;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.databind.JsonNode;
import java.time.Instant;

/// A message as it travels: a CloudEvent 1.0 in structured JSON.
///
/// @param id           unique with the source: aggregate and seq
/// @param source       the service that owns the subject, or that asks
/// @param type         names the record in `data`, with its version
/// @param subject      what it is about; also the key
/// @param organization whose subject it is (extension)
/// @param seq          rising per source and subject (extension)
@JsonInclude(JsonInclude.Include.NON_NULL)
public record Message(
    String specversion,
    String id,
    String source,
    String type,
    String subject,
    Instant time,
    String datacontenttype,
    String organization,
    long seq,
    JsonNode data) {

  static Message of(
      String source, String subject, String organization, long seq, Instant time, Event event) {
    return new Message(
        "1.0",
        idBefore(source, subject) + seq,
        source,
        typeOf(event.getClass()),
        subject,
        time,
        "application/json",
        organization,
        seq,
        Json.treeOf(event));
  }

  /// What an identifier has before its number.
  static String idBefore(String source, String subject) {
    return source + '/' + subject + '/';
  }

  /// The CloudEvents type of a record.
  public static String typeOf(Class<?> event) {
    EventType type = event.getAnnotation(EventType.class);
    if (type == null) {
      throw new IllegalArgumentException(event.getName() + " needs an @EventType");
    }
    return type.value();
  }
}
