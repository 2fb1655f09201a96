package dev.slipway.docker;

import com.github.dockerjava.api.async.ResultCallback;
import com.github.dockerjava.api.model.PullResponseItem;
import com.github.dockerjava.api.model.ResponseItem;
import dev.slipway.common.operation.DriverFailure;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Pulls the image when the engine lacks it, once for all that wait for it. Who waits does not
/// hold a lease meanwhile: the step is told how far it is, and comes again.
public final class ImagePull {

  private static final Logger LOG = LoggerFactory.getLogger(ImagePull.class);
  private static final long MEGABYTE = 1L << 20;

  private final Engine engine;
  private final String image;
  private final String setting;
  private @Nullable Pull pull;

  /// @param setting the key of the configuration that names the image
  public ImagePull(Engine engine, String image, String setting) {
    this.engine = engine;
    this.image = image;
    this.setting = setting;
  }

  /// Begins to pull where nobody has, and says how far it is: a transient failure while it goes
  /// on, a permanent one when it has failed since the last call.
  public synchronized DriverFailure missing() {
    Pull current = pull;
    if (current != null && current.ended) {
      pull = null;
      String problem = current.problem;
      if (problem != null) {
        return new DriverFailure.Permanent(
            "image-missing",
            "the image %s is not on the Docker engine and could not be pulled: %s. Run `docker pull %s`, or name another with %s"
                .formatted(image, problem, image, setting));
      }
      // It was pulled and is gone again; or the one who asks looked before it was there.
      return new DriverFailure.Transient(
          "image-pulling", "the image %s was pulled".formatted(image));
    }
    if (current == null) {
      current = new Pull();
      pull = current;
      Thread.ofPlatform().daemon().name("docker-pull").start(current);
    }
    return new DriverFailure.Transient("image-pulling", current.progress());
  }

  private final class Pull extends ResultCallback.Adapter<PullResponseItem> implements Runnable {

    private final Map<String, long[]> layers = new ConcurrentHashMap<>();
    private volatile boolean ended;
    private volatile @Nullable String problem;
    private volatile @Nullable Throwable cause;

    @Override
    public void run() {
      LOG.info("Pulling the image {}", image);
      try {
        engine.pull(image, this);
        Throwable thrown = cause;
        if (thrown != null && problem == null) {
          problem = Refusals.said(thrown);
        }
      } catch (InterruptedException stopped) {
        problem = "the platform was stopped";
        Thread.currentThread().interrupt();
      } catch (RuntimeException failure) {
        problem = Refusals.said(failure);
      } finally {
        ended = true;
      }
      LOG.info("The image {}: {}", image, problem == null ? "pulled" : problem);
    }

    @Override
    public void onNext(PullResponseItem item) {
      ResponseItem.ErrorDetail error = item.getErrorDetail();
      if (error != null && error.getMessage() != null) {
        problem = error.getMessage();
      }
      ResponseItem.ProgressDetail detail = item.getProgressDetail();
      if (item.getId() != null
          && detail != null
          && detail.getCurrent() != null
          && detail.getTotal() != null
          && "Downloading".equals(item.getStatus())) {
        layers.put(item.getId(), new long[] {detail.getCurrent(), detail.getTotal()});
      }
    }

    @Override
    public void onError(Throwable thrown) {
      cause = thrown;
      super.onError(thrown);
    }

    private String progress() {
      long loaded = layers.values().stream().mapToLong(it -> it[0]).sum();
      long total = layers.values().stream().mapToLong(it -> it[1]).sum();
      return total == 0
          ? "pulling the image %s".formatted(image)
          : "pulling the image %s: %d of %d MB"
              .formatted(image, loaded / MEGABYTE, total / MEGABYTE);
    }
  }
}
