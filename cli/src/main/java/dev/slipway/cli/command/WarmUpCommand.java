package dev.slipway.cli.command;

import picocli.CommandLine.Command;

/// Does nothing but touch what the other commands use, for the cache that the build makes.
@Command(name = "warm-up", hidden = true)
final class WarmUpCommand implements Runnable {

  @Override
  public void run() {}
}
