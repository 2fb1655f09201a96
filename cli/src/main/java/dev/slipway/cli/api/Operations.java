package dev.slipway.cli.api;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/// The operations of the caller's organization.
public final class Operations {

  private static final int WAIT_SECONDS = 20;

  private final ApiClient client;

  public Operations(ApiClient client) {
    this.client = client;
  }

  public List<OperationView> list(String query) throws IOException, InterruptedException {
    JsonNode answer = client.call("GET", "/operations" + query, null).body();
    List<OperationView> all = new ArrayList<>();
    answer.forEach(it -> all.add(OperationView.of(it)));
    return all;
  }

  public OperationView show(String id) throws IOException, InterruptedException {
    return OperationView.of(client.call("GET", path(id), null).body());
  }

  public void cancel(String id) throws IOException, InterruptedException {
    client.call("POST", path(id) + "/cancel", null);
  }

  /// Gives up one that is stuck after its point of no return.
  public void abandon(String id) throws IOException, InterruptedException {
    client.call("POST", path(id) + "/cancel?abandon=true", null);
  }

  public void retry(String id) throws IOException, InterruptedException {
    client.call("POST", path(id) + "/retry", null);
  }

  /// Follows an operation until it has ended or is stuck.
  ///
  /// @param seen is given every version of it that this side gets to see
  public OperationView follow(String id, Consumer<OperationView> seen)
      throws IOException, InterruptedException {
    OperationView now = show(id);
    seen.accept(now);
    while (!now.ended() && !now.stuck()) {
      OperationView next =
          OperationView.of(
              client
                  .call(
                      "GET", path(id) + "?wait=" + WAIT_SECONDS + "&version=" + now.version(), null)
                  .body());
      if (next.version() != now.version()) {
        seen.accept(next);
      }
      now = next;
    }
    return now;
  }

  private static String path(String id) {
    return "/operations/" + ApiClient.encode(id);
  }
}
