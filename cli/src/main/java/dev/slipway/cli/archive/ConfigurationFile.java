package dev.slipway.cli.archive;

import dev.slipway.cli.console.CommandFailure;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;
import org.yaml.snakeyaml.error.YAMLException;

/// An application's configuration as it is deployed: every `${VARIABLE}` replaced by its value on
/// this machine.
///
/// @param text     with the values in it; may hold secrets
/// @param fields   what the text says; empty when it says nothing
/// @param warnings in sentences
public record ConfigurationFile(String text, Map<String, Object> fields, List<String> warnings) {

  /// Its name in the archive, whatever it is called here.
  public static final String NAME = "dbos-config.yaml";

  private static final Pattern PLACEHOLDER = Pattern.compile("\\$\\{([^}]+)}");

  /// The platform fills these in itself, so that nobody needs to have them.
  private static final Set<String> FILLED_IN = Set.of("PGPASSWORD", "DBOS_DATABASE_URL");

  public ConfigurationFile {
    fields = Map.copyOf(fields);
    warnings = List.copyOf(warnings);
  }

  /// @param variable looks up a variable of this machine; one that is set to nothing is set
  static ConfigurationFile read(Path file, Function<String, Optional<String>> variable)
      throws IOException {
    Set<String> missing = new TreeSet<>();
    String text =
        PLACEHOLDER
            .matcher(Files.readString(file, StandardCharsets.UTF_8))
            .replaceAll(
                found -> {
                  String name = found.group(1);
                  Optional<String> value = variable.apply(name);
                  if (value.isEmpty() && !FILLED_IN.contains(name)) {
                    missing.add(name);
                  }
                  return Matcher.quoteReplacement(value.orElse(""));
                });
    List<String> warnings = new ArrayList<>();
    for (String name : missing) {
      warnings.add(
          "%s names the variable %s, which is not set here: nothing is put in its place"
              .formatted(file.getFileName(), name));
    }
    return new ConfigurationFile(text, parse(file, text), warnings);
  }

  private static Map<String, Object> parse(Path file, String text) {
    try {
      Object content = new Yaml(new SafeConstructor(new LoaderOptions())).load(text);
      Map<String, Object> fields = new java.util.HashMap<>();
      if (content instanceof Map<?, ?> map) {
        map.forEach(
            (key, value) -> {
              if (key != null && value != null) {
                fields.put(key.toString(), value);
              }
            });
      }
      return fields;
    } catch (YAMLException wrong) {
      // Its message quotes lines, which may have secrets in them by now.
      throw CommandFailure.misused("%s is not well-formed YAML".formatted(file.getFileName()))
          .next("Check it with its ${…} replaced: values with special characters need quotes.")
          .build();
    }
  }

  Optional<String> name() {
    return string("name");
  }

  String language() {
    return string("language").orElse("node");
  }

  /// The name it wants its database to have.
  Optional<String> database() {
    return fields.get("database") instanceof Map<?, ?> database
            && database.get("app_db_name") instanceof String name
            && !name.isBlank()
        ? Optional.of(name)
        : Optional.empty();
  }

  private Optional<String> string(String field) {
    return fields.get(field) instanceof String value && !value.isBlank()
        ? Optional.of(value)
        : Optional.empty();
  }

  /// Without its text, which may hold secrets.
  @Override
  public String toString() {
    return "ConfigurationFile[" + NAME + "]";
  }
}
