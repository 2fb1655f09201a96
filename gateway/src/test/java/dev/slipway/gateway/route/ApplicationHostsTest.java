package dev.slipway.gateway.route;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ApplicationHostsTest {

  @ParameterizedTest
  @CsvSource({
    "my_org-shop_1.localhost, my_org-shop_1",
    "demo-my-shop.localhost:8443, demo-my-shop",
    "DEMO-Shop.LOCALHOST, demo-shop",
    "demo-shop.localhost., demo-shop",
    "localhost, ",
    "localhost:8443, ",
    "127.0.0.1:8443, ",
    "[::1]:8443, ",
    "demo.localhost, ",
    "-shop.localhost, ",
    "a.demo-shop.localhost, ",
    "demo-shop.localhost.example.org, ",
    "demo-shoplocalhost, ",
    "demo-shop.localhost:port, ",
    "dbos-inc.us.auth0.com, "
  })
  void anApplicationsHostIsOneLabelBeforeTheDomain(String authority, String label) {
    assertThat(new ApplicationHosts("localhost").label(authority).orElse(null)).isEqualTo(label);
  }
}
