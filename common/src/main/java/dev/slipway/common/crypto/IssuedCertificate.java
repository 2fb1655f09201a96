package dev.slipway.common.crypto;

/// A server's certificate, signed by the platform's authority, and the key that belongs to it.
///
/// @param certificatePem the certificate alone; clients know the authority's
/// @param privateKeyPem  PKCS#8, not encrypted: write it only where nobody else can read
public record IssuedCertificate(String certificatePem, String privateKeyPem) {

  /// Says nothing about the key, so that it gets into no log.
  @Override
  public String toString() {
    return "IssuedCertificate";
  }
}
