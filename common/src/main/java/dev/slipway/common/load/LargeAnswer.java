package dev.slipway.common.load;

import jakarta.enterprise.util.Nonbinding;
import jakarta.interceptor.InterceptorBinding;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/// Marks calls that may answer with megabytes, or read much for what they answer. Each organization
/// has one at a time, all of them together a few; the others wait their turn, and are refused when
/// it does not come.
@InterceptorBinding
@Retention(RetentionPolicy.RUNTIME)
@Target({ElementType.METHOD, ElementType.TYPE})
public @interface LargeAnswer {

  /// Where what is answered comes from. Who waits for one of them does not hold up the others.
  enum Source {
    OWN,
    /// The database of an application, which may be anybody's, and silent.
    APPLICATION
  }

  @Nonbinding
  Source value() default Source.OWN;
}
