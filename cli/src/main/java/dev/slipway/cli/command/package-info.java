/// What can be typed: one file per command. [SlipwayCommand] lists them all.
@NullMarked
package dev.slipway.cli.command;

import org.jspecify.annotations.NullMarked;
