package dev.slipway.deploy.configuration;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonPointer;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.filter.FilteringParserDelegate;
import com.fasterxml.jackson.core.filter.JsonPointerBasedFilter;
import com.fasterxml.jackson.core.filter.TokenFilter.Inclusion;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.slipway.common.operation.DriverFailure;
import dev.slipway.deploy.domain.Manifest.PackageManager;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// `package.json` of a version, its lock file, and what was installed from them.
final class NodePackage {

  static final String SDK = "@dbos-inc/dbos-sdk";
  private static final String OTEL = "@dbos-inc/otel";

  private static final JsonFactory DOCUMENTS =
      JsonFactory.builder().disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES).build();

  /// A tree takes many times the memory of its text.
  private static final ObjectMapper JSON =
      new ObjectMapper(
          JsonFactory.builder()
              .streamReadConstraints(StreamReadConstraints.builder().maxTokenCount(100_000).build())
              .build());
  private static final List<String> DEPENDENCIES =
      List.of("dependencies", "devDependencies", "optionalDependencies", "peerDependencies");

  /// They run while packages are installed, and may read or write anything of the application, so
  /// that what was installed is not that of the lock file alone.
  private static final List<String> INSTALL_SCRIPTS =
      List.of(
          "preinstall",
          "install",
          "postinstall",
          "preprepare",
          "prepare",
          "postprepare",
          "prepublish");

  /// More than the lock file decides what is installed.
  private static final List<String> INFLUENCES =
      List.of(".npmrc", ".yarnrc", ".yarnrc.yml", "pnpm-workspace.yaml", "prisma/schema.prisma");

  private static final List<String> LOCAL_CODE = List.of("binding.gyp", ".pnpmfile.cjs");

  /// Of what wrote a `yarn.lock`; the first Yarn wrote nothing like it.
  private static final Pattern BERRY = Pattern.compile("(?m)^__metadata:");

  private static final Pattern NUMBER = Pattern.compile("(\\d{1,4})(?:\\.(\\d{1,4}))?");
  private static final Pattern EXACT =
      Pattern.compile("\\d{1,4}\\.\\d{1,4}\\.[0-9A-Za-z.+-]{1,60}");

  private final VersionFiles files;
  private final JsonNode content;
  private final PackageManager packages;
  private final @Nullable String lock;

  private NodePackage(
      VersionFiles files, JsonNode content, PackageManager packages, @Nullable String lock) {
    this.files = files;
    this.content = content;
    this.packages = packages;
    this.lock = lock;
  }

  static NodePackage read(VersionFiles files) throws DriverFailure {
    String text =
        files
            .read("package.json")
            .orElseThrow(
                () ->
                    Refusal.because(
                        "package.json is missing: an application in Node.js needs one"));
    JsonNode content = json(text);
    if (content == null || !content.isObject()) {
      throw Refusal.because("package.json is not a JSON object");
    }
    for (Lock lock : Lock.ALL) {
      Optional<String> found = files.read(lock.file());
      if (found.isPresent()) {
        PackageManager packages =
            lock.packages() == PackageManager.YARN && BERRY.matcher(found.get()).find()
                ? PackageManager.YARN_BERRY
                : lock.packages();
        return new NodePackage(files, content, packages, found.get());
      }
    }
    return new NodePackage(files, content, PackageManager.NPM, null);
  }

  PackageManager packages() {
    return packages;
  }

  Optional<String> script(String name) throws DriverFailure {
    JsonNode script = content.path("scripts").path(name);
    if (script.isMissingNode() || script.isNull()) {
      return Optional.empty();
    }
    if (!script.isTextual() || script.asText().indexOf('\0') >= 0) {
      throw Refusal.because("package.json has a script %s that is not text".formatted(name));
    }
    return Optional.of(script.asText()).filter(text -> !text.isBlank());
  }

  /// The SDK's version: the one that is installed, or else the one that will be.
  @Nullable String sdk() throws DriverFailure {
    return version(SDK);
  }

  /// Whether the SDK's telemetry is installed or will be.
  boolean telemetry() throws DriverFailure {
    return version(OTEL) != null;
  }

  private @Nullable String version(String name) throws DriverFailure {
    Optional<String> installed = files.read("node_modules/" + name + "/package.json");
    if (installed.isPresent()) {
      JsonNode there = json(installed.get());
      String version = there == null ? "" : there.path("version").asText();
      return EXACT.matcher(version).matches() ? version : null;
    }
    String declared = declared(name);
    if (declared == null) {
      return null;
    }
    String locked = locked(name);
    return locked == null ? lowest(declared) : locked;
  }

  private @Nullable String declared(String name) {
    for (String kind : DEPENDENCIES) {
      JsonNode range = content.path(kind).path(name);
      if (range.isTextual()) {
        return range.asText();
      }
    }
    return null;
  }

  private @Nullable String locked(String name) {
    String text = lock;
    if (text == null) {
      return null;
    }
    String found =
        switch (packages) {
          case NPM_LOCKED -> {
            String version = text(text, "packages", "node_modules/" + name, "version");
            yield version.isEmpty() ? text(text, "dependencies", name, "version") : version;
          }
          case YARN, YARN_BERRY -> after(text, name + "@", "version");
          case PNPM -> after(text, name + "@", "");
          case NPM, PIP, DOCKERFILE -> "";
        };
    return EXACT.matcher(found).matches() ? found : null;
  }

  /// What stands at a path of a document that may be too large to be held as a tree; empty where
  /// there is no such text.
  private static String text(String json, String... path) {
    JsonPointer pointer = JsonPointer.empty();
    for (String name : path) {
      pointer = pointer.appendProperty(name);
    }
    try (JsonParser found =
        new FilteringParserDelegate(
            DOCUMENTS.createParser(json),
            new JsonPointerBasedFilter(pointer),
            Inclusion.ONLY_INCLUDE_ALL,
            false)) {
      return found.nextToken() == JsonToken.VALUE_STRING ? found.getText() : "";
    } catch (IOException malformed) {
      return "";
    }
  }

  /// The first version that stands behind a mark and a word on one of the next lines.
  private static String after(String text, String mark, String word) {
    for (int at = text.indexOf(mark); at >= 0; at = text.indexOf(mark, at + 1)) {
      int from = at + mark.length();
      if (!word.isEmpty()) {
        int next = text.indexOf('\n' + "  " + word, from);
        if (next < 0 || text.substring(from, next).contains("\n\n")) {
          continue;
        }
        from = next + 3 + word.length();
      }
      Matcher version =
          Pattern.compile("[\\s:\"']{0,4}(\\d[0-9A-Za-z.+-]{0,60})")
              .matcher(text)
              .region(from, text.length());
      if (version.lookingAt()) {
        return version.group(1);
      }
    }
    return "";
  }

  /// The lowest version that a range allows, near enough until one is installed.
  private static @Nullable String lowest(String range) {
    Matcher number = NUMBER.matcher(range);
    if (!number.find()) {
      return null;
    }
    String minor = number.group(2);
    return number.group(1) + '.' + (minor == null ? "0" : minor) + ".0";
  }

  /// Names what will be installed, where it follows from files alone and may be shared by versions
  /// of whatever content.
  @Nullable String tree(String platform) throws DriverFailure {
    String locked = lock;
    if (locked == null || content.has("workspaces") || runsOwnCode() || refersToOwnFiles()) {
      return null;
    }
    List<String> parts = new ArrayList<>(List.of(platform, packages.name(), locked));
    for (String influence : INFLUENCES) {
      parts.add(files.read(influence).orElse(""));
    }
    for (String part :
        List.of("packageManager", "overrides", "resolutions", "pnpm", "engines", "allowScripts")) {
      parts.add(content.path(part).toString());
    }
    for (String kind : DEPENDENCIES) {
      parts.add(content.path(kind).toString());
    }
    return digest(parts);
  }

  private boolean runsOwnCode() throws DriverFailure {
    for (String file : LOCAL_CODE) {
      if (files.read(file).isPresent()) {
        return true;
      }
    }
    return INSTALL_SCRIPTS.stream().anyMatch(content.path("scripts")::has);
  }

  private boolean refersToOwnFiles() {
    for (String kind : DEPENDENCIES) {
      for (JsonNode range : content.path(kind)) {
        String text = range.asText();
        if (text.matches("(?s)(file|link|portal|workspace|patch):.*|[./~].*")) {
          return true;
        }
      }
    }
    return false;
  }

  private static String digest(List<String> parts) {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      for (String part : parts) {
        byte[] bytes = part.getBytes(StandardCharsets.UTF_8);
        // With its length before it, no part can pass for the end of another.
        digest.update((bytes.length + ":").getBytes(StandardCharsets.UTF_8));
        digest.update(bytes);
      }
      return HexFormat.of().formatHex(digest.digest());
    } catch (NoSuchAlgorithmException impossible) {
      throw new IllegalStateException("every JDK has SHA-256", impossible);
    }
  }

  /// Whether any package is for development only. Of a workspace the members have packages too.
  boolean development() {
    return !content.path("devDependencies").isEmpty() || content.has("workspaces");
  }

  private static @Nullable JsonNode json(String text) {
    try {
      return JSON.readTree(text);
    } catch (JsonProcessingException malformed) {
      return null;
    }
  }

  /// A lock file, and what it is the lock file of.
  private record Lock(String file, PackageManager packages) {

    /// In the order in which they count.
    static final List<Lock> ALL =
        List.of(
            new Lock("npm-shrinkwrap.json", PackageManager.NPM_LOCKED),
            new Lock("package-lock.json", PackageManager.NPM_LOCKED),
            new Lock("pnpm-lock.yaml", PackageManager.PNPM),
            new Lock("yarn.lock", PackageManager.YARN));
  }
}
