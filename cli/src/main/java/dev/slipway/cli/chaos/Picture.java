package dev.slipway.cli.chaos;

import dev.slipway.cli.chaos.ChaosRun.Result;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/// A run over time as SVG: operations as bars in the colour of their outcome, faults as marks, the
/// times without a gateway, and requests that failed.
final class Picture {

  private static final int LEFT = 120;
  private static final int WIDTH = 1400;
  private static final int RIGHT = 20;
  private static final int LANE = 7;
  private static final int ROW = 16;

  private static final Map<String, String> COLOURS = new LinkedHashMap<>();

  static {
    COLOURS.put("succeeded", "#2e8b57");
    COLOURS.put("undone", "#d98c00");
    COLOURS.put("cancelled", "#8a6fc0");
    COLOURS.put("superseded", "#4a7fb5");
    COLOURS.put("refused", "#777777");
    COLOURS.put("abandoned", "#777777");
    COLOURS.put("stuck", "#c62828");
  }

  private final Result result;
  private final StringBuilder svg = new StringBuilder();
  private final double pixelsPerMillisecond;
  private int y = 30;

  private Picture(Result result) {
    this.result = result;
    long whole = Math.max(1, result.took().minus(result.began()).toMillis());
    this.pixelsPerMillisecond = (double) (WIDTH - LEFT - RIGHT) / whole;
  }

  static String of(Result result) {
    Picture picture = new Picture(result);
    picture.draw();
    return picture.whole();
  }

  private void draw() {
    legend();
    int top = y;
    Observations seen = result.observations();
    if (seen != null) {
      seen.organizations().forEach((name, listed) -> operations(name, listed.operations()));
    }
    faults();
    requests();
    axis(top);
  }

  private String whole() {
    return """
        <svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" font-family="sans-serif" font-size="11">
        <rect width="100%%" height="100%%" fill="#ffffff"/>
        %s</svg>
        """
        .formatted(WIDTH, y + 10, WIDTH, y + 10, svg);
  }

  private void legend() {
    int x = LEFT;
    for (Map.Entry<String, String> colour : COLOURS.entrySet()) {
      if (colour.getKey().equals("abandoned")) {
        continue;
      }
      rectangle(x, 10, 12, 8, colour.getValue(), "");
      text(x + 16, 18, colour.getKey());
      x += 90;
    }
    text(x, 18, "▼ kill   ■ pause   ▲ restart   ✕ failed request");
  }

  private void operations(String organization, List<Observations.Operation> all) {
    // Bars that overlap in time lie in different lanes.
    List<Double> lanes = new ArrayList<>();
    List<Observations.Operation> ordered =
        all.stream()
            .sorted(Comparator.comparingLong(Observations.Operation::createdAtMillis))
            .toList();
    int base = y;
    text(6, base + 10, organization);
    for (Observations.Operation operation : ordered) {
      double from = x(operation.createdAtMillis() - result.beganAt());
      double to =
          operation
              .endedAtMillis()
              .map(it -> x(it - result.beganAt()))
              .orElse((double) (WIDTH - RIGHT));
      if (to < LEFT) {
        continue;
      }
      int lane = 0;
      while (lane < lanes.size() && lanes.get(lane) > from - 1) {
        lane++;
      }
      double end = Math.max(to, from + 2);
      if (lane == lanes.size()) {
        lanes.add(end);
      } else {
        lanes.set(lane, end);
      }
      String outcome = operation.outcome().isEmpty() ? operation.phase() : operation.outcome();
      rectangle(
          Math.max(from, LEFT),
          base + lane * LANE,
          Math.max(2, to - Math.max(from, LEFT)),
          LANE - 1,
          COLOURS.getOrDefault(outcome, "#c62828"),
          "%s %s: %s %s"
              .formatted(operation.kind(), operation.subjectName(), outcome, operation.cause()));
    }
    y = base + Math.max(2, lanes.size()) * LANE + 8;
  }

  private void faults() {
    y += 4;
    Map<String, List<Journal.Done>> rows = new LinkedHashMap<>();
    for (Fault.Target target : Fault.Target.values()) {
      List<Journal.Done> its =
          result.faults().stream()
              .filter(it -> it.victim().split(" ", -1)[0].equals(target.word()))
              .toList();
      if (!its.isEmpty()) {
        rows.put(target.word(), its);
      }
    }
    rows.forEach(
        (name, its) -> {
          text(6, y + 10, name);
          its.forEach(this::fault);
          y += ROW;
        });
  }

  private void fault(Journal.Done fault) {
    double from = x(fault.at().minus(result.began()).toMillis());
    double to = x(fault.until().minus(result.began()).toMillis());
    String title = fault.fault().words() + " → " + fault.victim();
    switch (fault.fault().kind()) {
      case KILL -> mark(from, "0,0 8,0 4,8", "#c62828", title);
      case RESTART -> mark(from, "0,8 8,8 4,0", "#4a7fb5", title);
      case PAUSE -> rectangle(from, y + 3, Math.max(3, to - from), 8, "#e8b800", title);
    }
  }

  private void requests() {
    y += 4;
    text(6, y + 10, "no gateway");
    for (GatewayWatch.Away away : result.away()) {
      double from = x(away.from().minus(result.began()).toMillis());
      double to = x(away.to().minus(result.began()).toMillis());
      rectangle(from, y + 2, Math.max(2, to - from), 10, "#dddddd", "no gateway");
    }
    for (Journal.FailedRequest failed : result.failed()) {
      double at = x(failed.began().minus(result.began()).toMillis());
      boolean excused =
          result.away().stream().anyMatch(it -> it.touches(failed.began(), failed.ended()));
      svg.append(
          number(
              "<text x=\"%.1f\" y=\"%d\" fill=\"%s\">✕<title>%s</title></text>\n",
              at, y + 11, excused ? "#999999" : "#c62828", escaped(failed.what())));
    }
    y += ROW;
  }

  private void axis(int top) {
    Duration whole = result.took().minus(result.began());
    long step = whole.toMinutes() >= 5 ? 60 : 10;
    for (long second = 0; second <= whole.toSeconds(); second += step) {
      double x = x(second * 1000);
      svg.append(
          number(
              "<line x1=\"%.1f\" y1=\"%d\" x2=\"%.1f\" y2=\"%d\" stroke=\"#cccccc\" stroke-width=\"0.5\"/>\n",
              x, top, x, y + 4));
      text(x - 8, y + 16, "%d:%02d".formatted(second / 60, second % 60));
    }
    y += 20;
  }

  private double x(long millis) {
    return LEFT + millis * pixelsPerMillisecond;
  }

  private void mark(double x, String points, String colour, String title) {
    svg.append(
        number(
            "<polygon transform=\"translate(%.1f,%d)\" points=\"%s\" fill=\"%s\"><title>%s</title></polygon>\n",
            x - 4, y + 3, points, colour, escaped(title)));
  }

  private void rectangle(
      double x, double top, double width, double height, String colour, String title) {
    svg.append(
        number(
            "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" fill=\"%s\">%s</rect>\n",
            x,
            top,
            width,
            height,
            colour,
            title.isEmpty() ? "" : "<title>" + escaped(title) + "</title>"));
  }

  private void text(double x, double baseline, String text) {
    svg.append(
        number(
            "<text x=\"%.1f\" y=\"%.1f\" fill=\"#333333\">%s</text>\n",
            x, baseline, escaped(text)));
  }

  private static String number(String format, Object... values) {
    return String.format(Locale.ROOT, format, values);
  }

  private static String escaped(String text) {
    StringBuilder safe = new StringBuilder();
    text.codePoints()
        .limit(200)
        .filter(it -> it >= ' ')
        .forEach(
            it -> {
              switch (it) {
                case '<' -> safe.append("&lt;");
                case '>' -> safe.append("&gt;");
                case '&' -> safe.append("&amp;");
                case '"' -> safe.append("&quot;");
                default -> safe.appendCodePoint(it);
              }
            });
    return safe.toString();
  }
}
