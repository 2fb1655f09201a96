package dev.slipway.account.signin;

import dev.slipway.account.domain.Lifetimes;
import dev.slipway.account.persistence.SigningKey;
import dev.slipway.common.crypto.InstallationKeys;
import dev.slipway.common.id.Identifiers;
import io.quarkus.hibernate.orm.panache.Panache;
import io.quarkus.narayana.jta.QuarkusTransaction;
import jakarta.enterprise.context.ApplicationScoped;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.interfaces.RSAPublicKey;
import java.security.spec.PKCS8EncodedKeySpec;
import java.security.spec.X509EncodedKeySpec;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/// The RSA keys of access tokens. One signs for 30 days; it stays published until its last token
/// has ended.
///
/// Any number of replicas share them through the database: a new one is made under an advisory
/// lock, and a replica that meets a key id it does not know looks there.
@ApplicationScoped
public class SigningKeys {

  /// The key that signs.
  record Signing(String id, PrivateKey key, Instant madeAt) {}

  /// A key that verifies.
  public record Verifying(String id, RSAPublicKey key, Instant madeAt) {}

  private static final long LOCK = 0x51_19_4B_45L;
  private static final int BITS = 2048;

  private final InstallationKeys installation;
  private final Clock clock;
  private final Map<String, Verifying> known = new ConcurrentHashMap<>();

  private @Nullable volatile Signing signing;

  SigningKeys(InstallationKeys installation, Clock clock) {
    this.installation = installation;
    this.clock = clock;
  }

  Signing current() {
    Signing cached = signing;
    if (cached != null && Lifetimes.signingKeySigns(cached.madeAt(), clock.instant())) {
      return cached;
    }
    Signing found = QuarkusTransaction.requiringNew().call(this::newestOrNew);
    signing = found;
    return found;
  }

  /// The key of this id, or null when there is none or its tokens have all ended.
  @Nullable RSAPublicKey verifying(String id) {
    Verifying key = known.get(id);
    if (key == null) {
      SigningKey row = QuarkusTransaction.requiringNew().call(() -> SigningKey.findById(id));
      if (row == null) {
        return null;
      }
      key = verifying(row);
      known.put(id, key);
    }
    return Lifetimes.signingKeyVerifies(key.madeAt(), clock.instant()) ? key.key() : null;
  }

  /// Every key whose tokens may be valid, the newest first.
  public List<Verifying> published() {
    String newest = current().id();
    Instant now = clock.instant();
    List<Verifying> keys =
        QuarkusTransaction.requiringNew()
            .call(() -> SigningKey.<SigningKey>list("order by madeAt desc"))
            .stream()
            .filter(row -> Lifetimes.signingKeyVerifies(row.madeAt, now))
            .map(SigningKeys::verifying)
            .toList();
    if (keys.stream().noneMatch(key -> key.id().equals(newest))) {
      throw new IllegalStateException("the key that signs is not among those published");
    }
    return keys;
  }

  private Signing newestOrNew() {
    Panache.getEntityManager()
        .createNativeQuery("select cast(pg_advisory_xact_lock(?1) as text)", String.class)
        .setParameter(1, LOCK)
        .getSingleResult();
    Instant now = clock.instant();
    for (SigningKey row : SigningKey.<SigningKey>list("order by madeAt desc")) {
      if (Lifetimes.signingKeySigns(row.madeAt, now)) {
        return signing(row);
      }
    }
    SigningKey.delete("madeAt < ?1", now.minus(Lifetimes.SIGNING_KEY_PUBLISHED));
    SigningKey made = make(now);
    made.persist();
    return signing(made);
  }

  private SigningKey make(Instant now) {
    try {
      var generator = KeyPairGenerator.getInstance("RSA");
      generator.initialize(BITS);
      KeyPair pair = generator.generateKeyPair();
      String id = Identifiers.next("key");
      return new SigningKey(
          id,
          pair.getPublic().getEncoded(),
          installation.encrypt(pair.getPrivate().getEncoded(), purpose(id)),
          now);
    } catch (GeneralSecurityException impossible) {
      throw new IllegalStateException("every Java platform has RSA", impossible);
    }
  }

  private Signing signing(SigningKey row) {
    try {
      byte[] encoded = installation.decrypt(row.privateKeyEncrypted, purpose(row.id));
      PrivateKey key =
          KeyFactory.getInstance("RSA").generatePrivate(new PKCS8EncodedKeySpec(encoded));
      return new Signing(row.id, key, row.madeAt);
    } catch (GeneralSecurityException damaged) {
      throw new IllegalStateException("the signing key " + row.id + " is damaged", damaged);
    }
  }

  private static Verifying verifying(SigningKey row) {
    try {
      var key =
          (RSAPublicKey)
              KeyFactory.getInstance("RSA").generatePublic(new X509EncodedKeySpec(row.publicKey));
      return new Verifying(row.id, key, row.madeAt);
    } catch (GeneralSecurityException damaged) {
      throw new IllegalStateException("the signing key " + row.id + " is damaged", damaged);
    }
  }

  private static String purpose(String id) {
    return "account-service signing key " + id;
  }
}
