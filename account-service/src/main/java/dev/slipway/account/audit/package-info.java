/// The audit log: who did what in an organization, from where, with which token, and what came of
/// it.
///
/// [AuditLog] writes and reads it, [AuditRetention] ends it after a year. Calls are written while
/// the gateway's question about them is answered, so that none acts unwritten; the gateway says
/// afterwards what came of them.
@NullMarked
package dev.slipway.account.audit;

import org.jspecify.annotations.NullMarked;
