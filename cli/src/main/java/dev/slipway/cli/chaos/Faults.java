package dev.slipway.cli.chaos;

import dev.slipway.cli.chaos.Fault.Kind;
import dev.slipway.cli.chaos.Fault.Target;
import dev.slipway.cli.chaos.Journal.Done;
import dev.slipway.cli.chaos.Victims.Victim;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/// Breaks what the schedule says, when it says it. A paused process is continued by a thread of its
/// own, so that others break meanwhile; whatever happens, nothing stays paused.
final class Faults {

  private static final int LOOK_MILLIS = 50;
  private static final Duration COMMAND_PATIENCE = Duration.ofSeconds(5);

  private final Victims victims;
  private final Journal journal;
  private final GatewayWatch gateway;
  private final BooleanSupplier stopping;
  private final List<Thread> holding = new ArrayList<>();

  Faults(Victims victims, Journal journal, GatewayWatch gateway, BooleanSupplier stopping) {
    this.victims = victims;
    this.journal = journal;
    this.gateway = gateway;
    this.stopping = stopping;
  }

  /// Returns when all is done, or the run is stopping, and nothing is paused any more.
  void run(List<Fault> faults) throws InterruptedException {
    Duration began = journal.now();
    try {
      for (Fault fault : faults) {
        while (journal.now().minus(began).compareTo(fault.at()) < 0) {
          if (stopping.getAsBoolean()) {
            return;
          }
          TimeUnit.MILLISECONDS.sleep(LOOK_MILLIS);
        }
        awaitCommand(fault);
        Optional<Victim> victim = victims.of(fault);
        if (victim.isPresent()) {
          cause(fault, victim.get());
        }
      }
    } finally {
      for (Thread hold : holding) {
        hold.join();
      }
      journal.faultsEnded();
    }
  }

  /// Commands are short: one that is to be broken is waited for a little.
  private void awaitCommand(Fault fault) throws InterruptedException {
    Duration began = journal.now();
    while (fault.target() == Target.COMMAND
        && !stopping.getAsBoolean()
        && victims.of(Target.COMMAND).isEmpty()
        && journal.now().minus(began).compareTo(COMMAND_PATIENCE) < 0) {
      TimeUnit.MILLISECONDS.sleep(LOOK_MILLIS);
    }
  }

  private void cause(Fault fault, Victim victim) throws InterruptedException {
    boolean door = victim.target() == Target.GATEWAY;
    Duration at = journal.now();
    Optional<ProcessHandle> process = ProcessHandle.of(victim.pid());
    if (door) {
      gateway.away(at);
    }
    try {
      victim.struck().strike(fault.kind());
    } catch (IOException gone) {
      return;
    }
    if (fault.kind() != Kind.PAUSE) {
      journal.broke(new Done(fault, victim.words(), victim.owner(), victim.pid(), at, at));
      if (door) {
        gateway.comingBack(process);
      }
      return;
    }
    holding.add(
        Thread.ofPlatform()
            .name("hold-" + victim.pid())
            .start(
                () -> {
                  hold(fault.held());
                  goOn(victim);
                  journal.broke(
                      new Done(
                          fault, victim.words(), victim.owner(), victim.pid(), at, journal.now()));
                  if (door) {
                    gateway.comingBack(Optional.empty());
                  }
                }));
  }

  private void hold(Duration time) {
    Duration until = journal.now().plus(time);
    while (journal.now().compareTo(until) < 0 && !stopping.getAsBoolean()) {
      try {
        TimeUnit.MILLISECONDS.sleep(LOOK_MILLIS);
      } catch (InterruptedException stopped) {
        Thread.currentThread().interrupt();
        return;
      }
    }
  }

  private static void goOn(Victim victim) {
    boolean interrupted = Thread.interrupted();
    try {
      victim.struck().goOn();
    } catch (IOException gone) {
      // It was removed meanwhile, paused as it was.
    } catch (InterruptedException again) {
      interrupted = true;
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
