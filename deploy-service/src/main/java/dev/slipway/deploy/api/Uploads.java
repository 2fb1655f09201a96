package dev.slipway.deploy.api;

import dev.slipway.common.error.ApiException;
import dev.slipway.common.error.ErrorCode;
import dev.slipway.deploy.archive.ArchiveIntake;
import dev.slipway.deploy.archive.BadArchive;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PushbackInputStream;
import java.util.Objects;

/// Reads the bodies of deploys as they arrive.
@ApplicationScoped
class Uploads {

  private final ArchiveIntake intake;

  @Inject
  Uploads(ArchiveIntake intake) {
    this.intake = intake;
  }

  /// Reads a body to its end, also when it is refused: a client hears of a refusal only once it
  /// could say all it had to say. An empty body is as good as `{}`.
  Upload read(InputStream body) throws IOException {
    var rest = new PushbackInputStream(body);
    int first = rest.read();
    if (first < 0) {
      return Upload.NOTHING;
    }
    rest.unread(first);
    try {
      ArchiveIntake.Received received = intake.receive(new Unclosable(rest));
      return new Upload(
          received.archive().map(ArchiveIntake.Stored::digest).orElse(null),
          received.field("previous_version").orElse(null),
          received.field("target_database_name").orElse(null),
          received.field("version").orElse(null));
    } catch (BadArchive refused) {
      discard(rest);
      int status =
          refused.reason() == BadArchive.Reason.TOO_LARGE
              ? ErrorCode.BODY_TOO_LARGE.status()
              : ErrorCode.MALFORMED_BODY.status();
      throw new ApiException(
          new ErrorCode(refused.reason().code(), status),
          Objects.requireNonNull(refused.getMessage()));
    }
  }

  /// Parsers close what they read from, and what is left of the body could not be read any more.
  private static final class Unclosable extends FilterInputStream {

    Unclosable(InputStream body) {
      super(body);
    }

    @Override
    public void close() {
      // Whoever owns the request closes its body.
    }
  }

  /// Reads what is left of a body that nobody needs.
  void discard(InputStream body) throws IOException {
    body.transferTo(OutputStream.nullOutputStream());
  }
}
