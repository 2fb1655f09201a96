package dev.slipway.common.error;

import jakarta.annotation.Priority;
import jakarta.inject.Singleton;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.NotSupportedException;
import jakarta.ws.rs.Priorities;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.container.ResourceInfo;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.MediaType;
import org.jboss.resteasy.reactive.server.ServerRequestFilter;

/// Bodies are JSON, whether a resource has them read or reads them itself. One that says it is
/// something else is not taken for JSON; where there is none, its type does not matter. A resource
/// that takes something else says so with `@Consumes`, and the framework sees to it.
@Singleton
class BodyTypes {

  @ServerRequestFilter
  @Priority(Priorities.AUTHENTICATION + 2)
  void check(ContainerRequestContext request, ResourceInfo resource) {
    String named = request.getHeaderString(HttpHeaders.CONTENT_TYPE);
    if (named != null && hasBody(request) && !isJson(named) && !says(resource)) {
      throw new NotSupportedException();
    }
  }

  private static boolean says(ResourceInfo resource) {
    return resource.getResourceMethod().isAnnotationPresent(Consumes.class)
        || resource.getResourceClass().isAnnotationPresent(Consumes.class);
  }

  private static boolean hasBody(ContainerRequestContext request) {
    String length = request.getHeaderString(HttpHeaders.CONTENT_LENGTH);
    return length == null
        ? request.getHeaderString("Transfer-Encoding") != null
        : !length.strip().equals("0");
  }

  private static boolean isJson(String named) {
    try {
      MediaType type = MediaType.valueOf(named);
      return type.isCompatible(MediaType.APPLICATION_JSON_TYPE)
          || type.getSubtype().endsWith("+json");
    } catch (IllegalArgumentException noType) {
      return false;
    }
  }
}
