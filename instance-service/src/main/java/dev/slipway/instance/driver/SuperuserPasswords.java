package dev.slipway.instance.driver;

/// The passwords of the platform's own role, derived from the installation's key and therefore
/// kept nowhere.
@FunctionalInterface
public interface SuperuserPasswords {

  /// The password that belongs to a name: the same on every call, printable ASCII, unlike that of
  /// any other name. The caller clears the array.
  char[] of(String name);
}
