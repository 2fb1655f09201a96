package dev.slipway.instance.driver.docker;

import dev.slipway.common.driver.Endpoint;
import dev.slipway.common.operation.DriverFailure;
import dev.slipway.docker.Names;
import dev.slipway.docker.Networks;
import dev.slipway.docker.Reach;
import dev.slipway.instance.driver.InstanceSpecification;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.function.Function;
import org.jboss.logging.Logger;

/// Where the platform finds a server: on its published port, or by its name inside its network.
///
/// A name that is not known there is that of a server which is down, or of one in a network that
/// this replica has not come to yet; so it comes.
record Whereabouts(Reach reach, Networks networks)
    implements Function<InstanceSpecification, Endpoint> {

  private static final Logger LOG = Logger.getLogger(Whereabouts.class);

  @Override
  public Endpoint apply(InstanceSpecification specification) {
    return switch (reach) {
      case PUBLISHED -> specification.endpoint();
      case NETWORK -> {
        String host = Names.host(specification.instance());
        if (!known(host)) {
          join();
        }
        yield new Endpoint(host, ServerContainer.POSTGRES);
      }
    };
  }

  private static boolean known(String host) {
    try {
      InetAddress.getByName(host);
      return true;
    } catch (UnknownHostException notHere) {
      return false;
    }
  }

  private void join() {
    try {
      networks.join();
    } catch (DriverFailure unreachable) {
      // Whoever asked finds nobody there, and says so.
      LOG.debugf("cannot join the organizations' networks: %s", unreachable.getMessage());
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
    }
  }
}
