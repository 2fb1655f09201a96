package dev.slipway.instance.api;

import jakarta.validation.Constraint;
import jakarta.validation.ConstraintValidator;
import jakarta.validation.ConstraintValidatorContext;
import jakarta.validation.Payload;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import java.text.Normalizer;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// A password that every client prepares alike before it signs in.
///
/// Clients prepare what is not ASCII (SASLprep, RFC 4013), some of them only where they know all of
/// its characters. So what would become something else is refused, as nobody could sign in with it.
@Retention(RetentionPolicy.RUNTIME)
@Target({ElementType.FIELD, ElementType.PARAMETER, ElementType.RECORD_COMPONENT})
@Constraint(validatedBy = NewPassword.Validator.class)
@interface NewPassword {

  String message() default
      "must not have characters that are invisible or can be written in several ways";

  Class<?>[] groups() default {};

  Class<? extends Payload>[] payload() default {};

  /// Leaves what is absent to others.
  final class Validator implements ConstraintValidator<NewPassword, String> {

    /// Spaces and controls, and the others that SASLprep drops.
    private static final Pattern VANISHING =
        Pattern.compile("[\\p{Z}\\p{C}\\x{034F}\\x{1806}\\x{180B}-\\x{180D}\\x{FE00}-\\x{FE0F}]");

    @Override
    public boolean isValid(@Nullable String value, ConstraintValidatorContext context) {
      return value == null
          || (Normalizer.isNormalized(value, Normalizer.Form.NFKC)
              && !VANISHING.matcher(value).find());
    }
  }
}
