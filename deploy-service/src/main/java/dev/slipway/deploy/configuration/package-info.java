/// What an application says about itself (`dbos-config.yaml`, `package.json`, lock files), what the
/// platform writes into it, and the environment it gets.
@NullMarked
package dev.slipway.deploy.configuration;

import org.jspecify.annotations.NullMarked;
