package dev.slipway.common.inbox;

import java.util.Collection;

/// A bean through which messages come in: it names its intakes, so that what is parked there can be
/// tried again.
public interface Intakes {

  Collection<MessageIntake> intakes();
}
