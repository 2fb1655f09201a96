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

  /// A message as text, in whose gaps its number is missing.
  ///
  /// @param beforeId  up to the number in the identifier
  /// @param beforeSeq up to `seq`
  /// @param rest      what follows
  record Numberless(String beforeId, String beforeSeq, String rest) {}

  /// What a message of this event will be; its number is known only where it is stored.
  static Numberless of(
      String source, String subject, String organization, Instant time, Event event) {
    String id = Json.write(source + '/' + subject + '/');
    String fields =
        Json.write(
            new Fields(
                "1.0",
                source,
                typeOf(event.getClass()),
                subject,
                time,
                "application/json",
                organization,
                event));
    return new Numberless(
        "{\"id\":" + id.substring(0, id.length() - 1), "\",\"seq\":", ',' + fields.substring(1));
  }

  /// A message without its number.
  private record Fields(
      String specversion,
      String source,
      String type,
      String subject,
      Instant time,
      String datacontenttype,
      String organization,
      Event data) {}

  /// The CloudEvents type of a record.
  public static String typeOf(Class<?> event) {
    EventType type = event.getAnnotation(EventType.class);
    if (type == null) {
      throw new IllegalArgumentException(event.getName() + " needs an @EventType");
    }
    return type.value();
  }
}
