package dev.slipway.instance.driver.process;

import java.nio.file.Path;

/// Issues the certificates with which servers prove who they are.
public interface ServerCertificates {

  /// A new key and its certificate for `localhost`, `127.0.0.1` and `::1`, by the authority below.
  Issued issue();

  /// The authority's certificate as PEM, the one clients trust.
  Path authority();

  /// @param certificate PEM, the chain without the authority
  /// @param key         PEM, PKCS #8, not encrypted
  record Issued(String certificate, String key) {

    @Override
    public String toString() {
      return "Issued[hidden]";
    }
  }
}
