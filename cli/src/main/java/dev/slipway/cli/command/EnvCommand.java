package dev.slipway.cli.command;

import dev.slipway.cli.api.PlatformAddress;
import dev.slipway.cli.console.Json;
import dev.slipway.cli.console.Output;
import dev.slipway.cli.console.Surroundings;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/// Prints what the official command needs to know.
@Command(
    name = "env",
    description = "Print the environment that points the official dbos-cloud command here.",
    footer = {
      "",
      "It is about the platform of SLIPWAY_HOME, whatever DBOS_DOMAIN says.",
      "What NODE_EXTRA_CA_CERTS trusts already it trusts afterwards, too: it then names a file with both.",
      "",
      "Example:",
      "  eval \"$(slipway env)\"",
      "  npx @dbos-inc/dbos-cloud db list"
    })
final class EnvCommand implements Callable<Integer> {

  private static final String TRUSTED = "NODE_EXTRA_CA_CERTS";

  @Mixin private OutputOptions options = new OutputOptions();

  private final Surroundings surroundings;
  private final Output output;

  EnvCommand(Surroundings given) {
    // What was evaluated before may be of another platform, or of this one at another port.
    this.surroundings = given.without("DBOS_DOMAIN");
    this.output = new Output(surroundings);
  }

  @Override
  public Integer call() throws IOException {
    PlatformAddress address = PlatformAddress.of(surroundings);
    Map<String, String> variables = new LinkedHashMap<>();
    variables.put("DBOS_DOMAIN", address.domain());
    Optional<Path> authority = address.authority();
    if (authority.isPresent()) {
      variables.put(TRUSTED, trusted(authority.get()).toString());
    }
    if (options.json) {
      var json = Json.object();
      variables.forEach(json::put);
      output.json(json);
    } else {
      variables.forEach((name, value) -> output.line("export " + name + "=" + quoted(value)));
    }
    return 0;
  }

  /// The platform's authority, with whatever the variable names already, which may be what this
  /// machine's network is reached with.
  private Path trusted(Path authority) throws IOException {
    Optional<Path> theirs =
        surroundings.variable(TRUSTED).map(file -> surroundings.directory().resolve(file));
    if (theirs.isEmpty()
        || !Files.isReadable(theirs.get())
        || !Files.isReadable(authority)
        || Files.isSameFile(theirs.get(), authority)) {
      return authority;
    }
    String ours = Files.readString(authority).strip();
    String others = Files.readString(theirs.get(), StandardCharsets.ISO_8859_1).strip();
    if (others.contains(ours)) {
      return theirs.get();
    }
    byte[] both = (ours + '\n' + others + '\n').getBytes(StandardCharsets.ISO_8859_1);
    // Another shell may trust something else.
    Path file = authority.resolveSibling("trusted-%s.pem".formatted(digest(both)));
    if (!Files.exists(file)) {
      try {
        Path fresh = Files.createTempFile(authority.resolveSibling("."), "trusted-", ".new");
        Files.write(fresh, both);
        Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE);
      } catch (AccessDeniedException notTheirs) {
        // Somebody else's platform; nobody else's folder is as safe a place for what is trusted.
        output.note(
            "%s is not kept: %s cannot be written".formatted(theirs.get(), file.getParent()));
        return authority;
      }
    }
    return file;
  }

  private static String digest(byte[] content) {
    try {
      byte[] digest = MessageDigest.getInstance("SHA-256").digest(content);
      return HexFormat.of().formatHex(digest, 0, 6);
    } catch (NoSuchAlgorithmException impossible) {
      throw new IllegalStateException("every JDK has SHA-256", impossible);
    }
  }

  /// Plain where it is plain, in single quotes otherwise, whatever is in it.
  static String quoted(String value) {
    return value.matches("[A-Za-z0-9_./:@%+=-]+") ? value : "'" + value.replace("'", "'\\''") + "'";
  }
}
