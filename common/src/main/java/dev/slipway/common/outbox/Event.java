package dev.slipway.common.outbox;

/// A fact about a subject, in the past tense. Implementations are records that stand in a sealed
/// interface of the contract and carry [EventType].
public interface Event {}
