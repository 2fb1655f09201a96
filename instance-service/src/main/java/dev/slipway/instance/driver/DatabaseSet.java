package dev.slipway.instance.driver;

import dev.slipway.common.contract.instance.DatabaseOperations;
import dev.slipway.common.ledger.Resource;
import dev.slipway.common.operation.Fence;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// One application's databases on one instance, and the role that owns them. Its subject is of its
/// own, so that the sets of two applications do not wait for each other.
///
/// Names are checked here, before anything happens: they come from other services and end in
/// statements.
///
/// @param databases the application's own first
/// @param ancestors applications that left this role and these databases to this one: what bears
///     their mark is this one's too
public record DatabaseSet(
    String instance,
    String application,
    String role,
    List<String> databases,
    Set<String> ancestors) {

  private static final int MOST_DATABASES = 8;
  private static final Pattern APPLICATION = Pattern.compile("app_[0-9a-z]{26}");
  private static final Pattern NAME = Pattern.compile("[a-z_][a-z0-9_]{0,62}");
  private static final Set<String> KEPT =
      Set.of("postgres", "template0", "template1", "slipway", "public", "none");

  /// @throws IllegalArgumentException when one of them is no name that an application may have
  public DatabaseSet {
    InstanceSpecification.requireIdentifier(instance);
    if (!matches(APPLICATION, application)) {
      throw new IllegalArgumentException("not the identifier of an application");
    }
    requireName(role);
    if (databases == null) {
      throw new IllegalArgumentException("an application has databases");
    }
    databases.forEach(DatabaseSet::requireName);
    if (databases.isEmpty()
        || databases.size() > MOST_DATABASES
        || new HashSet<>(databases).size() != databases.size()) {
      throw new IllegalArgumentException(
          "an application has 1 to %d databases of different names".formatted(MOST_DATABASES));
    }
    if (!ancestors.stream().allMatch(ancestor -> matches(APPLICATION, ancestor))) {
      throw new IllegalArgumentException("not the identifier of an application");
    }
    databases = List.copyOf(databases);
    ancestors = Set.copyOf(ancestors);
  }

  /// A set that nobody had before.
  public DatabaseSet(String instance, String application, String role, List<String> databases) {
    this(instance, application, role, databases, Set.of());
  }

  public DatabaseSet inheritedFrom(Set<String> applications) {
    return new DatabaseSet(instance, application, role, databases, applications);
  }

  /// Whether what bears an application's mark is this set's.
  public boolean has(@Nullable String marked) {
    return application.equals(marked) || (marked != null && ancestors.contains(marked));
  }

  /// What a database or role of an application may be called.
  private static void requireName(@Nullable String name) {
    if (name == null || !matches(NAME, name) || name.startsWith("pg_") || KEPT.contains(name)) {
      throw new IllegalArgumentException(
          "a role or database of an application cannot have this name");
    }
  }

  private static boolean matches(Pattern form, @Nullable String text) {
    return text != null && form.matcher(text).matches();
  }

  /// The subject of its operations and fences, `dbs_…`.
  public String subject() {
    return DatabaseOperations.subject(instance, application);
  }

  public void requireSubject(Fence fence) {
    if (!fence.subject().equals(subject())) {
      throw new IllegalArgumentException("the fence is not that of these databases");
    }
  }

  /// The ledger rows to write before anything of it is made. They carry the instance, on which such
  /// names are unique, so that two applications that want the same cannot both have it.
  public List<Resource> resources() {
    return Stream.concat(
            Stream.of(new Resource("role", qualified(role))),
            databases.stream().map(name -> new Resource("database", qualified(name))))
        .toList();
  }

  private String qualified(String name) {
    return instance + '/' + name;
  }

  /// The name that a ledger row of this instance is about.
  ///
  /// @throws IllegalArgumentException when it is of another instance, or no name at all
  public String nameOf(Resource resource) {
    String name = resource.name().substring(resource.name().indexOf('/') + 1);
    if (!resource.name().equals(qualified(name))) {
      throw new IllegalArgumentException("not a thing of this instance");
    }
    requireName(name);
    return name;
  }
}
