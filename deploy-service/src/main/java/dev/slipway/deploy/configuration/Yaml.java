package dev.slipway.deploy.configuration;

import dev.slipway.common.operation.DriverFailure;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.yaml.snakeyaml.DumperOptions;
import org.yaml.snakeyaml.DumperOptions.ScalarStyle;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.constructor.SafeConstructor;
import org.yaml.snakeyaml.error.MarkedYAMLException;
import org.yaml.snakeyaml.error.YAMLException;
import org.yaml.snakeyaml.nodes.Node;
import org.yaml.snakeyaml.nodes.Tag;
import org.yaml.snakeyaml.representer.Representer;

/// Reads and writes YAML that nobody trusts: plain values only, bounded in size, depth and
/// references.
final class Yaml {

  private static final int LARGEST = 256 * 1024;
  private static final int DEEPEST = 40;
  private static final int MOST_REFERENCES = 20;
  private static final int MOST_VALUES = 20_000;

  private Yaml() {}

  /// A mapping, without the keys that are null, in the order of the file; references are copied
  /// out.
  ///
  /// @throws DriverFailure.Permanent saying where the text is wrong
  static Map<String, Object> read(String text) throws DriverFailure {
    if (text.length() > LARGEST) {
      throw refused("is larger than %d kB".formatted(LARGEST / 1024));
    }
    var options = new LoaderOptions();
    options.setCodePointLimit(LARGEST);
    options.setNestingDepthLimit(DEEPEST);
    options.setMaxAliasesForCollections(MOST_REFERENCES);
    options.setAllowDuplicateKeys(false);
    options.setAllowRecursiveKeys(false);
    try {
      Object value = new org.yaml.snakeyaml.Yaml(new SafeConstructor(options)).load(text);
      return switch (value) {
        case null -> new LinkedHashMap<>();
        case Map<?, ?> map -> new Copy().map(map, 0);
        default -> throw refused("must be a mapping of keys to values");
      };
    } catch (MarkedYAMLException malformed) {
      throw refused(
          malformed.getProblemMark() == null
              ? "is not YAML"
              : "is not YAML: see line %d".formatted(malformed.getProblemMark().getLine() + 1));
    } catch (YAMLException | IllegalArgumentException | ClassCastException malformed) {
      throw refused("is not YAML, or too deeply nested or referenced");
    }
  }

  /// Text in quotes, numbers as numbers; equal values give equal text.
  static String write(Map<String, Object> value) {
    var options = new DumperOptions();
    options.setDefaultFlowStyle(DumperOptions.FlowStyle.BLOCK);
    options.setSplitLines(false);
    options.setWidth(10_000);
    return new org.yaml.snakeyaml.Yaml(new Quoting(options), options).dump(value);
  }

  static DriverFailure.Permanent refused(String problem) {
    return Refusal.because(ManifestReader.CONFIGURATION + ' ' + problem);
  }

  /// Keys as they are when they are plain words, all other text in quotes: what looks like a
  /// number, a date or null to one parser is text to another.
  private static final class Quoting extends Representer {

    Quoting(DumperOptions options) {
      super(options);
    }

    @Override
    protected Node representScalar(Tag tag, String value, ScalarStyle style) {
      boolean text = Tag.STR.equals(tag);
      return super.representScalar(
          tag, value, text && !value.isEmpty() && plain(value) ? style : quotes(text, style));
    }

    private static ScalarStyle quotes(boolean text, ScalarStyle style) {
      return text ? ScalarStyle.DOUBLE_QUOTED : style;
    }

    /// Known keys of the SDK's file, and values like them, which no parser takes for anything else.
    private static boolean plain(String value) {
      return value.matches("[A-Za-z][A-Za-z_]{3,40}")
          && !value.matches("(?i)true|false|null|none|yes|no|off|on");
    }
  }

  /// Copies a tree value by value, so that what was one thing referred to from many places becomes
  /// many, and counts them.
  private static final class Copy {

    private int values;

    Map<String, Object> map(Map<?, ?> map, int depth) throws DriverFailure {
      Map<String, Object> copy = new LinkedHashMap<>();
      for (Map.Entry<?, ?> entry : map.entrySet()) {
        Object value = value(entry.getValue(), depth);
        if (value != null) {
          copy.put(String.valueOf(entry.getKey()), value);
        }
      }
      return copy;
    }

    private @Nullable Object value(@Nullable Object value, int depth) throws DriverFailure {
      if (++values > MOST_VALUES || depth > DEEPEST) {
        throw refused("has too many values, or too deeply nested ones");
      }
      return switch (value) {
        case null -> null;
        case Map<?, ?> map -> map(map, depth + 1);
        case Iterable<?> list -> {
          List<Object> copy = new ArrayList<>();
          for (Object element : list) {
            Object copied = value(element, depth + 1);
            if (copied != null) {
              copy.add(copied);
            }
          }
          yield copy;
        }
        case String text -> text;
        case Boolean truth -> truth;
        case Number number -> number;
        case java.util.Date date -> date.toInstant().toString();
        default -> throw refused("has a value that is neither text nor number");
      };
    }
  }
}
