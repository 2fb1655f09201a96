package dev.slipway.deploy.archive;

import com.fasterxml.jackson.core.Base64Variants;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import dev.slipway.deploy.archive.BadArchive.Reason;
import io.quarkus.runtime.configuration.MemorySize;
import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.jspecify.annotations.Nullable;

/// Reads the body of a deploy as it arrives: the archive goes to a file while it is decoded and
/// hashed, so memory does not grow with it. Fields may come in any order; unknown ones are ignored.
///
/// Safe to use from any thread.
@Singleton
public final class ArchiveIntake {

  private static final String ARCHIVE = "application_archive";

  /// What clients send besides is skipped, whatever it is.
  private static final Set<String> TEXTS =
      Set.of("previous_version", "target_database_name", "version");

  private static final int LONGEST_FIELD = 64 * 1024;

  /// The names of fields are hostile too: they are not interned, and few are kept, which is to find
  /// those that stand twice.
  private static final JsonFactory JSON =
      JsonFactory.builder()
          .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
          .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .disable(StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION)
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  .maxStringLength(LONGEST_FIELD)
                  .maxNameLength(1000)
                  .maxNestingDepth(20)
                  .maxTokenCount(1000)
                  .build())
          .build();

  private final ArchiveStore store;
  private final long limit;

  /// @param limit the most bytes an archive may have, decoded
  @Inject
  public ArchiveIntake(
      ArchiveStore store, @ConfigProperty(name = "slipway.archives.limit") MemorySize limit) {
    this(store, limit.asLongValue());
  }

  ArchiveIntake(ArchiveStore store, long limit) {
    this.store = store;
    this.limit = limit;
  }

  /// Reads a body to its end. Nothing is kept of one that is refused.
  ///
  /// @throws BadArchive  when the body is malformed, cut off or too large, or its archive is none
  ///     that could be unpacked; the message is public
  /// @throws IOException when the store cannot be written, or the connection broke
  public Received receive(InputStream body) throws BadArchive, IOException {
    try (var reading = new Reading()) {
      return reading.read(body);
    } catch (TooLarge tooLarge) {
      throw new BadArchive(
          Reason.TOO_LARGE,
          "the archive is larger than the %s allowed".formatted(inWords(limit)),
          tooLarge);
    } catch (JsonProcessingException malformed) {
      throw new BadArchive(
          Reason.MALFORMED_BODY,
          "the body of the request is not complete JSON, or %s not Base64".formatted(ARCHIVE),
          malformed);
    }
  }

  private static String inWords(long bytes) {
    long mebibytes = bytes >> 20;
    return mebibytes > 0 ? mebibytes + " MB" : bytes + " bytes";
  }

  /// What a body held.
  ///
  /// @param archive the archive, stored; empty when there was none, or null
  /// @param fields  the other fields of text; those that are null or absent are missing here
  public record Received(Optional<Stored> archive, Map<String, String> fields) {

    public Received {
      fields = Map.copyOf(fields);
    }

    public Optional<String> field(String name) {
      return Optional.ofNullable(fields.get(name));
    }
  }

  /// An archive that is kept.
  ///
  /// @param digest SHA-256, in lower-case hexadecimal; the name by which [ArchiveStore] knows it
  public record Stored(String digest, long size) {}

  /// One body. What it has begun to store is dropped when it closes without having finished.
  private final class Reading implements AutoCloseable {

    private final Map<String, String> fields = new HashMap<>();
    private ArchiveStore.@Nullable Upload upload;

    Received read(InputStream body) throws BadArchive, IOException {
      try (JsonParser parser = JSON.createParser(body)) {
        if (parser.nextToken() != JsonToken.START_OBJECT) {
          throw new BadArchive(Reason.MALFORMED_BODY, "the body must be a JSON object");
        }
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
          field(parser);
        }
        if (parser.nextToken() != null) {
          throw new BadArchive(Reason.MALFORMED_BODY, "something follows the JSON object");
        }
      }
      ArchiveStore.@Nullable Upload whole = upload;
      if (whole == null) {
        return new Received(Optional.empty(), fields);
      }
      if (whole.size() == 0) {
        throw new BadArchive(Reason.BAD_ARCHIVE, ARCHIVE + " is empty");
      }
      whole.requireSound();
      return new Received(Optional.of(new Stored(whole.keep(), whole.size())), fields);
    }

    private void field(JsonParser parser) throws BadArchive, IOException {
      String name = parser.currentName();
      JsonToken value = parser.nextToken();
      if (name.equals(ARCHIVE)) {
        archive(parser, value);
      } else if (!TEXTS.contains(name)) {
        parser.skipChildren();
      } else if (value == JsonToken.VALUE_STRING) {
        fields.put(name, parser.getText());
      } else if (value != JsonToken.VALUE_NULL) {
        throw new BadArchive(Reason.MALFORMED_BODY, name + " must be text");
      }
    }

    private void archive(JsonParser parser, @Nullable JsonToken value)
        throws BadArchive, IOException {
      if (value == JsonToken.VALUE_NULL) {
        return;
      }
      if (value != JsonToken.VALUE_STRING) {
        throw new BadArchive(Reason.MALFORMED_BODY, ARCHIVE + " must be text in Base64");
      }
      ArchiveStore.Upload begun = store.begin();
      upload = begun;
      try {
        parser.readBinaryValue(Base64Variants.MIME_NO_LINEFEEDS, new Limited(begun));
      } catch (IllegalArgumentException notBase64) {
        throw new BadArchive(Reason.MALFORMED_BODY, ARCHIVE + " is not Base64", notBase64);
      }
    }

    @Override
    public void close() throws IOException {
      if (upload != null) {
        upload.close();
      }
    }
  }

  /// Refuses the first byte too many.
  private final class Limited extends OutputStream {

    private final ArchiveStore.Upload upload;

    Limited(ArchiveStore.Upload upload) {
      this.upload = upload;
    }

    @Override
    public void write(int value) throws IOException {
      write(new byte[] {(byte) value}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
      if (upload.size() + length > limit) {
        throw new TooLarge();
      }
      upload.write(bytes, offset, length);
    }
  }

  private static final class TooLarge extends IOException {}
}
