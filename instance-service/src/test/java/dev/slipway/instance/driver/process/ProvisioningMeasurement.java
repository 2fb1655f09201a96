package dev.slipway.instance.driver.process;

import dev.slipway.common.driver.ScramVerifier;
import dev.slipway.common.operation.Fence;
import dev.slipway.instance.driver.InstanceSpecification;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/// Prints how long provisioning takes, act by act: `java … ProvisioningMeasurement [rounds]`.
final class ProvisioningMeasurement {

  private ProvisioningMeasurement() {}

  interface Act {
    void run() throws Exception;
  }

  public static void main(String[] arguments) throws Exception {
    int rounds = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 15;
    var millis = new TreeMap<String, List<Double>>();
    try (var stage = new ProcessStage()) {
      for (int round = -3; round < rounds; round++) {
        InstanceSpecification specification = stage.specification();
        Fence fence = ProcessStage.fence(specification, 1);
        var times = new TreeMap<String, Double>();
        times.put("0 copy by hand", time(() -> copyByHand(stage)));
        times.put("1 create", time(() -> stage.driver.create(fence, specification)));
        times.put("2 start", time(() -> stage.driver.start(fence, specification)));
        ScramVerifier verifier = ScramVerifier.of("a password".toCharArray());
        times.put(
            "3 secure", time(() -> stage.driver.secure(fence, specification, "demo", verifier)));
        times.put(
            "4 provision", times.get("1 create") + times.get("2 start") + times.get("3 secure"));
        times.put("5 observe", time(() -> stage.driver.observe(specification)));
        times.put("6 observe again", time(() -> stage.driver.observe(specification)));
        times.put("7 stop", time(() -> stage.driver.stop(fence, specification)));
        times.put("8 start again", time(() -> stage.driver.start(fence, specification)));
        times.put(
            "9 destroy",
            time(() -> stage.driver.destroy(fence, specification.instance(), List.of())));
        if (round >= 0) {
          times.forEach(
              (act, time) -> millis.computeIfAbsent(act, key -> new ArrayList<>()).add(time));
        }
      }
    }
    System.out.printf(Locale.ROOT, "%-16s %8s %8s %8s%n", "ms", "median", "min", "max");
    for (Map.Entry<String, List<Double>> entry : millis.entrySet()) {
      List<Double> sorted = entry.getValue().stream().sorted().toList();
      System.out.printf(
          Locale.ROOT,
          "%-16s %8.1f %8.1f %8.1f%n",
          entry.getKey(),
          sorted.get(sorted.size() / 2),
          sorted.getFirst(),
          sorted.getLast());
    }
  }

  /// What the machine gives at this moment: the same files, copied and made durable without us.
  private static void copyByHand(ProcessStage stage) throws Exception {
    Path template;
    try (var entries = Files.newDirectoryStream(stage.root, ".template-*[0-9a-f]")) {
      template = entries.iterator().next();
    }
    Path copy = stage.root.resolve("by-hand");
    run("cp", "-a", template.resolve("data").toString(), copy.toString());
    run("sync", "-f", copy.toString());
    // Not removed before the end: deleting slows the next copy down.
    Files.move(copy, stage.root.resolve("by-hand-" + System.nanoTime()));
  }

  private static void run(String... command) throws Exception {
    new ProcessBuilder(command).inheritIO().start().waitFor();
  }

  private static double time(Act act) throws Exception {
    long began = System.nanoTime();
    act.run();
    return (System.nanoTime() - began) / 1e6;
  }
}
