package dev.slipway.common.security;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/// Anyone may call this resource through the gateway: sign-up, sign-in, public keys. Whoever else
/// reaches the service's port, as applications on the same machine do, may not, since attempts are
/// counted by the address that the gateway has seen.
@Retention(RetentionPolicy.RUNTIME)
@Target({ElementType.TYPE, ElementType.METHOD})
public @interface Anonymous {}
