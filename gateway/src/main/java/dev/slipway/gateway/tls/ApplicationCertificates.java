package dev.slipway.gateway.tls;

import dev.slipway.common.crypto.CertificateAuthority;
import dev.slipway.common.crypto.IssuedCertificate;
import io.netty.handler.ssl.ReferenceCountedOpenSslEngine;
import io.netty.internal.tcnative.SSL;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.net.PemKeyCertOptions;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Predicate;
import javax.net.ssl.ExtendedSSLSession;
import javax.net.ssl.SNIServerName;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.StandardConstants;
import javax.net.ssl.X509ExtendedKeyManager;
import javax.net.ssl.X509KeyManager;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/// The door's own certificate, and one for each application's host that is asked for.
///
/// Clients do not take a wildcard directly below a name without a dot, such as `*.localhost`, so
/// there each host gets a certificate by the name that the client says before it is shown one. They
/// are made for hosts that exist and for no others, so that a stranger cannot have any number of
/// them made.
///
/// The choice is made in the key manager, since the server names of Vert.x must not have
/// underscores, and those of applications may. Safe to use from any thread.
public final class ApplicationCertificates extends X509ExtendedKeyManager {

  private static final Logger LOG = Logger.getLogger(ApplicationCertificates.class);
  private static final Duration VALIDITY = Duration.ofDays(365);

  /// They are made anew long before they run out.
  private static final long KEPT_NANOS = Duration.ofDays(30).toNanos();

  private static final int KEPT = 256;
  private static final String OWN = "gateway";

  /// Every key of the authority's is one.
  private static final String KEY_TYPE = "EC";

  private final Vertx vertx;
  private final X509KeyManager own;
  private final Path folder;
  private final Predicate<String> exists;
  private final Map<String, Shown> issued =
      new LinkedHashMap<>(16, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Shown> eldest) {
          return size() > KEPT;
        }
      };

  private record Shown(X509KeyManager keys, long since) {}

  /// @param certificate is shown to all others
  /// @param folder      of the authority
  /// @param exists      whether a host, in small letters, is an application's; from any thread
  public ApplicationCertificates(
      Vertx vertx, GatewayCertificate certificate, Path folder, Predicate<String> exists) {
    this.vertx = vertx;
    this.folder = folder;
    this.exists = exists;
    this.own =
        keys(
            new PemKeyCertOptions()
                .setCertPath(certificate.certificate().toString())
                .setKeyPath(certificate.key().toString()));
  }

  @Override
  public @Nullable String chooseEngineServerAlias(
      String keyType, Principal @Nullable [] issuers, SSLEngine engine) {
    if (!keyType.equals(KEY_TYPE)) {
      return null;
    }
    String host = requested(engine);
    return host != null && exists.test(host) && issue(host) != null ? host : OWN;
  }

  /// The host that the client says it wants, in small letters.
  private static @Nullable String requested(SSLEngine engine) {
    String said = null;
    if (engine instanceof ReferenceCountedOpenSslEngine boring) {
      // Asked here, since the session makes a host name of the JDK's of it, which has no
      // underscore.
      said = SSL.getSniHostname(boring.sslPointer());
    } else if (engine.getHandshakeSession() instanceof ExtendedSSLSession session) {
      for (SNIServerName name : session.getRequestedServerNames()) {
        if (name.getType() == StandardConstants.SNI_HOST_NAME) {
          said = new String(name.getEncoded(), StandardCharsets.UTF_8);
        }
      }
    }
    return said == null ? null : said.toLowerCase(Locale.ROOT);
  }

  @Override
  public X509Certificate @Nullable [] getCertificateChain(String alias) {
    X509KeyManager keys = keys(alias);
    return keys.getCertificateChain(first(keys));
  }

  @Override
  public @Nullable PrivateKey getPrivateKey(String alias) {
    X509KeyManager keys = keys(alias);
    return keys.getPrivateKey(first(keys));
  }

  private X509KeyManager keys(String alias) {
    X509KeyManager found = alias.equals(OWN) ? own : issue(alias);
    return found == null ? own : found;
  }

  private synchronized @Nullable X509KeyManager issue(String host) {
    long now = System.nanoTime();
    Shown present = issued.get(host);
    if (present != null && now - present.since() < KEPT_NANOS) {
      return present.keys();
    }
    try {
      IssuedCertificate made =
          CertificateAuthority.open(folder)
              .issueServer("Slipway application", List.of(host), List.of(), VALIDITY);
      X509KeyManager keys =
          keys(
              new PemKeyCertOptions()
                  .setCertValue(Buffer.buffer(made.certificatePem()))
                  .setKeyValue(Buffer.buffer(made.privateKeyPem())));
      issued.put(host, new Shown(keys, now));
      return keys;
    } catch (RuntimeException problem) {
      // The door's own certificate is shown instead, which some clients take.
      LOG.warnf("no certificate for %s: %s", host, problem.getMessage());
      return null;
    }
  }

  private X509KeyManager keys(PemKeyCertOptions options) {
    try {
      return (X509KeyManager) options.getKeyManagerFactory(vertx).getKeyManagers()[0];
    } catch (Exception problem) {
      throw new IllegalStateException("a certificate cannot be used", problem);
    }
  }

  private static String first(X509KeyManager keys) {
    return keys.getServerAliases(KEY_TYPE, null)[0];
  }

  @Override
  public String[] getServerAliases(String keyType, Principal @Nullable [] issuers) {
    return new String[] {OWN};
  }

  @Override
  public String chooseServerAlias(
      String keyType, Principal @Nullable [] issuers, @Nullable Socket socket) {
    return OWN;
  }

  @Override
  public String @Nullable [] getClientAliases(String keyType, Principal @Nullable [] issuers) {
    return null;
  }

  @Override
  public @Nullable String chooseClientAlias(
      String[] keyTypes, Principal @Nullable [] issuers, @Nullable Socket socket) {
    return null;
  }
}
