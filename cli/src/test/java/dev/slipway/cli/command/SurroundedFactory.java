package dev.slipway.cli.command;

import dev.slipway.cli.console.Surroundings;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import picocli.CommandLine.IFactory;

/// Makes the commands for looking at, not for running.
record SurroundedFactory(Path folder) implements IFactory {

  @Override
  public <K> K create(Class<K> type) throws Exception {
    return SlipwayCommand.factory(
            new Surroundings(
                Map.of(),
                folder,
                InputStream.nullInputStream(),
                System.out,
                System.err,
                Set.of(),
                folder))
        .create(type);
  }
}
