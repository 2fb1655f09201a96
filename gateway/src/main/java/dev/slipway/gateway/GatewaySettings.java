package dev.slipway.gateway;

import io.quarkus.runtime.configuration.MemorySize;
import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/// What the gateway is told. [GatewayConfiguration] has checked it before anything else sees it.
@ConfigMapping(prefix = "slipway.gateway")
public interface GatewaySettings {

  /// Addresses to listen on. The first one must be there; of the others, those the machine has.
  @WithDefault("127.0.0.1,::1")
  List<String> hosts();

  /// The public port; 0 takes any that is free.
  int port();

  /// How people reach the platform from outside; its host is one of the certificate's names.
  URI publicUrl();

  /// More names for the certificate, such as `*.apps.example.org` or an address in numbers.
  Optional<List<String>> names();

  /// Of account-service.
  URI accountUrl();

  /// Of instance-service.
  URI instanceUrl();

  /// Of deploy-service.
  URI deployUrl();

  /// Has `internal.secret`, which the services ask for.
  Path keysDirectory();

  /// Has the certificate authority.
  Path caDirectory();

  /// Has the door's own certificate: the authority's folder, unless that is closed to the gateway's
  /// writes or shared with another gateway.
  Path certificateDirectory();

  /// The largest body of an ordinary call.
  @WithDefault("1M")
  MemorySize bodyLimit();

  /// What all bodies that are held at the moment may have together. A quarter is for small ones.
  @WithDefault("8M")
  MemorySize heldBodies();

  /// How much of a body beyond the limit is read and thrown away before the connection is closed.
  @WithDefault("32M")
  MemorySize bodyDiscard();

  /// The largest body of a call that brings an archive; it is passed through and never held.
  @WithDefault("720M")
  MemorySize archiveLimit();

  /// How long a body may take to arrive, or the next bytes of an archive.
  @WithDefault("30s")
  Duration bodyPatience();

  /// How long an archive may take to arrive.
  @WithDefault("30m")
  Duration archivePatience();

  /// How long an ordinary answer may take; long waits have no limit.
  @WithDefault("60s")
  Duration answerPatience();

  /// How long account-service may take to say who may, before it is asked again.
  @WithDefault("5s")
  Duration authorizePatience();

  /// How long a call that may be sent again is, while its service restarts, or account-service.
  @WithDefault("15s")
  Duration retryFor();

  /// How many connections there may be at once; one more is closed as it comes.
  @WithDefault("2000")
  int connections();

  /// How many of them from one address.
  @WithDefault("1000")
  int connectionsPerAddress();

  /// How long a connection without a request is kept.
  @WithDefault("90s")
  Duration connectionPatience();

  /// Connections to a service for ordinary answers.
  @WithDefault("64")
  int callConnections();

  /// Connections to a service for answers that may take their time, one for each that waits.
  @WithDefault("1024")
  int waitConnections();

  /// Answers that may take their time, of all services, that an organization may wait for at once;
  /// it may have as many changes under way beside them.
  @WithDefault("100")
  int waitsPerOrganization();

  /// Answers of a service that go on until their readers leave, at once.
  @WithDefault("1024")
  int streamConnections();

  /// How many of them an organization may read at once.
  @WithDefault("100")
  int streamsPerOrganization();

  /// How long an answer that takes its time, or goes on, waits for its reader to take more of it.
  @WithDefault("2m")
  Duration readerPatience();

  /// Archives that may be on their way to deploy-service at once.
  @WithDefault("16")
  int archiveConnections();

  /// How many of them may be of one organization.
  @WithDefault("4")
  int archivesPerOrganization();

  /// Keeps the routes of applications over a restart.
  Path snapshot();

  /// How long an application may take until the first byte of its answer.
  @WithDefault("60s")
  Duration applicationPatience();

  /// How long requests that are under way to an executor which was left are waited for, before
  /// deploy-service is told that nothing goes there any more.
  @WithDefault("5s")
  Duration drainPatience();

  /// Connections to an executor.
  @WithDefault("512")
  int applicationConnections();

  /// Connections to account-service for asking who may.
  @WithDefault("32")
  int authorizeConnections();

  /// How many sign-ins an address may try at once.
  @WithDefault("30")
  int signInBurst();

  /// After how long an address may try one more.
  @WithDefault("1s")
  Duration signInEvery();
}
