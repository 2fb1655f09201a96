package dev.slipway.common.operation;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/// What the control database keeps for the kernel: whoever acts has raised the epoch of its subject
/// before, unless somebody came later.
public final class RaisedEpochs implements Epochs {

  private final Map<String, Long> highest = new ConcurrentHashMap<>();

  @Override
  public long current(String subject) {
    return highest.getOrDefault(subject, 0L);
  }

  private void raise(String subject, long epoch) {
    highest.merge(subject, epoch, Math::max);
  }

  /// A driver whose callers raise the epoch with the fence that they show.
  ///
  /// @param port the interface that it is called by
  public <T> T raising(Class<T> port, T acting) {
    return port.cast(
        Proxy.newProxyInstance(
            port.getClassLoader(),
            new Class<?>[] {port},
            (proxy, method, arguments) -> {
              if (arguments != null
                  && arguments.length > 0
                  && arguments[0] instanceof Fence fence) {
                raise(fence.subject(), fence.epoch());
              }
              try {
                return method.invoke(acting, arguments);
              } catch (InvocationTargetException thrown) {
                throw thrown.getCause();
              }
            }));
  }
}
