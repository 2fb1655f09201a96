package dev.slipway.common.operation;

/// An operation that a step asks of a service, its own or another, and waits for.
///
/// @param id    derived from the asking operation and step, so that asking again is asking for the
///     same
/// @param topic the command topic of the service that owns the subject
/// @param kind  the operation's kind there
/// @param input as the kind's input record, as JSON
public record Child(String id, String topic, String kind, String subject, String input) {}
