package dev.slipway.common.driver;

import dev.slipway.common.ledger.Resource;
import org.jspecify.annotations.Nullable;

/// What became of a thing that was moved to the trash.
///
/// @param folder how the ledger would name it there; null when nothing of it had a folder
/// @param gone   what is verified gone from where it was
public record Trashed(@Nullable Resource folder, Gone gone) {}
