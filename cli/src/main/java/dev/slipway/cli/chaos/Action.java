package dev.slipway.cli.chaos;

/// One thing that an organization does. Names are its own; delays in milliseconds.
sealed interface Action {

  /// Provisions an instance.
  record Provision(String instance) implements Action {}

  /// Provisions an instance, and cancels while that may still be under way.
  record ProvisionAndCancel(String instance, int afterMillis) implements Action {}

  /// Provisions an instance, and destroys it while that may still be under way.
  record ProvisionAndDestroy(String instance, int afterMillis) implements Action {}

  /// Commits rows, one by one, as the developer.
  record WriteRows(String instance, int count) implements Action {}

  record ResetPassword(String instance) implements Action {}

  record Destroy(String instance) implements Action {}

  /// Links an instance of the organization under another name, as somebody else's server.
  record Link(String name, String instance) implements Action {}

  record Unlink(String name) implements Action {}

  record Register(String application, String instance) implements Action {}

  /// Deploys new code with the migrations 1 to `step`; a step of 0 has none, and no database work.
  record Deploy(String application, int step) implements Action {}

  /// Deploys code whose last migration fails.
  record DeployBroken(String application, int step) implements Action {}

  record DeployAndCancel(String application, int step, int afterMillis) implements Action {}

  /// Deploys, and deletes the application while that may still be under way.
  record DeployAndDelete(String application, int step, int afterMillis) implements Action {}

  /// Deploys the newest version that is kept and does not serve.
  record Redeploy(String application) implements Action {}

  record RollBack(String application) implements Action {}

  record ChangeInstance(String application, String instance, int step) implements Action {}

  /// Sets and removes an environment variable.
  record Secrets(String application, String name) implements Action {}

  record Delete(String application, boolean dropDatabases) implements Action {}

  /// Signs up, registers, and signs in.
  record SignUp(String user) implements Action {}

  /// A call that has to be refused.
  record Invalid(Mistake mistake) implements Action {}

  /// What is wrong with a call.
  enum Mistake {
    BAD_NAME,
    UNKNOWN_INSTANCE,
    UNKNOWN_APPLICATION,
    SHORT_PASSWORD,
    OTHER_ORGANIZATION
  }

  /// `deploy shop_1 3`.
  default String words() {
    String text = toString();
    StringBuilder words = new StringBuilder();
    for (char letter : text.substring(0, text.indexOf('[')).toCharArray()) {
      if (Character.isUpperCase(letter) && !words.isEmpty()) {
        words.append(' ');
      }
      words.append(Character.toLowerCase(letter));
    }
    for (String field : text.substring(text.indexOf('[') + 1, text.length() - 1).split(", ", -1)) {
      words.append(' ').append(field.substring(field.indexOf('=') + 1));
    }
    return words.toString();
  }
}
