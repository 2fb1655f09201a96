package dev.slipway.common.driver;

import dev.slipway.common.ledger.Resource;

/// One thing that exists and carries this installation's identifier, whether or not the ledger
/// knows it.
///
/// @param subject  whose it is
/// @param resource how the ledger names it; a thing in the trash has the kind `trash`
/// @param detail   for people: how large, which process
public record Found(String subject, Resource resource, String detail) {}
