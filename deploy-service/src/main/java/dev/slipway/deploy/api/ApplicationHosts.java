package dev.slipway.deploy.api;

import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.net.URI;
import org.eclipse.microprofile.config.inject.ConfigProperty;

/// Where the gateway serves applications: `https://{organization}-{application}.{host}:{port}/`.
///
/// Names may contain `_`, so these are texts, and no URIs.
@ApplicationScoped
public class ApplicationHosts {

  private final URI platform;

  @Inject
  ApplicationHosts(@ConfigProperty(name = "slipway.public.url") URI platform) {
    if (platform.getScheme() == null || platform.getHost() == null) {
      throw new IllegalArgumentException(
          "slipway.public.url has to be like https://localhost:8443");
    }
    this.platform = platform;
  }

  String url(String organizationName, String application) {
    String port = platform.getPort() < 0 ? "" : ":" + platform.getPort();
    return "%s://%s-%s.%s%s/"
        .formatted(platform.getScheme(), organizationName, application, platform.getHost(), port);
  }
}
