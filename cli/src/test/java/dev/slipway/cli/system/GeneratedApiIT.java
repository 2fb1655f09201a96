package dev.slipway.cli.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// The descriptions of the APIs in `docs/generated` are those that the build makes of the code.
///
/// With the system property `slipway.golden=write` they are written instead of compared; read the
/// difference before committing it.
final class GeneratedApiIT {

  private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();

  @ParameterizedTest
  @CsvSource({
    "account-service,openapi-account.yaml",
    "account-service,openapi-account.json",
    "instance-service,openapi-instance.yaml",
    "instance-service,openapi-instance.json",
    "deploy-service,openapi-deploy.yaml",
    "deploy-service,openapi-deploy.json"
  })
  void theDescriptionIsThatOfTheCode(String service, String file) throws IOException {
    Path built = ROOT.resolve(service).resolve("target/openapi").resolve(file);
    Path kept = ROOT.resolve("docs/generated").resolve(file);
    assertThat(built).as("%s is packaged before this test", service).exists();
    if ("write".equals(System.getProperty("slipway.golden"))) {
      Files.copy(built, kept, StandardCopyOption.REPLACE_EXISTING);
    }

    assertThat(Files.readString(kept))
        .as("%s; run the test with -Dslipway.golden=write and review the difference", kept)
        .isEqualTo(Files.readString(built));
  }
}
