package dev.slipway.deploy.configuration;

import dev.slipway.common.crypto.InstallationKeys;
import dev.slipway.common.operation.DriverFailure;
import dev.slipway.deploy.domain.Application;
import dev.slipway.deploy.domain.Blueprint;
import dev.slipway.deploy.domain.DatabaseAccess;
import dev.slipway.deploy.domain.Manifest;
import dev.slipway.deploy.domain.Secrets;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.eclipse.microprofile.config.inject.ConfigProperty;

/// The blueprint of applications with the DBOS SDK, and of plain ones beside it. Secrets are
/// decrypted at each call and kept nowhere.
@ApplicationScoped
public class DbosBlueprint implements Blueprint {

  private final Secrets secrets;
  private final InstallationKeys keys;
  private final URI publicUrl;
  private final Registries machine = Registries.of(System.getenv());

  @Inject
  public DbosBlueprint(
      Secrets secrets,
      InstallationKeys keys,
      @ConfigProperty(name = "slipway.public.url") URI publicUrl) {
    this.secrets = secrets;
    this.keys = keys;
    this.publicUrl = publicUrl;
  }

  @Override
  public Manifest read(Application application, Files files, boolean builds) throws DriverFailure {
    return ManifestReader.read(files::read, application.name(), builds);
  }

  @Override
  public Map<String, String> configuration(Surroundings surroundings, Files files)
      throws DriverFailure {
    Optional<String> rewritten =
        ConfigurationFile.rewrite(
            files.read(ManifestReader.CONFIGURATION),
            surroundings.manifest(),
            surroundings.application().name(),
            location(surroundings));
    return rewritten.map(text -> Map.of(ManifestReader.CONFIGURATION, text)).orElse(Map.of());
  }

  @Override
  public List<String> commands(Run run, Manifest manifest) {
    return switch (run) {
      case INSTALL -> Commands.install(manifest);
      case SETUP -> Commands.setup(manifest);
      case BUILD -> Commands.build(manifest);
      case MIGRATE -> Commands.migrate(manifest);
      case PRUNE -> Commands.prune(manifest);
      case ROLLBACK -> Commands.rollback(manifest);
    };
  }

  @Override
  public List<String> start(Manifest manifest) {
    return Commands.start(manifest);
  }

  @Override
  public Environment environment(Surroundings surroundings) {
    String application = surroundings.application().id();
    Map<String, String> decrypted = new HashMap<>();
    secrets
        .sealed(application)
        .forEach(
            (name, encrypted) ->
                decrypted.put(name, decrypt(encrypted, Secrets.purpose(application, name))));
    var environment =
        new ApplicationEnvironment(
            application,
            surroundings.version(),
            url(surroundings.application()),
            surroundings.manifest(),
            location(surroundings),
            decrypted,
            surroundings.authority(),
            surroundings.trust(),
            machine);
    String executor = surroundings.executor();
    return new Environment(
        executor == null ? environment.ofCommands() : environment.ofExecutor(executor),
        environment.masked());
  }

  private DatabaseLocation location(Surroundings surroundings) {
    DatabaseAccess access = surroundings.access();
    return new DatabaseLocation(
        surroundings.databaseHost(),
        surroundings.databasePort(),
        access.role(),
        decrypt(
            access.sealedPassword(),
            DatabaseAccess.purpose(access.application(), access.instance())),
        surroundings.application().database(),
        surroundings.application().systemDatabase(),
        access.linked());
  }

  private String decrypt(String encrypted, String purpose) {
    return new String(
        keys.decrypt(Base64.getDecoder().decode(encrypted), purpose), StandardCharsets.UTF_8);
  }

  private String url(Application application) {
    return "%s://%s-%s.%s"
        .formatted(
            publicUrl.getScheme(),
            application.organizationName(),
            application.name(),
            publicUrl.getAuthority());
  }
}
