package dev.slipway.deploy.domain;

import dev.slipway.common.operation.DriverFailure;
import java.nio.file.Path;

/// The archives that are kept, by what is in them.
public interface Archives {

  /// Unpacks an archive, without trusting it, into a folder beside the applications, whose name
  /// follows from application and version; one that is there already is replaced.
  ///
  /// @throws DriverFailure.Permanent with the code `bad-archive` when it is refused, saying why, or
  ///     `archive-missing`
  Path unpack(String archive, String application, String version)
      throws DriverFailure, InterruptedException;

  /// Removes what [#unpack] may have left, also half done.
  void discard(String application, String version) throws DriverFailure;
}
