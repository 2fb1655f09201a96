package dev.slipway.common.crypto;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.crypto.tink.Aead;
import com.google.crypto.tink.InsecureSecretKeyAccess;
import com.google.crypto.tink.KeysetHandle;
import com.google.crypto.tink.Parameters;
import com.google.crypto.tink.RegistryConfiguration;
import com.google.crypto.tink.TinkJsonProtoKeysetFormat;
import com.google.crypto.tink.aead.AeadConfig;
import com.google.crypto.tink.aead.PredefinedAeadParameters;
import com.google.crypto.tink.prf.PredefinedPrfParameters;
import com.google.crypto.tink.prf.PrfConfig;
import com.google.crypto.tink.prf.PrfSet;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.SecureRandom;
import java.security.interfaces.ECPrivateKey;
import java.security.interfaces.ECPublicKey;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.PKCS8EncodedKeySpec;
import java.security.spec.X509EncodedKeySpec;
import java.util.Base64;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// The keys of one installation, in files only its owner can read. Whoever comes first makes them;
/// every process of the installation finds the same ones afterwards. Losing the folder loses
/// everything that was encrypted.
///
/// A folder that was made ready for one process, and is closed to its writes, may lack the private
/// half of the internal pair, which account-service alone needs.
///
/// Safe to use from any thread.
public final class InstallationKeys {

  private static final String KEYSETS = "installation.keyset.json";
  private static final String PRIVATE_KEY = "internal.key.pem";
  private static final String PUBLIC_KEY = "internal.pub.pem";
  private static final String SECRET = "internal.secret";
  private static final String LOCK = ".lock";

  private static final Set<PosixFilePermission> OWNER_FILE =
      PosixFilePermissions.fromString("rw-------");
  private static final Set<PosixFilePermission> OWNER_FOLDER =
      PosixFilePermissions.fromString("rwx------");

  private static final String ALPHABET =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  private static final int DERIVED_LENGTH = 32;
  private static final ObjectMapper JSON = new ObjectMapper();

  private final Aead aead;
  private final PrfSet prf;
  private final PrfSet fingerprints;
  private final InternalPair internalKeys;
  private final String internalSecret;

  /// @param signing absent where it was withheld
  private record InternalPair(ECPublicKey verifying, @Nullable ECPrivateKey signing) {}

  private InstallationKeys(
      Aead aead,
      PrfSet prf,
      PrfSet fingerprints,
      InternalPair internalKeys,
      String internalSecret) {
    this.aead = aead;
    this.prf = prf;
    this.fingerprints = fingerprints;
    this.internalKeys = internalKeys;
    this.internalSecret = internalSecret;
  }

  /// Opens the keys in this folder and makes those that are missing. Several processes may do so at
  /// once.
  ///
  /// @throws UncheckedIOException when the folder cannot be written or read
  /// @throws IllegalStateException when a file is there, but is not what it should be
  public static InstallationKeys open(Path keysDirectory) {
    try {
      AeadConfig.register();
      PrfConfig.register();
      var folder = new Folder(keysDirectory);
      if (folder.complete()) {
        return folder.read();
      }
      Files.createDirectories(keysDirectory, PosixFilePermissions.asFileAttribute(OWNER_FOLDER));
      try (FileChannel channel =
              FileChannel.open(
                  keysDirectory.resolve(LOCK),
                  Set.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE),
                  asOwner());
          FileLock lock = lock(channel)) {
        assert lock.isValid();
        folder.make();
        return folder.read();
      }
    } catch (IOException problem) {
      throw new UncheckedIOException("cannot open the keys in " + keysDirectory, problem);
    } catch (GeneralSecurityException problem) {
      throw new IllegalStateException("the keys in " + keysDirectory + " are damaged", problem);
    }
  }

  /// Encrypts. Only the same associated data decrypts again: use it to say what the secret is and
  /// whose.
  public byte[] encrypt(byte[] plaintext, String associatedData) {
    try {
      return aead.encrypt(plaintext, associatedData.getBytes(StandardCharsets.UTF_8));
    } catch (GeneralSecurityException problem) {
      throw new IllegalStateException("cannot encrypt", problem);
    }
  }

  /// Decrypts what [#encrypt] gave.
  ///
  /// @throws IllegalStateException when it was encrypted with other keys or for other associated
  ///     data, or was changed
  public byte[] decrypt(byte[] ciphertext, String associatedData) {
    try {
      return aead.decrypt(ciphertext, associatedData.getBytes(StandardCharsets.UTF_8));
    } catch (GeneralSecurityException problem) {
      throw new IllegalStateException("cannot decrypt " + associatedData, problem);
    }
  }

  /// A password that need not be stored, since these two words always give the same one: 32
  /// characters of `[A-Za-z0-9]`, 190 bits. The caller overwrites it after use.
  public char[] derive(String purpose, String name) {
    try {
      byte[] input = (purpose + '\n' + name).getBytes(StandardCharsets.UTF_8);
      byte[] bytes = prf.computePrimary(input, DERIVED_LENGTH * 4);
      var password = new char[DERIVED_LENGTH];
      // Bytes beyond the largest multiple of 62 would favour the first letters.
      int unbiased = 256 - 256 % ALPHABET.length();
      int filled = 0;
      for (int i = 0; filled < DERIVED_LENGTH; i++) {
        int value = Byte.toUnsignedInt(bytes[i]);
        if (value < unbiased) {
          password[filled++] = ALPHABET.charAt(value % ALPHABET.length());
        }
      }
      return password;
    } catch (GeneralSecurityException problem) {
      throw new IllegalStateException("cannot derive a secret for " + purpose, problem);
    }
  }

  /// A keyed hash to compare bodies by without keeping them: HMAC-SHA-256, 32 bytes.
  public byte[] fingerprint(byte[] body) {
    try {
      return fingerprints.computePrimary(body, 32);
    } catch (GeneralSecurityException problem) {
      throw new IllegalStateException("cannot compute a fingerprint", problem);
    }
  }

  /// The key with which account-service signs the internal token.
  ///
  /// @throws IllegalStateException when this process was not given it
  public ECPrivateKey internalPrivateKey() {
    if (internalKeys.signing() == null) {
      throw new IllegalStateException("the private half of the internal keys is not here");
    }
    return internalKeys.signing();
  }

  /// The key with which every service verifies the internal token.
  public ECPublicKey internalPublicKey() {
    return internalKeys.verifying();
  }

  /// The secret that the processes of this installation show one another.
  public String internalSecret() {
    return internalSecret;
  }

  /// Says nothing about the keys, so that none gets into a log.
  @Override
  public String toString() {
    return "InstallationKeys";
  }

  /// A file lock excludes other processes, while a second one within this process is an error
  /// instead of a wait.
  private static FileLock lock(FileChannel channel) throws IOException {
    while (true) {
      try {
        return channel.lock();
      } catch (OverlappingFileLockException heldInThisProcess) {
        try {
          Thread.sleep(10);
        } catch (InterruptedException interrupted) {
          Thread.currentThread().interrupt();
          throw new IOException("interrupted while waiting for the keys", interrupted);
        }
      }
    }
  }

  private static FileAttribute<Set<PosixFilePermission>> asOwner() {
    return PosixFilePermissions.asFileAttribute(OWNER_FILE);
  }

  /// The files. Each appears whole, and is never changed afterwards; they are made under the lock.
  private record Folder(Path path) {

    boolean complete() {
      return Files.exists(path.resolve(KEYSETS))
          && Files.exists(path.resolve(PUBLIC_KEY))
          && Files.exists(path.resolve(SECRET));
    }

    void make() throws IOException, GeneralSecurityException {
      ensureInternalKeys();
      ensureInternalSecret();
      ensureKeysets();
    }

    InstallationKeys read() throws IOException, GeneralSecurityException {
      ObjectNode keysets = keysets();
      return new InstallationKeys(
          keyset(keysets, "aead").getPrimitive(RegistryConfiguration.get(), Aead.class),
          keyset(keysets, "prf").getPrimitive(RegistryConfiguration.get(), PrfSet.class),
          keyset(keysets, "fingerprint").getPrimitive(RegistryConfiguration.get(), PrfSet.class),
          internalKeys(),
          internalSecret());
    }

    private void ensureKeysets() throws IOException, GeneralSecurityException {
      Path file = path.resolve(KEYSETS);
      if (!Files.exists(file)) {
        ObjectNode made = JSON.createObjectNode();
        made.set("aead", made(PredefinedAeadParameters.AES256_GCM));
        made.set("prf", made(PredefinedPrfParameters.HKDF_SHA256));
        made.set("fingerprint", made(PredefinedPrfParameters.HMAC_SHA256_PRF));
        write(file, JSON.writerWithDefaultPrettyPrinter().writeValueAsString(made));
      }
    }

    private ObjectNode keysets() throws IOException, GeneralSecurityException {
      Path file = path.resolve(KEYSETS);
      JsonNode stored = JSON.readTree(file.toFile());
      if (!(stored instanceof ObjectNode keysets)) {
        throw new GeneralSecurityException(file + " holds no keysets");
      }
      return keysets;
    }

    private static JsonNode made(Parameters parameters)
        throws IOException, GeneralSecurityException {
      KeysetHandle handle = KeysetHandle.generateNew(parameters, RegistryConfiguration.get());
      return JSON.readTree(
          TinkJsonProtoKeysetFormat.serializeKeyset(
              handle, RegistryConfiguration.get(), InsecureSecretKeyAccess.get()));
    }

    private static KeysetHandle keyset(ObjectNode keysets, String name)
        throws GeneralSecurityException {
      JsonNode keyset = keysets.get(name);
      if (keyset == null) {
        throw new GeneralSecurityException("the keyset " + name + " is missing");
      }
      return TinkJsonProtoKeysetFormat.parseKeyset(
          keyset.toString(), RegistryConfiguration.get(), InsecureSecretKeyAccess.get());
    }

    private void ensureInternalKeys() throws IOException, GeneralSecurityException {
      Path privateKey = path.resolve(PRIVATE_KEY);
      Path publicKey = path.resolve(PUBLIC_KEY);
      if (Files.exists(publicKey)) {
        return;
      }
      var generator = KeyPairGenerator.getInstance("EC");
      generator.initialize(new ECGenParameterSpec("secp256r1"));
      KeyPair pair = generator.generateKeyPair();
      // The public half comes last. A private one alone, left by a crash between the two, has
      // signed nothing and is replaced; a public one alone was given so.
      write(privateKey, pem("PRIVATE KEY", pair.getPrivate().getEncoded()));
      write(publicKey, pem("PUBLIC KEY", pair.getPublic().getEncoded()));
    }

    private InternalPair internalKeys() throws IOException, GeneralSecurityException {
      KeyFactory factory = KeyFactory.getInstance("EC");
      Path signing = path.resolve(PRIVATE_KEY);
      return new InternalPair(
          (ECPublicKey)
              factory.generatePublic(new X509EncodedKeySpec(unpem(path.resolve(PUBLIC_KEY)))),
          Files.exists(signing)
              ? (ECPrivateKey) factory.generatePrivate(new PKCS8EncodedKeySpec(unpem(signing)))
              : null);
    }

    private void ensureInternalSecret() throws IOException {
      Path file = path.resolve(SECRET);
      if (!Files.exists(file)) {
        var bytes = new byte[32];
        new SecureRandom().nextBytes(bytes);
        write(file, Base64.getUrlEncoder().withoutPadding().encodeToString(bytes) + '\n');
      }
    }

    private String internalSecret() throws IOException, GeneralSecurityException {
      Path file = path.resolve(SECRET);
      String secret = Files.readString(file).strip();
      if (secret.length() < 32) {
        throw new GeneralSecurityException(file + " is too short to be a secret");
      }
      return secret;
    }

    /// Appears whole or not at all, and outlives a loss of power.
    private void write(Path file, String content) throws IOException {
      Path temporary = path.resolve(file.getFileName() + ".new");
      Files.deleteIfExists(temporary);
      try (FileChannel channel =
          FileChannel.open(
              temporary,
              Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
              asOwner())) {
        ByteBuffer bytes = ByteBuffer.wrap(content.getBytes(StandardCharsets.UTF_8));
        while (bytes.hasRemaining()) {
          channel.write(bytes);
        }
        channel.force(true);
      }
      Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE);
    }

    private static String pem(String type, byte[] encoded) {
      String body =
          Base64.getMimeEncoder(64, "\n".getBytes(StandardCharsets.US_ASCII))
              .encodeToString(encoded);
      return "-----BEGIN %s-----\n%s\n-----END %s-----\n".formatted(type, body, type);
    }

    private static byte[] unpem(Path file) throws IOException {
      String body = Files.readString(file).replaceAll("-----(BEGIN|END) [A-Z ]+-----", "").strip();
      return Base64.getMimeDecoder().decode(body);
    }
  }
}
