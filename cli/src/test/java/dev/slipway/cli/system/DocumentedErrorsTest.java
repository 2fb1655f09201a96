package dev.slipway.cli.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/// `docs/errors.md` has every code that the services answer with, and no other.
final class DocumentedErrorsTest {

  private static final Path ROOT = Path.of("..");
  private static final Pattern CODE =
      Pattern.compile("new ErrorCode\\(\"([a-z-]+)\",\\s*(\\d+)\\)");
  private static final Pattern ROW = Pattern.compile("(?m)^\\| `([a-z-]+)` \\| (\\d+) \\|");

  @Test
  void everyCodeIsDocumented() throws IOException {
    SortedSet<String> answered = new TreeSet<>();
    for (String module :
        new String[] {
          "common", "account-service", "instance-service", "deploy-service", "gateway"
        }) {
      try (Stream<Path> files = Files.walk(ROOT.resolve(module).resolve("src/main/java"))) {
        for (Path file : files.filter(path -> path.toString().endsWith(".java")).toList()) {
          answered.addAll(codes(CODE, Files.readString(file)));
        }
      }
    }

    assertThat(codes(ROW, Files.readString(ROOT.resolve("docs/errors.md"))))
        .hasSizeGreaterThan(50)
        .containsExactlyElementsOf(answered);
  }

  private static SortedSet<String> codes(Pattern pattern, String text) {
    SortedSet<String> codes = new TreeSet<>();
    Matcher matcher = pattern.matcher(text);
    while (matcher.find()) {
      codes.add(matcher.group(1) + ' ' + matcher.group(2));
    }
    return codes;
  }
}
