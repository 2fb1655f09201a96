package dev.slipway.common.error;

import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.ext.ParamConverter;
import jakarta.ws.rs.ext.ParamConverterProvider;
import jakarta.ws.rs.ext.Provider;
import java.lang.annotation.Annotation;
import java.lang.reflect.Type;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// Booleans and whole numbers of a query are what they say, or are refused by name.
///
/// The framework takes every boolean that it does not know for false, so that `?dryRun=1` would do
/// what it was to only tell, and answers a number that is none with "no such path".
@Provider
public final class QueryParameters implements ParamConverterProvider {

  @Override
  @SuppressWarnings("unchecked") // the converter is of the type that was asked for
  public <T> @Nullable ParamConverter<T> getConverter(
      Class<T> type, @Nullable Type generic, Annotation @Nullable [] annotations) {
    String name = nameOf(annotations);
    if (name == null) {
      return null;
    }
    if (type == boolean.class || type == Boolean.class) {
      return (ParamConverter<T>) new Strict<>(name, "must be true or false", QueryParameters::bool);
    }
    if (type == int.class || type == Integer.class) {
      return (ParamConverter<T>) new Strict<>(name, "must be a whole number", Integer::valueOf);
    }
    if (type == long.class || type == Long.class) {
      return (ParamConverter<T>) new Strict<>(name, "must be a whole number", Long::valueOf);
    }
    return null;
  }

  private static @Nullable String nameOf(Annotation @Nullable [] annotations) {
    if (annotations != null) {
      for (Annotation annotation : annotations) {
        if (annotation instanceof QueryParam parameter) {
          return parameter.value();
        }
      }
    }
    return null;
  }

  private static Boolean bool(String text) {
    return switch (text) {
      case "true" -> true;
      case "false" -> false;
      default -> throw new IllegalArgumentException("neither true nor false");
    };
  }

  private record Strict<T>(String name, String rule, Function<String, T> reading)
      implements ParamConverter<T> {

    @Override
    public @Nullable T fromString(@Nullable String text) {
      if (text == null) {
        return null;
      }
      try {
        return reading.apply(text);
      } catch (IllegalArgumentException refused) {
        throw ApiException.of(ErrorCode.INVALID_REQUEST, name + ' ' + rule)
            .field(name, rule)
            .build();
      }
    }

    @Override
    public String toString(T value) {
      return String.valueOf(value);
    }
  }
}
