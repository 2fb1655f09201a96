package dev.slipway.docker;

import static org.assertj.core.api.Assertions.assertThat;

import com.github.dockerjava.api.exception.DockerException;
import com.github.dockerjava.api.exception.InternalServerErrorException;
import com.github.dockerjava.api.exception.NotFoundException;
import dev.slipway.common.operation.DriverFailure;
import java.io.IOException;
import java.net.SocketException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// What a person reads when an engine will not.
final class RefusalsTest {

  private static final String ADDRESS = "unix:///var/run/docker.sock";

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          write /x: no space left on device                                     | disk-full
          Bind for 127.0.0.1:21000 failed: port is already allocated            | port-taken
          listen tcp4 127.0.0.1:21000: bind: address already in use             | port-taken
          could not find an available, non-overlapping IPv4 address pool        | networks-used-up
          something that nobody has seen before                                 | engine-failed
          """)
  void wordsOfAnEngineHaveTheirMeaning(String words, String code) {
    var refused =
        new InternalServerErrorException("Status 500: {\"message\":\"%s\"}".formatted(words), null);

    DriverFailure failure = Refusals.failure("start container", ADDRESS, refused);

    assertThat(failure.code()).isEqualTo(code);
    assertThat(failure.getMessage()).doesNotContain("{", "Status");
  }

  @Test
  void missingImageIsNotAMissingContainer() {
    var image = new NotFoundException("{\"message\":\"No such image: postgres:18\"}");
    var container = new NotFoundException("{\"message\":\"No such container: x\"}");

    assertThat(Refusals.imageMissing(image)).isTrue();
    assertThat(Refusals.imageMissing(container)).isFalse();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "network 0a1b not found",
        "network slipway-1-org_1 is ambiguous (2 matches found on name)"
      })
  void aNetworkIsMadeSureOfAgain(String words) {
    assertThat(Refusals.networkMissing(new DockerException(words, 400))).isTrue();
  }

  @Test
  void closedSocketSaysHowToOpenIt() {
    DriverFailure closed =
        Refusals.failure(
            "info", ADDRESS, new RuntimeException(new SocketException("Permission denied")));
    DriverFailure proxied =
        Refusals.failure("create container", ADDRESS, new DockerException("forbidden", 403));
    DriverFailure lost = Refusals.failure("info", ADDRESS, new IOException("Connection refused"));

    assertThat(closed).isInstanceOf(DriverFailure.Permanent.class);
    assertThat(closed.code()).isEqualTo("engine-refused");
    assertThat(closed.getMessage()).contains("group", ADDRESS);
    assertThat(proxied.code()).isEqualTo("engine-refused");
    assertThat(lost.code()).isEqualTo("engine-unreachable");
  }
}
