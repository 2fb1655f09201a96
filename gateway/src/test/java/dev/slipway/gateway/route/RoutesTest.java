package dev.slipway.gateway.route;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.slipway.gateway.exchange.Refusal;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RoutesTest {

  /// `open` and `sign-in` ask nobody; `self` asks without an organization, the others with `demo`.
  /// An asterisk marks what may take its time.
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          GET    | /health                                              | health
          HEAD   | /health                                              | health
          POST   | /health                                              | 405 GET, HEAD
          POST   | /oauth/token                                         | account sign-in
          GET    | /oauth/token                                         | 405 POST
          PUT    | /oauth/token                                         | 405 POST
          POST   | /oauth/device/code                                   | account open
          POST   | /oauth/revoke                                        | account open
          GET    | /oauth/revoke                                        | account open
          DELETE | /oauth/revoke                                        | 405 GET, HEAD, POST
          GET    | /oauth                                               | 404
          GET    | /oauth/                                              | 404
          GET    | /oauth2/token                                        | 404
          GET    | /.well-known/jwks.json                               | account open
          HEAD   | /.well-known/jwks.json                               | account open
          GET    | /.well-known/openid-configuration                    | account open
          POST   | /.well-known/jwks.json                               | 405 GET, HEAD
          GET    | /.well-known                                         | 404
          GET    | /activate                                            | account open
          GET    | /activate?user_code=ABCD-EFGH                        | account open
          POST   | /activate                                            | account sign-in
          GET    | /activate/style.css                                  | account open
          POST   | /activate/confirm                                    | account sign-in
          PUT    | /activate                                            | 405 GET, HEAD, POST
          GET    | /activated                                           | 404
          POST   | /v1alpha1/sign-up                                    | account sign-in
          GET    | /v1alpha1/sign-up                                    | 405 POST
          DELETE | /v1alpha1/sign-up/demo                               | 404
          GET    | /v1alpha1/user                                       | account self
          PUT    | /v1alpha1/user                                       | account self *
          POST   | /v1alpha1/user                                       | 405 GET, HEAD, PUT
          PATCH  | /v1alpha1/user                                       | 405 GET, HEAD, PUT
          DELETE | /v1alpha1/user                                       | 405 GET, HEAD, PUT
          GET    | /v1alpha1/user/profile                               | account self
          HEAD   | /v1alpha1/user/profile                               | account self
          GET    | /v1alpha1/user/profile?a=b                           | account self
          PUT    | /v1alpha1/user/profile                               | 405 GET, HEAD
          DELETE | /v1alpha1/user/profile                               | 405 GET, HEAD
          DELETE | /v1alpha1/user/databases                             | 404
          GET    | /v1alpha1/user/databases                             | 404
          GET    | /v1alpha1/user/                                      | 404
          GET    | /v1alpha1/user/profile/                              | 404
          GET    | /v1alpha1/user/profile/more                          | 404
          PATCH  | /v1alpha1/demo                                       | account demo *
          GET    | /v1alpha1/demo                                       | 404
          HEAD   | /v1alpha1/demo                                       | 404
          PUT    | /v1alpha1/demo                                       | 405 PATCH
          DELETE | /v1alpha1/demo                                       | 405 PATCH
          PATCH  | /v1alpha1/demo/                                      | 404
          GET    | /v1alpha1/demo/secret                                | account demo
          HEAD   | /v1alpha1/demo/secret                                | 405 GET
          POST   | /v1alpha1/demo/secret                                | 405 GET
          DELETE | /v1alpha1/demo/secret                                | 405 GET
          GET    | /v1alpha1/demo/users                                 | account demo
          POST   | /v1alpha1/demo/users                                 | 405 GET, HEAD
          DELETE | /v1alpha1/demo/users                                 | 405 GET, HEAD
          GET    | /v1alpha1/demo/events                                | account demo ~
          GET    | /v1alpha1/demo/events?after=7&kind=app.deploy        | account demo ~
          POST   | /v1alpha1/demo/events                                | 405 GET, HEAD
          DELETE | /v1alpha1/demo/events                                | 405 GET, HEAD
          GET    | /v1alpha1/demo/events/1                              | 404
          POST   | /v1alpha1/demo/join                                  | account demo *
          GET    | /v1alpha1/demo/join                                  | 405 POST
          DELETE | /v1alpha1/demo/join                                  | 405 POST
          DELETE | /v1alpha1/demo/jane                                  | account demo *
          DELETE | /v1alpha1/demo/jane_2                                | account demo *
          GET    | /v1alpha1/demo/jane                                  | 404
          POST   | /v1alpha1/demo/jane                                  | 405 DELETE
          DELETE | /v1alpha1/demo/jane/                                 | 404
          DELETE | /v1alpha1/demo/jane/more                             | 404
          GET    | /v1alpha1/demo/databases                             | instance demo
          HEAD   | /v1alpha1/demo/databases                             | instance demo
          DELETE | /v1alpha1/demo/databases                             | instance demo *
          OPTIONS| /v1alpha1/demo/databases                             | 405 DELETE, GET, HEAD, PATCH, POST, PUT
          TRACE  | /v1alpha1/demo/databases                             | 405 DELETE, GET, HEAD, PATCH, POST, PUT
          CONNECT| /v1alpha1/demo/databases                             | 405 DELETE, GET, HEAD, PATCH, POST, PUT
          BREW   | /v1alpha1/demo/databases                             | 405 DELETE, GET, HEAD, PATCH, POST, PUT
          get    | /v1alpha1/demo/databases                             | 405 DELETE, GET, HEAD, PATCH, POST, PUT
          GET    | /v1alpha1/demo/databases/                            | 404
          POST   | /v1alpha1/demo/databases/userdb                      | instance demo *
          GET    | /v1alpha1/demo/databases/userdb                      | instance demo
          GET    | /v1alpha1/demo/databases/userdb/info/main            | instance demo
          GET    | /v1alpha1/demo/databases/userdb/info/main?wait=20    | instance demo *
          GET    | /v1alpha1/demo/databases/userdb/info/main?wait       | instance demo *
          GET    | /v1alpha1/demo/databases/userdb/info/main?waiter=2   | instance demo
          GET    | /v1alpha1/demo/databases/userdb/info/main?a=wait     | instance demo
          GET    | /v1alpha1/demo/databases/userdb/info/main?w%61it=20  | instance demo *
          GET    | /v1alpha1/demo/databases/userdb/info/main?a=b;wait=2 | instance demo *
          GET    | /v1alpha1/demo/databases/userdb/info/                | 404
          GET    | /v1alpha1/demo/databases/userdb/info/my%20db         | instance demo
          GET    | /v1alpha1/demo/databases/userdb/info/demo-db-server  | instance demo
          DELETE | /v1alpha1/demo/databases/userdb/main                 | instance demo *
          POST   | /v1alpha1/demo/databases/userdb/main/credentials     | instance demo *
          GET    | /v1alpha1/demo/databases/userdb/main/credentials     | instance demo
          POST   | /v1alpha1/demo/databases/userdb/main/restore         | instance demo *
          POST   | /v1alpha1/demo/databases/userdb/main/createuserdbrole| instance demo *
          POST   | /v1alpha1/demo/databases/byod                        | instance demo *
          DELETE | /v1alpha1/demo/databases/byod/main                   | instance demo *
          PUT    | /v1alpha1/demo/databases/userdb/main                 | instance demo *
          PATCH  | /v1alpha1/demo/databases/userdb/main                 | instance demo *
          GET    | /v1alpha1/demo/databasesx                            | 404
          DELETE | /v1alpha1/demo/databasesx                            | account demo *
          GET    | /v1alpha1/demo/Databases                             | 404
          GET    | /v1alpha1/demo/operations                            | operations demo
          HEAD   | /v1alpha1/demo/operations                            | operations demo
          GET    | /v1alpha1/demo/operations?subject=a&active=true      | operations demo
          POST   | /v1alpha1/demo/operations                            | 405 GET, HEAD
          DELETE | /v1alpha1/demo/operations                            | 405 GET, HEAD
          GET    | /v1alpha1/demo/operations/                           | 404
          GET    | /v1alpha1/demo/operations/iop_1                      | instance demo
          GET    | /v1alpha1/demo/operations/iop_1?wait=30&version=4    | instance demo *
          GET    | /v1alpha1/demo/operations/iop_1?version=4&wait=30    | instance demo *
          GET    | /v1alpha1/demo/operations/aop_1                      | account demo
          GET    | /v1alpha1/demo/operations/dop_1                      | deploy demo
          GET    | /v1alpha1/demo/operations/xop_1                      | 404
          GET    | /v1alpha1/demo/operations/iop                        | 404
          GET    | /v1alpha1/demo/operations/1                          | 404
          POST   | /v1alpha1/demo/operations/iop_1                      | 405 GET, HEAD
          DELETE | /v1alpha1/demo/operations/iop_1                      | 405 GET, HEAD
          POST   | /v1alpha1/demo/operations/iop_1/cancel               | instance demo *
          POST   | /v1alpha1/demo/operations/aop_1/cancel               | account demo *
          POST   | /v1alpha1/demo/operations/iop_1/retry                | instance demo *
          POST   | /v1alpha1/demo/operations/xop_1/retry                | 404
          GET    | /v1alpha1/demo/operations/iop_1/cancel               | 405 POST
          GET    | /v1alpha1/demo/operations/iop_1/events               | 404
          POST   | /v1alpha1/demo/operations/dop_1/cancel               | deploy demo *
          GET    | /v1alpha1/demo/applications                          | deploy demo
          HEAD   | /v1alpha1/demo/applications                          | deploy demo
          GET    | /v1alpha1/demo/applications?wait=20                  | deploy demo *
          PUT    | /v1alpha1/demo/applications                          | deploy demo *
          POST   | /v1alpha1/demo/applications                          | 405 GET, HEAD, PUT
          DELETE | /v1alpha1/demo/applications                          | 405 GET, HEAD, PUT
          GET    | /v1alpha1/demo/applications/                         | 404
          GET    | /v1alpha1/demo/applications/shop                     | deploy demo
          PATCH  | /v1alpha1/demo/applications/shop                     | deploy demo *
          DELETE | /v1alpha1/demo/applications/shop                     | deploy demo *
          PUT    | /v1alpha1/demo/applications/shop                     | 405 DELETE, GET, HEAD, PATCH, POST
          POST   | /v1alpha1/demo/applications/shop                     | archive demo
          POST   | /v1alpha1/demo/applications/shop/changedbinstance    | archive demo
          GET    | /v1alpha1/demo/applications/shop/changedbinstance    | 405 POST
          POST   | /v1alpha1/demo/applications/shop/rollback            | archive demo
          POST   | /v1alpha1/demo/applications/shop/                    | 404
          GET    | /v1alpha1/demo/applications/shop/versions            | deploy demo
          POST   | /v1alpha1/demo/applications/secrets                  | deploy demo *
          GET    | /v1alpha1/demo/applications/secrets                  | 405 POST
          GET    | /v1alpha1/demo/applications/shop/secrets             | deploy demo
          DELETE | /v1alpha1/demo/applications/shop/secrets/KEY         | deploy demo *
          POST   | /v1alpha1/demo/applications/shop/workflows           | deploy demo *
          GET    | /v1alpha1/demo/logs/applications/shop?last=0         | deploy demo
          GET    | /v1alpha1/demo/logs/applications/shop?wait=5         | deploy demo *
          GET    | /v1alpha1/demo/logs/applications                     | 404
          POST   | /v1alpha1/demo/logs/applications/shop                | 405 GET, HEAD
          GET    | /v1alpha1/demo/dashboard                             | deploy demo
          PUT    | /v1alpha1/demo/dashboard                             | deploy demo *
          DELETE | /v1alpha1/demo/dashboard                             | deploy demo *
          POST   | /appsadmin/demo/applications/shop/workflows/w/cancel | deploy demo *
          GET    | /appsadmin/demo/applications/shop/workflows          | deploy demo
          POST   | /appsadmin/demo                                      | 404
          GET    | /v1alpha1/demo/operations/iop_1/other                | 404
          GET    | /v1alpha1/demo/operations/iop_1/cancel/more          | 404
          GET    | /                                                    | 404
          GET    | /v1alpha1                                            | 404
          GET    | /v1alpha1/                                           | 404
          GET    | /v1alpha2/demo/databases                             | 404
          GET    | /V1ALPHA1/demo/databases                             | 404
          GET    | /demo/databases                                      | 404
          POST   | /internal/authorize                                  | 404
          GET    | /q/health                                            | 404
          GET    | /q/metrics                                           | 404
          GET    | /metrics                                             | 404
          GET    | https://localhost:8443/v1alpha1/demo/databases       | instance demo
          GET    | HTTP://localhost/v1alpha1/demo/databases             | instance demo
          GET    | https://localhost                                    | 404
          """)
  void everyMethodAndPathHasOneDestination(String method, String uri, String expected) {
    assertThat(described(Routes.find(method, RequestTarget.parse(uri)))).isEqualTo(expected);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "*",
        "v1alpha1/demo",
        "localhost:443",
        "ftp://localhost/health",
        "//health",
        "/v1alpha1//databases",
        "/v1alpha1/demo//databases",
        "/./health",
        "/../health",
        "/v1alpha1/demo/..",
        "/v1alpha1/demo/../other/databases",
        "/v1alpha1/demo/./databases",
        "/v1alpha1/%2e%2e/databases",
        "/v1alpha1/%2E./databases",
        "/v1alpha1/.%2e/databases",
        "/v1alpha1/demo%2fdatabases",
        "/v1alpha1/demo%2Fdatabases",
        "/v1alpha1/demo/databases%2f..%2f..",
        "/v1alpha1/demo\\databases",
        "/v1alpha1/demo%5cdatabases",
        "/v1alpha1/demo%5Cdatabases",
        "/v1alpha1/demo/databases%00",
        "/v1alpha1/demo/databases%00.json",
        "/v1alpha1/demo/databases%0d%0aX:1",
        "/v1alpha1/demo/databases%1f",
        "/v1alpha1/demo/databases%7f",
        "/v1alpha1/demo/databases%c2%85",
        "/v1alpha1/demo/databases%",
        "/v1alpha1/demo/databases%2",
        "/v1alpha1/demo/databases%zz",
        "/v1alpha1/demo/databases%+1",
        "/v1alpha1/demo/databases%u0041",
        "/v1alpha1/demo/databases%ff",
        "/v1alpha1/demo/%c0%afdatabases",
        "/v1alpha1/demo/%c0%ae%c0%ae/databases",
        "/v1alpha1/demo/%ed%a0%80",
        "/v1alpha1/demo%252f/databases",
        "/v1alpha1/demo/%25",
        "/v1alpha1/demo;a=b/databases",
        "/v1alpha1/demo/databases;a",
        "/v1alpha1/demo%3ba=b/databases",
        "/v1alpha1/demo/data bases",
        "/v1alpha1/demo/datab\u00e4ses",
        "/v1alpha1/demo/databases\u0000",
        "/v1alpha1/demo/databases\r\nX: 1",
        "/v1alpha1/demo/databases\t",
        "/v1alpha1/demo/databases#fragment",
        "/v1alpha1/demo/databases?a=b\u00e4",
        "/v1alpha1/demo/databases?a=b\nc"
      })
  void whatCouldBeReadInTwoWaysIsRefused(String uri) {
    assertThatThrownBy(() -> RequestTarget.parse(uri))
        .isInstanceOf(Refusal.class)
        .hasMessageStartingWith("malformed-path: the path of the request ");
  }

  @ParameterizedTest
  @ValueSource(strings = {"a=%", "a=%2", "a=%zz", "%zz", "a=b&c=%f", "a=%ff", "a=%c3&b", "a=%00"})
  void aQueryThatCannotBeDecodedIsRefused(String query) {
    assertThatThrownBy(() -> RequestTarget.parse("/v1alpha1/demo/audit?" + query))
        .isInstanceOf(Refusal.class)
        .hasMessageStartingWith("malformed-path: the query of the request ");
  }

  @Test
  void parametersAreRead() {
    RequestTarget target =
        RequestTarget.parse("/v1alpha1/demo/audit?a&b=&c=1+%C3%A4&c=2&%64=%26;e=f=g");

    assertThat(target.parameter("a")).isEmpty();
    assertThat(target.parameter("b")).isEmpty();
    assertThat(target.parameter("c")).isEqualTo("1 \u00e4");
    assertThat(target.parameter("d")).isEqualTo("&");
    assertThat(target.parameter("e")).isEqualTo("f=g");
    assertThat(target.parameter("f")).isNull();
  }

  @Test
  void aPathIsForwardedAsItWasUnderstood() {
    RequestTarget target =
        RequestTarget.parse(
            "https://elsewhere:1/v1alpha1/d%65mo/databases?a=%2F..&b=#".replace("#", ""));

    assertThat(target.forwarded()).isEqualTo("/v1alpha1/d%65mo/databases?a=%2F..&b=");
    assertThat(target.segments()).isEqualTo(List.of("v1alpha1", "demo", "databases"));
  }

  @Test
  void theNameThatIsAskedForIsTheDecodedOne() {
    assertThat(Routes.find("GET", RequestTarget.parse("/v1alpha1/d%65mo/databases")))
        .isEqualTo(new Destination.Guarded(Service.INSTANCE, "demo", Pace.PROMPT));
  }

  private static String described(Destination destination) {
    return switch (destination) {
      case Destination.Health ignored -> "health";
      case Destination.Operations operations -> "operations " + operations.organization();
      case Destination.Archive archive -> "archive " + archive.organization();
      case Destination.Unknown ignored -> "404";
      case Destination.WrongMethod wrong -> "405 " + String.join(", ", wrong.allowed());
      case Destination.Open open ->
          described(open.service()) + (open.signIn() ? " sign-in" : " open");
      case Destination.Guarded guarded ->
          described(guarded.service())
              + ' '
              + (guarded.organization() == null ? "self" : guarded.organization())
              + switch (guarded.pace()) {
                case PROMPT -> "";
                case WAITING -> " *";
                case STREAMING -> " ~";
              };
    };
  }

  private static String described(Service service) {
    return switch (service) {
      case ACCOUNT -> "account";
      case INSTANCE -> "instance";
      case DEPLOY -> "deploy";
    };
  }
}
