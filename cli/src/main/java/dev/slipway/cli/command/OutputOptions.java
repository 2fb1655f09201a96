package dev.slipway.cli.command;

import picocli.CommandLine.Option;

/// What every command understands.
final class OutputOptions {

  @Option(
      names = "--json",
      description = "Print the result, or the error, as JSON on standard output.")
  boolean json;

  @Option(
      names = {"-h", "--help"},
      usageHelp = true,
      description = "Show this help.")
  boolean help;
}
