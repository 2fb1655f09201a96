package dev.slipway.deploy.driver.docker;

import com.github.dockerjava.api.model.HealthCheck;
import com.github.dockerjava.api.model.HostConfig;
import com.github.dockerjava.api.model.Mount;
import com.github.dockerjava.api.model.MountType;
import com.github.dockerjava.api.model.VolumeOptions;
import dev.slipway.common.operation.DriverFailure;
import dev.slipway.deploy.driver.Folders;
import dev.slipway.deploy.driver.RuntimeArguments;
import dev.slipway.deploy.driver.VersionReference;
import dev.slipway.docker.Claims;
import dev.slipway.docker.Claims.Overtaken;
import dev.slipway.docker.Confinement;
import dev.slipway.docker.Engine;
import dev.slipway.docker.Engine.Change;
import dev.slipway.docker.Engine.Configuration;
import dev.slipway.docker.Engine.Image;
import dev.slipway.docker.Engine.Listed;
import dev.slipway.docker.Engine.Network;
import dev.slipway.docker.Engine.Seen;
import dev.slipway.docker.ImagePull;
import dev.slipway.docker.Names;
import dev.slipway.docker.Networks;
import dev.slipway.docker.Turns.Turn;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.jspecify.annotations.Nullable;

/// The folders of versions: each is a container, which commands run in. Its files are the base
/// image's, or those of a kept tree of packages on top of it, and the version's own; or those
/// of the image that the version's own Dockerfile makes, and nothing else.
///
/// A new one is filled under another name, `….draft`, and gets its own name when it is complete.
/// One that takes the place of another moves that aside first, to `….old`, so that whoever comes
/// after a crash finds the one or the other whole.
final class VersionFolders {

  /// What a container is for: [#FOLDER] or [ExecutorContainers#EXECUTOR].
  static final String ROLE = "dev.slipway.role";

  static final String FOLDER = "folder";

  /// Of what is made while a Dockerfile is built.
  static final String BUILD = "build";

  private static final String STAGE = "stage-";

  /// Of an image with packages.
  static final String TREE = "dev.slipway.tree";

  /// Of a folder that is what the version's own Dockerfile made: which image that is.
  private static final String BUILT = "dev.slipway.built";

  /// Which base image is below a folder.
  private static final String BASE = "dev.slipway.base";

  /// What was committed to an image.
  private static final String STATE = "dev.slipway.state";

  private static final String DRAFT = ".draft";
  private static final String OLD = ".old";

  /// Installs and builds use more than the application.
  private static final long COMMAND_MEMORY = 2_048L << 20;

  /// They are content with the time that everything that serves leaves, which has 1,024 each.
  private static final int COMMAND_SHARES = 128;

  private static final Map<String, String> TEMPORARY =
      Map.of("/tmp", "rw,exec,nosuid,nodev,size=1g,mode=1777");

  /// What an image calls a volume is kept by nobody. What the image has there is in it.
  private static final String VOLUME =
      "rw,exec,nosuid,nodev,size=64m,uid=%1$d,gid=%1$d".formatted(VersionFiles.USER);

  /// Of the folders that the platform fills.
  private static final Configuration USUAL =
      new Configuration(VersionFiles.FOLDER, List.of(), Set.of());

  private static final Duration TRYING = Duration.ofSeconds(90);
  private static final int LOOK_AGAIN_MILLIS = 20;

  /// A process's status is more than this then.
  private static final int ENDED_BY_A_SIGNAL = 128;

  private final DockerRuntimeSettings settings;
  private final TemporaryFiles temporaryFiles;
  private final Engine engine;
  private final Names names;
  private final Networks networks;
  private final Claims claims;
  private final Owners owners;
  private final Confinement confinement;
  private final ImagePull node;
  private final ImagePull python;

  VersionFolders(
      DockerRuntimeSettings settings,
      Engine engine,
      Names names,
      Networks networks,
      Claims claims,
      Owners owners,
      Confinement confinement) {
    this.settings = settings;
    this.temporaryFiles = new TemporaryFiles(settings.directory());
    this.engine = engine;
    this.names = names;
    this.networks = networks;
    this.claims = claims;
    this.owners = owners;
    this.confinement = confinement;
    this.node = new ImagePull(engine, settings.nodeImage(), "slipway.docker.node-image");
    this.python = new ImagePull(engine, settings.pythonImage(), "slipway.docker.python-image");
  }

  /// Writes the entries of an archive for the root of a container.
  @FunctionalInterface
  private interface Filling {
    void write(TarArchiveOutputStream archive)
        throws IOException, DriverFailure, InterruptedException;
  }

  private static String thing(VersionReference version) {
    return version.application() + '-' + version.version();
  }

  private Map<String, String> folders(VersionReference version) {
    var labels = new HashMap<>(names.of(Names.APPLICATION, version.application()));
    labels.put(Names.VERSION, version.version());
    labels.put(ROLE, FOLDER);
    return labels;
  }

  /// The folder's container, looked at without taking it; empty when there is none.
  Optional<Seen> look(VersionReference version) throws DriverFailure, InterruptedException {
    List<Listed> containers = engine.containers(folders(version));
    Optional<Listed> found = claims.of(thing(version), containers).stream().findFirst();
    if (found.isEmpty()) {
      found = claims.of(thing(version) + OLD, containers).stream().findFirst();
    }
    return found.isEmpty() ? Optional.empty() : engine.inspect(found.get().id());
  }

  /// Takes the folder's container, with the place of one that was being changed put in order.
  Optional<Listed> claim(Turn turn, VersionReference version)
      throws DriverFailure, InterruptedException {
    String thing = thing(version);
    Optional<Listed> draft = claim(turn, version, thing + DRAFT);
    if (draft.isPresent()) {
      engine.remove(turn, draft.get().name());
    }
    Optional<Listed> found = claim(turn, version, thing);
    Optional<Listed> old = claim(turn, version, thing + OLD);
    if (old.isPresent() && found.isPresent()) {
      engine.remove(turn, old.get().name());
    } else if (old.isPresent()) {
      String container = old.get().name();
      String name = names.container(thing, turn.epoch());
      engine.rename(turn, container, name);
      return claim(turn, version, thing);
    }
    return found;
  }

  private Optional<Listed> claim(Turn turn, VersionReference version, String thing)
      throws DriverFailure, InterruptedException {
    return claims.claim(turn, thing, () -> claims.of(thing, engine.containers(folders(version))));
  }

  /// The same, looked at.
  Optional<Seen> claimed(Turn turn, VersionReference version)
      throws DriverFailure, InterruptedException {
    Optional<Listed> listed = claim(turn, version);
    if (listed.isEmpty()) {
      return Optional.empty();
    }
    Optional<Seen> seen = engine.inspect(listed.get().name());
    if (seen.isEmpty()) {
      throw claims.vanished(turn);
    }
    return seen;
  }

  Seen require(Turn turn, VersionReference version) throws DriverFailure, InterruptedException {
    return claimed(turn, version).orElseThrow(VersionFolders::notUnpacked);
  }

  static DriverFailure notUnpacked() {
    return new DriverFailure.Permanent("not-unpacked", "this version has no folder");
  }

  // ---- Making

  void adopt(Turn turn, VersionReference version, Path unpacked)
      throws DriverFailure, InterruptedException {
    Optional<Seen> there = claimed(turn, version);
    boolean dockerfile = Files.exists(unpacked.resolve(BuildContext.DOCKERFILE));
    if (there.isEmpty() || (dockerfile && there.filter(VersionFolders::isBuilt).isPresent())) {
      if (!Files.isDirectory(unpacked)) {
        throw notUnpacked();
      }
      // Where a Dockerfile is to be built, nothing runs in the image that its archive waits in.
      ImagePull base = dockerfile || Files.exists(unpacked.resolve("package.json")) ? node : python;
      String image = base == node ? settings.nodeImage() : settings.pythonImage();
      String draft = draft(turn, version, image, Map.of(BASE, image), USUAL, base);
      fill(
          turn,
          draft,
          archive -> {
            VersionFiles.unpacked(archive, unpacked);
            own(archive, VersionFiles.FOLDER);
            VersionFiles.record(archive, FolderRecord.NEW);
          });
      place(turn, version, draft);
    }
    remove(unpacked);
  }

  /// @param image   what it is made from
  /// @param from    labels that say what that is
  /// @param content what the image says of itself
  /// @param pull    of the base image
  private String draft(
      Turn turn,
      VersionReference version,
      String image,
      Map<String, String> from,
      Configuration content,
      @Nullable ImagePull pull)
      throws DriverFailure, InterruptedException {
    String organization = owners.organization(version.application());
    Network network = networks.of(organization);
    var labels =
        new HashMap<>(
            names.labels(organization, Names.APPLICATION, version.application(), turn.epoch()));
    Map<String, String> volume = Map.copyOf(labels);
    labels.put(Names.VERSION, version.version());
    labels.put(ROLE, FOLDER);
    labels.putAll(from);
    String home = names.volume(version.application());
    claims.volume(version.application());
    HostConfig host =
        confinement
            .of(network, COMMAND_MEMORY)
            .withCpuShares(COMMAND_SHARES)
            .withTmpFs(temporary(TEMPORARY, content))
            .withMounts(
                List.of(
                    new Mount()
                        .withType(MountType.VOLUME)
                        .withSource(home)
                        .withTarget(VersionFiles.HOME)
                        .withVolumeOptions(new VolumeOptions().withLabels(volume))));
    String name = names.container(thing(version) + DRAFT, turn.epoch());
    try {
      if (!engine.create(
          turn,
          engine
              .container(image)
              .withName(name)
              .withUser(VersionFiles.USER + ":" + VersionFiles.USER)
              .withWorkingDir(content.folder())
              .withEntrypoint("/bin/sh", VersionFiles.INIT, "command")
              .withHealthcheck(new HealthCheck().withTest(List.of("NONE")))
              .withStopSignal("SIGTERM")
              .withStdinOpen(true)
              .withStdInOnce(true)
              .withLabels(labels)
              .withHostConfig(host))) {
        throw claims.taken(name);
      }
    } catch (DriverFailure.Permanent failure) {
      throw failure.code().equals("image-missing") && pull != null ? pull.missing() : failure;
    }
    Optional<Overtaken> overtaken = claims.overtaken(turn, name);
    if (overtaken.isPresent()) {
      throw overtaken.get().failure();
    }
    return name;
  }

  /// With the folders that an image calls volumes.
  static Map<String, String> temporary(Map<String, String> usual, Configuration content) {
    var temporary = new HashMap<String, String>();
    content.volumes().forEach(volume -> temporary.put(volume, VOLUME));
    temporary.putAll(usual);
    return temporary;
  }

  private void fill(Turn turn, String container, Filling filling)
      throws DriverFailure, InterruptedException {
    try {
      Path file = temporaryFiles.create();
      try {
        try (var archive = VersionFiles.archive(Files.newOutputStream(file))) {
          filling.write(archive);
        }
        if (engine.write(turn, container, "/", file) != Change.DONE) {
          throw claims.vanished(turn);
        }
      } finally {
        Files.deleteIfExists(file);
      }
    } catch (IOException e) {
      throw unreadable(e);
    }
  }

  /// What the platform puts there, of the version of now.
  private void own(TarArchiveOutputStream archive, String folder) throws IOException {
    VersionFiles.own(archive, folder, settings.authority(), settings.machine());
  }

  private static DriverFailure unreadable(IOException cause) {
    return new DriverFailure.Transient(
        "unreadable", "a version's files cannot be read or written", cause);
  }

  /// Gives a draft that is complete its name.
  private void place(Turn turn, VersionReference version, String draft)
      throws DriverFailure, InterruptedException {
    String name = names.container(thing(version), turn.epoch());
    String old = names.container(thing(version) + OLD, turn.epoch());
    boolean replaces = engine.rename(turn, name, old) == Change.DONE;
    if (engine.rename(turn, draft, name) != Change.DONE) {
      throw claims.vanished(turn);
    }
    if (replaces) {
      engine.remove(turn, old);
    }
  }

  private static void remove(Path folder) throws DriverFailure {
    try {
      Folders.remove(folder);
    } catch (IOException e) {
      throw unreadable(e);
    }
  }

  // ---- Texts

  Optional<String> read(VersionReference version, List<String> parts)
      throws DriverFailure, InterruptedException {
    Seen folder = look(version).orElseThrow(VersionFolders::notUnpacked);
    return read(folder.id(), folder.folder() + '/' + String.join("/", parts));
  }

  private Optional<String> read(String container, String path)
      throws DriverFailure, InterruptedException {
    var text = new Text();
    engine.copyOut(container, path, text);
    if (text.tooLong) {
      throw new DriverFailure.Permanent("too-long", "%s is longer than 4 MiB".formatted(path));
    }
    return Optional.ofNullable(text.found);
  }

  /// Takes a text out of an archive with one file.
  private static final class Text implements Engine.Receiver {

    private @Nullable String found;
    private boolean tooLong;

    @Override
    public void receive(TarArchiveInputStream archive) throws IOException {
      TarArchiveEntry entry = archive.getNextEntry();
      if (entry != null && entry.isFile() && !entry.isSymbolicLink()) {
        tooLong = entry.getSize() > RuntimeArguments.LONGEST_TEXT;
        found = tooLong ? null : new String(archive.readAllBytes(), StandardCharsets.UTF_8);
      }
    }
  }

  void write(Turn turn, VersionReference version, String path, String text)
      throws DriverFailure, InterruptedException {
    Seen folder = require(turn, version);
    FolderRecord record = record(folder).changed();
    fill(
        turn,
        folder.name(),
        archive -> {
          VersionFiles.versionText(archive, folder.folder(), path, text);
          VersionFiles.record(archive, record);
        });
  }

  FolderRecord record(Seen folder) throws DriverFailure, InterruptedException {
    return read(folder.id(), VersionFiles.RECORD).map(FolderRecord::parse).orElse(FolderRecord.NEW);
  }

  void note(Turn turn, Seen folder, FolderRecord record)
      throws DriverFailure, InterruptedException {
    note(turn, folder.name(), record);
  }

  private void note(Turn turn, String container, FolderRecord record)
      throws DriverFailure, InterruptedException {
    fill(turn, container, archive -> VersionFiles.record(archive, record));
  }

  // ---- Trees of packages

  private String treeImage(VersionReference version, String tree) {
    return names.image(version.application(), "tree-" + tree);
  }

  /// The version's own files on top of the packages of a tree.
  boolean useTree(Turn turn, VersionReference version, String tree)
      throws DriverFailure, InterruptedException {
    Seen folder = require(turn, version);
    String image = treeImage(version, tree);
    Optional<Image> kept = kept(image, folder);
    if (kept.isEmpty()) {
      return false;
    }
    if (folder.image().equals(kept.get().id())) {
      return true;
    }
    FolderRecord record = record(folder);
    String draft = draft(turn, version, image, Map.of(BASE, base(folder)), USUAL, null);
    fill(
        turn,
        draft,
        archive -> {
          ownAndCopied(archive, folder, false);
          VersionFiles.record(archive, record.changed());
        });
    place(turn, version, draft);
    return true;
  }

  /// Keeps the packages of a folder as an image of their own, on the base image, and lets the
  /// folder use that: what is large is there once.
  void keepTree(Turn turn, VersionReference version, String tree)
      throws DriverFailure, InterruptedException {
    Seen folder = require(turn, version);
    String image = treeImage(version, tree);
    if (kept(image, folder).isPresent()) {
      return;
    }
    String draft = draft(turn, version, base(folder), Map.of(BASE, base(folder)), USUAL, null);
    fill(turn, draft, archive -> ownAndCopied(archive, folder, true));
    if (engine.commit(turn, draft, image, Map.of(TREE, tree, Names.VERSION, "", ROLE, "tree"))
        != Change.DONE) {
      throw claims.vanished(turn);
    }
    engine.remove(turn, draft);
    useTree(turn, version, tree);
  }

  private void ownAndCopied(TarArchiveOutputStream archive, Seen folder, boolean packages)
      throws IOException, DriverFailure, InterruptedException {
    VersionFiles.folder(archive);
    own(archive, VersionFiles.FOLDER);
    engine.copyOut(
        folder.id(),
        VersionFiles.FOLDER,
        (TarArchiveInputStream from) -> VersionFiles.copy(from, packages, archive));
  }

  /// The image of a tree, unless it is on top of another base image: that has another Node.js.
  private Optional<Image> kept(String image, Seen folder)
      throws DriverFailure, InterruptedException {
    return engine
        .image(image)
        .filter(found -> base(folder).equals(found.labels().getOrDefault(BASE, "")));
  }

  private static String base(Seen folder) {
    return folder.labels().getOrDefault(BASE, folder.image());
  }

  /// Forgets the trees that are not among these. One that a folder still uses stays as an image
  /// that no other version finds, until the folder is gone.
  void forgetTrees(Collection<String> needed) throws DriverFailure, InterruptedException {
    for (Image image : engine.images(names.everything())) {
      String tree = image.labels().getOrDefault(TREE, "");
      if (!tree.isEmpty() && !needed.contains(tree)) {
        String application = image.labels().getOrDefault(Names.APPLICATION, "");
        String kept = names.image(application, "tree-" + tree);
        String forgotten = names.image(application, "forgotten-" + tree);
        if (image.names().contains(kept)) {
          engine.tag(image.id(), forgotten);
          engine.removeImage(kept);
        }
        engine.removeImage(forgotten);
      }
    }
  }

  // ---- The version's own Dockerfile

  private static boolean isBuilt(Seen folder) {
    return !folder.labels().getOrDefault(BUILT, "").isEmpty();
  }

  private String built(VersionReference version) {
    return names.image(version.application(), "built-" + version.version());
  }

  /// What is to be built; empty when the folder is what was built. The context is the caller's to
  /// remove.
  ///
  /// @param run that is noted as ended then
  Optional<Engine.Recipe> recipe(Turn turn, VersionReference version, String run)
      throws DriverFailure, InterruptedException {
    Seen folder = require(turn, version);
    if (isBuilt(folder)) {
      note(turn, folder, ended(record(folder), run));
      return Optional.empty();
    }
    String dockerfile =
        read(version, List.of(BuildContext.DOCKERFILE))
            .orElseThrow(
                () ->
                    new DriverFailure.Permanent("no-dockerfile", "the version has no Dockerfile"));
    String ignored = read(version, List.of(BuildContext.IGNORED)).orElse("");
    String organization = owners.organization(version.application());
    // The same for each version of an application, as far as there is to be anything in the
    // engine's cache; and whatever a base image says, this is what it is.
    var labels = new HashMap<String, String>();
    List.of(Names.INSTANCE, Names.VERSION, Names.RECIPE, Names.JOINS, Names.EPOCH, TREE, BASE)
        .forEach(label -> labels.put(label, ""));
    List.of(STATE, BUILT, ExecutorContainers.ID, ExecutorContainers.ENDPOINTS)
        .forEach(label -> labels.put(label, ""));
    labels.putAll(names.of(Names.APPLICATION, version.application()));
    labels.put(Names.ORGANIZATION, organization);
    labels.put(ROLE, BUILD);
    Network network = networks.of(organization);
    int processors = confinement.wholeProcessors();
    return Optional.of(
        new Engine.Recipe(
            context(folder, dockerfile, ignored, labels),
            BuildContext.LABELLED,
            built(version),
            Map.of(Names.VERSION, version.version()),
            network,
            COMMAND_MEMORY,
            COMMAND_SHARES,
            processors));
  }

  private Path context(Seen folder, String dockerfile, String ignored, Map<String, String> labels)
      throws DriverFailure, InterruptedException {
    try {
      Path context = temporaryFiles.create();
      boolean written = false;
      try (OutputStream target = Files.newOutputStream(context)) {
        written =
            engine.copyOut(
                folder.id(),
                folder.folder(),
                archive -> BuildContext.write(archive, dockerfile, ignored, labels, target));
      } finally {
        if (!written) {
          Files.deleteIfExists(context);
        }
      }
      return context;
    } catch (IOException e) {
      throw unreadable(e);
    }
  }

  private static FolderRecord ended(FolderRecord record, String run) {
    return record.begun(run, Instant.EPOCH).settled(0, Instant.EPOCH);
  }

  /// Keeps a stage of a build for those of later versions, as long as this version is there.
  ///
  /// @param stage as the build's output calls the image; the output may lie
  void keepStage(VersionReference version, String stage, int number)
      throws DriverFailure, InterruptedException {
    Optional<Image> image =
        engine
            .image(stage)
            .filter(
                it ->
                    version.application().equals(it.labels().getOrDefault(Names.APPLICATION, "")));
    if (image.isPresent()) {
      engine.tag(
          image.get().id(),
          names.image(version.application(), STAGE + version.version() + '-' + number));
    }
  }

  /// Whether an image has a name that keeps it for a version's sake.
  static boolean isStage(String image, VersionReference version) {
    return image.contains(':' + STAGE + version.version() + '-');
  }

  /// Makes the folder anew from the image that was built; what the archive had is where the
  /// Dockerfile has put it, or nowhere.
  void useBuilt(Turn turn, VersionReference version, String run)
      throws DriverFailure, InterruptedException {
    Seen folder = require(turn, version);
    if (isBuilt(folder)) {
      return;
    }
    String name = built(version);
    Optional<Image> image = engine.image(name);
    Optional<Configuration> content = engine.configuration(name);
    if (image.isEmpty() || content.isEmpty()) {
      throw new DriverFailure.Permanent("image-missing", "the image %s is gone".formatted(name));
    }
    String draft = draft(turn, version, image.get().id(), Map.of(BUILT, name), content.get(), null);
    fill(
        turn,
        draft,
        archive -> {
          own(archive, content.get().folder());
          // Before anything of it runs: what the image has there is the application's.
          VersionFiles.record(archive, FolderRecord.NEW);
        });
    tryOut(turn, draft);
    note(turn, draft, ended(FolderRecord.NEW, run));
    place(turn, version, draft);
  }

  /// Commands and executors run through `init.sh`, so an image in which that cannot run is found
  /// out here.
  private void tryOut(Turn turn, String draft) throws DriverFailure, InterruptedException {
    if (!engine.copyOut(draft, "/bin/sh", archive -> {})) {
      throw unsuitable("/bin/sh");
    }
    engine.start(turn, draft, Feed.of(List.of(":"), Map.of(), Map.of(), Set.of(), false));
    Instant deadline = Instant.now().plus(TRYING);
    Optional<Seen> seen = engine.inspect(draft);
    while (seen.filter(Seen::running).isPresent() && Instant.now().isBefore(deadline)) {
      Thread.sleep(LOOK_AGAIN_MILLIS);
      seen = engine.inspect(draft);
    }
    if (seen.isEmpty()) {
      throw claims.vanished(turn);
    }
    if (seen.get().exitCode() > ENDED_BY_A_SIGNAL) {
      throw new DriverFailure.Transient("busy", "the engine has ended what was tried out");
    }
    if (seen.get().running() || seen.get().exitCode() != 0) {
      throw unsuitable("sed, awk, mkfifo and timeout");
    }
  }

  /// Into the organization's network, after the one it was made for was removed.
  void reconnect(VersionReference version, Seen folder) throws DriverFailure, InterruptedException {
    Network network = networks.of(owners.organization(version.application()));
    engine.connect(network.id(), folder.name());
  }

  private static DriverFailure unsuitable(String missing) {
    return new DriverFailure.Permanent(
        "image-unsuitable",
        "the image that the Dockerfile makes has no %s: the platform starts applications through /bin/sh, sed, awk, mkfifo and timeout; end with a FROM that has them, as debian, alpine and what is made of these do, scratch and distroless images do not"
            .formatted(missing));
  }

  /// How what the Dockerfile made starts that is told nothing else.
  String start(VersionReference version) throws DriverFailure, InterruptedException {
    Seen folder = look(version).orElseThrow(VersionFolders::notUnpacked);
    List<String> words =
        engine.configuration(folder.image()).map(Configuration::command).orElse(List.of());
    if (words.isEmpty()) {
      throw new DriverFailure.Permanent(
          "no-start-command",
          "the Dockerfile has neither CMD nor ENTRYPOINT, and dbos-config.yaml no runtimeConfig.start");
    }
    return words.stream().map(Feed::quoted).collect(Collectors.joining(" ", "exec ", ""));
  }

  // ---- Images

  /// The image of the folder as it is now, made where there is none.
  String image(Turn turn, VersionReference version) throws DriverFailure, InterruptedException {
    Seen folder = require(turn, version);
    String state = Names.fingerprint(folder.id() + folder.started() + record(folder));
    String name = names.image(version.application(), version.version());
    Optional<Image> before = engine.image(name);
    if (before.isPresent() && state.equals(before.get().labels().get(STATE))) {
      return name;
    }
    if (engine.commit(turn, folder.name(), name, Map.of(STATE, state, ROLE, "version", TREE, ""))
        != Change.DONE) {
      throw claims.vanished(turn);
    }
    if (before.isPresent()) {
      // Refused while an executor runs from it; it goes with the version then.
      engine.removeImage(before.get().id());
    }
    return name;
  }
}
