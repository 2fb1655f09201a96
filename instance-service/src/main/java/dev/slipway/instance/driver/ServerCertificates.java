package dev.slipway.instance.driver;

import java.nio.file.Path;
import java.util.List;

/// Issues the certificates with which servers prove who they are.
public interface ServerCertificates {

  /// A new key and its certificate for `localhost`, `127.0.0.1` and `::1`, by the authority below.
  default Issued issue() {
    return issue(List.of());
  }

  /// @param further names under which clients reach the server besides
  Issued issue(List<String> further);

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
