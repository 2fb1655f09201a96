package dev.slipway.common.ledger;

/// Names one thing outside the database. While its row is not `gone`, no other row may have the
/// same kind and name, so the ledger is also what ports and folders are allocated from.
///
/// @param kind what it is: `directory`, `port`, `process`, `role` …
/// @param name which one, unique among the open rows of its kind in one service
public record Resource(String kind, String name) {}
