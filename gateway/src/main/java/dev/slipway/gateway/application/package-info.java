/// The applications that the platform serves: which host is whose, who serves it, and the way
/// there and back.
///
/// [RouteFeed] follows what deploy-service tells on its topic, [RouteTable] holds it, and
/// [RouteSnapshot] keeps it over a restart; [Acknowledgements] tells deploy-service how far the
/// table is; [ApplicationForwarding] uses it. All but the feed live on the door's event loop.
@NullMarked
package dev.slipway.gateway.application;

import org.jspecify.annotations.NullMarked;
