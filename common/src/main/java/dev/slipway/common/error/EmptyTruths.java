package dev.slipway.common.error;

import jakarta.annotation.Priority;
import jakarta.inject.Singleton;
import jakarta.ws.rs.Priorities;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.container.ResourceInfo;
import java.lang.reflect.Method;
import java.lang.reflect.Parameter;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.jboss.resteasy.reactive.server.ServerRequestFilter;

/// A boolean of a query that says nothing is refused by name, as one that says something else is:
/// see [QueryParameters]. The framework takes what is empty for absent before it asks that one, so
/// that `?dryRun=` would do what it was to only tell. Empty numbers and texts are absent.
@Singleton
class EmptyTruths {

  private static final String RULE = "must be true or false";

  private final Map<Method, List<String>> truths = new ConcurrentHashMap<>();

  @ServerRequestFilter
  @Priority(Priorities.AUTHENTICATION + 3)
  void check(ContainerRequestContext request, ResourceInfo resource) {
    for (String name : truths.computeIfAbsent(resource.getResourceMethod(), EmptyTruths::of)) {
      List<String> given = request.getUriInfo().getQueryParameters().get(name);
      if (given != null && given.contains("")) {
        throw ApiException.of(ErrorCode.INVALID_REQUEST, name + ' ' + RULE)
            .field(name, RULE)
            .build();
      }
    }
  }

  private static List<String> of(Method method) {
    return Stream.of(method.getParameters())
        .filter(it -> it.getType() == boolean.class || it.getType() == Boolean.class)
        .map(Parameter::getAnnotations)
        .flatMap(Stream::of)
        .flatMap(it -> it instanceof QueryParam query ? Stream.of(query.value()) : Stream.empty())
        .toList();
  }
}
