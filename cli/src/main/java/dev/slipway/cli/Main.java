package dev.slipway.cli;

import dev.slipway.cli.command.SlipwayCommand;
import dev.slipway.cli.console.Surroundings;

/// The process.
public final class Main {

  private Main() {}

  public static void main(String[] arguments) {
    // Read once, when the first client is made; see ApplicationCalls.
    System.setProperty("jdk.httpclient.allowRestrictedHeaders", "host");
    System.exit(SlipwayCommand.execute(Surroundings.ofProcess(), arguments));
  }
}
