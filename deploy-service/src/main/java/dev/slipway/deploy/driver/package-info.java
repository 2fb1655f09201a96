/// The port behind which applications run, and one package per runtime.
///
/// Start with [ApplicationRuntime]: it is the contract every runtime keeps, and
/// `ApplicationRuntimeContract` in the tests is the same contract, executable.
@NullMarked
package dev.slipway.deploy.driver;

import org.jspecify.annotations.NullMarked;
