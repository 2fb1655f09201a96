package dev.slipway.gateway;

import dev.slipway.gateway.api.HealthAnswer;
import dev.slipway.gateway.api.OperationsList;
import dev.slipway.gateway.application.ApplicationForwarding;
import dev.slipway.gateway.application.Applications;
import dev.slipway.gateway.application.KafkaConnection;
import dev.slipway.gateway.exchange.Connections;
import dev.slipway.gateway.exchange.HeldBodies;
import dev.slipway.gateway.exchange.RequestBody;
import dev.slipway.gateway.proxy.ArchiveForwarding;
import dev.slipway.gateway.proxy.Forwarding;
import dev.slipway.gateway.proxy.InternalSecret;
import dev.slipway.gateway.proxy.Lookup;
import dev.slipway.gateway.proxy.Outcomes;
import dev.slipway.gateway.proxy.Permission;
import dev.slipway.gateway.proxy.SignInLimit;
import dev.slipway.gateway.proxy.Upstreams;
import dev.slipway.gateway.route.ApplicationHosts;
import dev.slipway.gateway.tls.ApplicationCertificates;
import dev.slipway.gateway.tls.GatewayCertificate;
import dev.slipway.gateway.tls.TransportSecurity;
import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import io.quarkus.runtime.configuration.ConfigurationException;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.net.KeyCertOptions;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Inject;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.eclipse.microprofile.config.Config;
import org.jboss.logging.Logger;

/// Opens the door when the process starts and closes it when it ends.
@ApplicationScoped
public class Gateway {

  private static final Logger LOG = Logger.getLogger(Gateway.class);

  /// Less than the services take, so that what is too long is refused here, in the one error shape.
  private static final int LONGEST_LINE = 4_000;

  private static final int LONGEST_HEADERS = 16 * 1024;

  /// A machine that is busy with everything else that starts takes its time.
  private static final int START_SECONDS = 60;

  private final GatewaySettings settings;
  private final Vertx vertx;
  private final KafkaConnection kafka;
  private final Applications applications;
  private volatile int port;

  @Inject
  Gateway(GatewaySettings settings, Vertx vertx, Config config) {
    this(settings, vertx, KafkaConnection.of(config));
  }

  Gateway(GatewaySettings settings, Vertx vertx, KafkaConnection kafka) {
    this.settings = settings;
    this.vertx = vertx;
    this.kafka = kafka;
    this.applications = new Applications(new ApplicationHosts(domain(settings)));
  }

  /// The port the door is open at; 0 when it is not.
  public int port() {
    return port;
  }

  void open(@Observes StartupEvent starting) {
    SettingsCheck.check(settings);
    GatewayCertificate certificate =
        GatewayCertificate.ensure(
            settings.caDirectory(),
            settings.certificateDirectory(),
            settings.publicUrl().getHost(),
            settings.names().orElse(List.of()),
            Instant.now());
    HttpServerOptions options = options(certificate);
    var context = vertx.getOrCreateContext();
    // Everything is made and runs on this one event loop.
    Future<HttpServer> opened =
        Future.future(
            promise -> context.runOnContext(there -> listen(options, door()).onComplete(promise)));
    String first = settings.hosts().getFirst();
    try {
      port =
          opened
              .toCompletionStage()
              .toCompletableFuture()
              .get(START_SECONDS, TimeUnit.SECONDS)
              .actualPort();
    } catch (ExecutionException | TimeoutException problem) {
      Throwable cause =
          problem.getCause() == null
              ? new TimeoutException("it took longer than " + START_SECONDS + " s")
              : problem.getCause();
      throw new ConfigurationException(
          "cannot listen on %s port %d (slipway.gateway.port): %s"
              .formatted(first, settings.port(), cause.getMessage()),
          Set.of("slipway.gateway.port"));
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while starting", interrupted);
    }
    LOG.infof("open at https://%s:%d", first, port);
  }

  void close(@Observes ShutdownEvent ending) {
    port = 0;
    applications.close();
  }

  private Future<HttpServer> listen(HttpServerOptions options, Door door) {
    List<String> hosts = settings.hosts();
    return server(options, door)
        .listen(settings.port(), hosts.getFirst().strip())
        .onSuccess(
            first -> {
              for (String host : hosts.subList(1, hosts.size())) {
                server(options, door)
                    .listen(first.actualPort(), host.strip())
                    .onFailure(
                        absent -> LOG.infof("not listening on %s: %s", host, absent.getMessage()));
              }
            });
  }

  private HttpServer server(HttpServerOptions options, Door door) {
    return vertx
        .createHttpServer(options)
        .requestHandler(door::serve)
        .connectionHandler(door::connected)
        .invalidRequestHandler(door::refuse)
        .exceptionHandler(broken -> LOG.debugf("a connection broke: %s", broken.getMessage()));
  }

  private Door door() {
    var upstreams =
        new Upstreams(
            vertx,
            new Upstreams.Addresses(
                settings.accountUrl(), settings.instanceUrl(), settings.deployUrl()),
            new Upstreams.Sizes(
                settings.callConnections(),
                settings.waitConnections(),
                settings.authorizeConnections(),
                settings.archiveConnections(),
                settings.streamConnections()),
            settings.answerPatience());
    var secret = new InternalSecret(vertx, settings.keysDirectory().resolve("internal.secret"));
    var permission =
        new Permission(
            vertx,
            upstreams,
            secret,
            settings.authorizePatience(),
            settings.retryFor(),
            new Outcomes(vertx, upstreams, secret));
    var lookup = new Lookup(upstreams);
    var bodies =
        new RequestBody(
            vertx,
            Math.toIntExact(settings.bodyLimit().asLongValue()),
            settings.bodyDiscard().asLongValue(),
            settings.bodyPatience(),
            new HeldBodies(settings.heldBodies().asLongValue()));
    applications.begin(
        vertx,
        new Applications.Settings(
            settings.snapshot(),
            settings.applicationConnections(),
            new ApplicationForwarding.Patience(settings.applicationPatience(), settings.retryFor()),
            settings.drainPatience()),
        kafka,
        upstreams,
        secret);
    return new Door(
        Connections.watched(
            vertx,
            settings.connectionPatience(),
            settings.connections(),
            settings.connectionsPerAddress()),
        applications,
        bodies,
        new SignInLimit(settings.signInBurst(), settings.signInEvery()),
        new Forwarding(
            vertx,
            upstreams,
            permission,
            secret,
            settings.retryFor(),
            new Forwarding.Bounds(
                settings.waitsPerOrganization(),
                settings.streamsPerOrganization(),
                settings.readerPatience())),
        new ArchiveForwarding(
            vertx,
            upstreams,
            permission,
            bodies,
            new ArchiveForwarding.Bounds(
                settings.archiveLimit().asLongValue(),
                settings.archivePatience(),
                settings.archivesPerOrganization()),
            settings.retryFor()),
        new OperationsList(permission, lookup),
        new HealthAnswer(lookup));
  }

  /// An address without a host is refused when the gateway opens.
  private static String domain(GatewaySettings settings) {
    return Objects.requireNonNullElse(settings.publicUrl().getHost(), "localhost");
  }

  /// A wildcard does for hosts below a name that has a dot.
  private boolean needsItsOwnCertificate(String host) {
    return domain(settings).indexOf('.') < 0 && applications.serves(host);
  }

  private HttpServerOptions options(GatewayCertificate certificate) {
    var options = new HttpServerOptions();
    options
        .setSsl(true)
        .setUseAlpn(true)
        .setSslEngineOptions(TransportSecurity.engine())
        .setKeyCertOptions(
            KeyCertOptions.wrap(
                new ApplicationCertificates(
                    vertx, certificate, settings.caDirectory(), this::needsItsOwnCertificate)))
        .setEnabledSecureTransportProtocols(Set.of("TLSv1.2", "TLSv1.3"))
        .setTcpNoDelay(true)
        .setReuseAddress(true);
    options
        .setMaxInitialLineLength(LONGEST_LINE)
        .setMaxHeaderSize(LONGEST_HEADERS)
        .setHandle100ContinueAutomatically(false)
        .setCompressionSupported(false);
    options.getInitialSettings().setMaxConcurrentStreams(100).setMaxHeaderListSize(LONGEST_HEADERS);
    return options;
  }
}
