package dev.slipway.common.architecture.seeded.account.operation;

import dev.slipway.common.architecture.seeded.account.api.MailResource;

/// An operation that knows REST.
public record SendMail(MailResource resource) {}
