package dev.slipway.deploy.api;

/// What names and values may be, in the words of the answer.
final class Rules {

  // The path of a secret's creation would be taken for a deploy of this application.
  static final String APPLICATION = "(?!secrets$)[a-z0-9_-]{3,30}";
  static final String APPLICATION_MESSAGE =
      "must be 3 to 30 characters of a-z, 0-9, - and _, and not be secrets";

  static final String INSTANCE = "[a-z0-9_]{3,16}";
  static final String INSTANCE_MESSAGE = "must be the name of a database instance";

  static final String LANGUAGE = "node|python";
  static final String LANGUAGE_MESSAGE = "must be node or python";

  static final String VERSION = "[0-9]{1,19}";
  static final String VERSION_MESSAGE = "must be the identifier of a version";

  static final int MOST_MEMORY_MIB = 5120;
  static final int MOST_EXECUTORS = 10;

  static final int MOST_SECRETS = 200;

  /// All secrets together have to fit into the environment of a process.
  static final int MOST_SECRET_BYTES = 8 * 1024;

  private Rules() {}
}
