/// The one HTTPS door. `Door` takes a request through `route` (where does it go), `exchange`
/// (what comes in and what goes out) and `proxy` (who may, and the way there and back); `api` has
/// the answers that are the gateway's own and `tls` the certificate it shows. Every request is
/// served on the door's one event loop, so nothing here blocks, and what it shares needs no lock.
@NullMarked
package dev.slipway.gateway;

import org.jspecify.annotations.NullMarked;
