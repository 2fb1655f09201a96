package dev.slipway.deploy.domain;

import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// The applications that exist, in the transaction of whoever calls, or in one of its own.
public interface Applications {

  /// Adds it under the name that its organization has now, whatever it had when it was asked for.
  ///
  /// @throws IllegalStateException when the name, or the database on that instance, is taken
  void add(Application application);

  Optional<Application> byId(String id);

  Optional<Application> find(String organization, String name);

  /// In the order of their names.
  List<Application> list(String organization);

  /// Of every organization, for the reconciler.
  List<Application> all();

  /// How many an organization has, in whatever state.
  long count(String organization);

  /// The same with those that are just being registered. Whoever asks next, until this transaction
  /// has ended, waits for that.
  long countBegun(String organization);

  /// What the next deploy will use.
  void configure(String id, int memoryMib, int minimumExecutors);

  /// Requests go to this version from now on, to none when it is null.
  ///
  /// @return the revision of the route to tell
  long serve(String id, @Nullable String version);

  /// Its own database is to have this name.
  ///
  /// @return false when another application has it on that instance
  boolean named(String id, String database);

  /// Its databases are on this instance now.
  void moved(String id, String instance, String instanceName);

  /// The organization has another name; its applications' routes have to be told again.
  ///
  /// @return the applications, each with the revision to tell
  List<Application> renamed(String organization, String newName);

  /// It is no more; its name is free.
  void remove(String id);
}
