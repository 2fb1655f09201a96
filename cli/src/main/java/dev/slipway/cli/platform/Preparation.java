package dev.slipway.cli.platform;

import dev.slipway.cli.console.CommandFailure;
import dev.slipway.cli.console.PrivateFile;
import dev.slipway.cli.console.Surroundings;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.SecureRandom;
import java.security.spec.ECGenParameterSpec;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/// Makes a home ready for a start: folders, keys, ports. What is there is kept.
final class Preparation {

  /// Set by `up --driver`.
  public static final String DRIVER = "SLIPWAY_DRIVER";

  private static final List<String> DRIVERS =
      List.of(PlatformSettings.PROCESS, PlatformSettings.DOCKER);

  /// The passwords that several processes have to agree on.
  static final List<String> PASSWORDS =
      List.of("kafka", "postgres", "account-service", "instance-service", "deploy-service");

  /// What the platform listens on besides the public port.
  static final List<String> PORTS =
      List.of(
          "gateway",
          "account-service",
          "instance-service",
          "deploy-service",
          "local-stack",
          "postgres",
          "kafka",
          "kafka-controller");

  private static final String LETTERS =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

  /// Where root keeps the data of a home that other users cannot enter.
  private static final Path SYSTEM_DATA = Path.of("/var/lib/slipway");

  private final PlatformHome home;
  private final Surroundings surroundings;

  Preparation(PlatformHome home, Surroundings surroundings) {
    this.home = home;
    this.surroundings = surroundings;
  }

  /// The folders the launcher itself needs, before anything else is known.
  void folders() throws IOException {
    try {
      if (!Files.isDirectory(home.path(), new LinkOption[0])) {
        Files.createDirectories(home.path());
        // The servers of root run as another user, who has to pass through.
        Files.setPosixFilePermissions(
            home.path(), PosixFilePermissions.fromString(root() ? "rwx--x--x" : "rwx------"));
      }
      PrivateFile.folder(home.run());
      PrivateFile.folder(home.logs());
      PrivateFile.folder(home.keys());
    } catch (IOException refused) {
      throw CommandFailure.failed(
              "home-unusable",
              "the folder %s cannot be used: %s".formatted(home.path(), refused.getMessage()))
          .next("Choose another with SLIPWAY_HOME=FOLDER.")
          .cause(refused)
          .build();
    }
  }

  /// Keys, data folder and ports.
  ///
  /// @param reservation has the ports afterwards, and is kept open for as long as they are wanted
  /// @param ours        tells whether a taken port is taken by this very platform
  PlatformSettings prepare(PortReservation reservation, Predicate<String> ours) throws IOException {
    PlatformSettings kept =
        PlatformSettings.read(home)
            .orElseGet(
                () ->
                    new PlatformSettings(
                        UUID.randomUUID().toString(),
                        PlatformSettings.USUAL_PORT,
                        Map.of(),
                        PlatformSettings.PROCESS));
    PlatformSettings settings =
        new PlatformSettings(
            kept.installation(),
            publicPort(kept, reservation, ours),
            ports(kept, reservation, ours),
            driver(kept));
    if (PlatformSettings.read(home).filter(settings::equals).isEmpty()) {
      settings.write(home);
    }
    keys();
    data(settings);
    return settings;
  }

  /// What instances run on is chosen before there are any: another driver would not find them.
  private String driver(PlatformSettings kept) throws IOException {
    String wanted = wantedDriver(surroundings).orElse(kept.driver());
    boolean chosen = PlatformSettings.read(home).isPresent();
    if (chosen
        && !wanted.equals(kept.driver())
        && (!kept.driver().equals(PlatformSettings.PROCESS) || hasInstances())) {
      throw CommandFailure.failed(
              "driver-chosen",
              "the instances of this platform run on the driver '%s', which cannot be changed"
                  .formatted(kept.driver()))
          .next("Start another platform with SLIPWAY_HOME=FOLDER, or leave --driver out.")
          .build();
    }
    return wanted;
  }

  static Optional<String> wantedDriver(Surroundings surroundings) {
    return surroundings.variable(DRIVER).map(String::strip).map(Preparation::known);
  }

  /// @throws CommandFailure when there is no such driver
  static String known(String driver) {
    if (!DRIVERS.contains(driver)) {
      throw CommandFailure.misused("there is no driver '%s'".formatted(driver))
          .next("--driver is one of: " + String.join(", ", DRIVERS))
          .build();
    }
    return driver;
  }

  private boolean hasInstances() throws IOException {
    Path instances = home.data().resolve("instances");
    if (!Files.isDirectory(instances)) {
      return false;
    }
    try (DirectoryStream<Path> folders = Files.newDirectoryStream(instances, "ins_*")) {
      return folders.iterator().hasNext();
    }
  }

  private int publicPort(
      PlatformSettings kept, PortReservation reservation, Predicate<String> ours) {
    int port = wantedPort(surroundings).orElseGet(kept::publicPort);
    if (port != kept.publicPort() || !ours.test("public")) {
      Optional<IOException> refusal = FreePorts.refusal(port);
      if (refusal.isPresent()) {
        throw unusable(port, refusal.get());
      }
    }
    // For the time when the gateway is started again. Whoever chose it may have reserved it, and
    // who serves HTTP/3 there is no reason to refuse it.
    reservation.reserve(port);
    return port;
  }

  /// A port that is for root is refused before anybody looks whether it is taken.
  static CommandFailure unusable(int port, IOException refusal) {
    if (String.valueOf(refusal.getMessage()).contains("Permission denied")) {
      return CommandFailure.failed(
              "port-reserved",
              "port %d cannot be listened on: ports below 1024 are for root".formatted(port))
          .next(
              "Choose 1024 or higher: SLIPWAY_PORT=%d slipway up"
                  .formatted(PlatformSettings.USUAL_PORT))
          .cause(refusal)
          .build();
    }
    return CommandFailure.failed(
            "port-taken", "port %d is taken by another process".formatted(port))
        .next(
            "See by whom: ss -ltnp 'sport = :%d'. Or choose another: SLIPWAY_PORT=%d slipway up"
                .formatted(port, freeNear(port)))
        .cause(refusal)
        .build();
  }

  static Optional<Integer> wantedPort(Surroundings surroundings) {
    return surroundings.variable("SLIPWAY_PORT").map(Preparation::portNumber);
  }

  private static int portNumber(String value) {
    try {
      int port = Integer.parseInt(value.strip());
      if (port > 0 && port < 65536) {
        return port;
      }
    } catch (NumberFormatException notANumber) {
      // Said below, the same as for a number that is no port.
    }
    throw CommandFailure.misused("SLIPWAY_PORT is not a port: " + value)
        .next("A port is a number from 1 to 65535.")
        .build();
  }

  private static int freeNear(int port) {
    for (int candidate = port + 1000; candidate < 65536; candidate += 1000) {
      if (FreePorts.free(candidate)) {
        return candidate;
      }
    }
    return PlatformSettings.USUAL_PORT;
  }

  private static Map<String, Integer> ports(
      PlatformSettings kept, PortReservation reservation, Predicate<String> ours)
      throws IOException {
    Map<String, Integer> ports = new HashMap<>();
    for (String purpose : PORTS) {
      Integer port = kept.ports().get(purpose);
      if (port == null) {
        continue;
      }
      boolean reserved = reservation.reserve(port);
      // Nobody tries whether a port is free on which a process of ours may be about to listen.
      // Where earlier versions had chosen, executors may be.
      if (ours.test(purpose)
          || (reserved && port >= PortReservation.LOWEST && FreePorts.getsFree(port))) {
        ports.put(purpose, port);
      }
    }
    List<String> missing = PORTS.stream().filter(it -> !ports.containsKey(it)).toList();
    List<Integer> found = reservation.choose(missing.size());
    for (int i = 0; i < missing.size(); i++) {
      ports.put(missing.get(i), found.get(i));
    }
    return ports;
  }

  private void keys() throws IOException {
    for (String name : PASSWORDS) {
      Path file = home.keys().resolve(name + ".password");
      if (!Files.exists(file)) {
        PrivateFile.write(file, randomLetters(32) + "\n");
      }
    }
    Path secret = home.keys().resolve("internal.secret");
    if (!Files.exists(secret)) {
      PrivateFile.write(secret, randomLetters(43) + "\n");
    }
    Path privateKey = home.keys().resolve("internal.key.pem");
    Path publicKey = home.keys().resolve("internal.pub.pem");
    if (!Files.exists(privateKey) || !Files.exists(publicKey)) {
      try {
        KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
        generator.initialize(new ECGenParameterSpec("secp256r1"));
        KeyPair pair = generator.generateKeyPair();
        // Half a pair, left by a crash between the two, is replaced: nothing was signed with it.
        // The services take a public half to be all that they need, so it comes last.
        PrivateFile.write(privateKey, pem("PRIVATE KEY", pair.getPrivate().getEncoded()));
        PrivateFile.write(publicKey, pem("PUBLIC KEY", pair.getPublic().getEncoded()));
      } catch (GeneralSecurityException impossible) {
        throw new IllegalStateException("every JDK has the curve P-256", impossible);
      }
    }
  }

  /// Root's servers run as another user, who cannot pass a folder that only root may enter: the
  /// data is then kept elsewhere and linked.
  private void data(PlatformSettings settings) throws IOException {
    Path data = home.data();
    if (Files.exists(data)) {
      return;
    }
    if (root() && !openToEverybody(home.path())) {
      Path elsewhere = SYSTEM_DATA.resolve(settings.installation());
      Files.createDirectories(elsewhere);
      Files.setPosixFilePermissions(SYSTEM_DATA, PosixFilePermissions.fromString("rwx--x--x"));
      Files.setPosixFilePermissions(elsewhere, PosixFilePermissions.fromString("rwx--x--x"));
      // A link that leads nowhere is left when the data was removed by hand.
      Files.deleteIfExists(data);
      Files.createSymbolicLink(data, elsewhere);
      return;
    }
    Files.createDirectories(data);
    Files.setPosixFilePermissions(
        data, PosixFilePermissions.fromString(root() ? "rwx--x--x" : "rwx------"));
  }

  private static boolean openToEverybody(Path folder) throws IOException {
    for (@Nullable Path at = folder.toRealPath(); at != null; at = at.getParent()) {
      if (!Files.getPosixFilePermissions(at).contains(PosixFilePermission.OTHERS_EXECUTE)) {
        return false;
      }
    }
    return true;
  }

  static boolean root() {
    try {
      return (Integer) Files.getAttribute(Path.of("/proc/self"), "unix:uid") == 0;
    } catch (IOException | UnsupportedOperationException elsewhere) {
      return System.getProperty("user.name", "").equals("root");
    }
  }

  /// Letters and digits only, so that it needs no quoting anywhere.
  static String randomLetters(int length) {
    SecureRandom random = new SecureRandom();
    StringBuilder letters = new StringBuilder();
    for (int i = 0; i < length; i++) {
      letters.append(LETTERS.charAt(random.nextInt(LETTERS.length())));
    }
    return letters.toString();
  }

  private static String pem(String type, byte[] encoded) {
    String body =
        Base64.getMimeEncoder(64, "\n".getBytes(StandardCharsets.US_ASCII)).encodeToString(encoded);
    return "-----BEGIN %s-----\n%s\n-----END %s-----\n".formatted(type, body, type);
  }
}
