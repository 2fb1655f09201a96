package dev.slipway.common.architecture.seeded.account.bare;

/// Is named after nothing, in a package that says nothing of null.
public record MailManager(String name) {}
