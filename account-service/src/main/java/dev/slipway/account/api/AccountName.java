package dev.slipway.account.api;

import dev.slipway.account.domain.Name;
import jakarta.validation.Constraint;
import jakarta.validation.ConstraintValidator;
import jakarta.validation.ConstraintValidatorContext;
import jakarta.validation.Payload;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.jspecify.annotations.Nullable;

/// The name of an identity, a user or an organization, as [Name] rules it.
@Retention(RetentionPolicy.RUNTIME)
@Target({ElementType.FIELD, ElementType.PARAMETER, ElementType.RECORD_COMPONENT})
@Constraint(validatedBy = AccountName.Validator.class)
@interface AccountName {

  String message() default Name.RULE;

  Class<?>[] groups() default {};

  Class<? extends Payload>[] payload() default {};

  /// Says which of the two rules is broken.
  final class Validator implements ConstraintValidator<AccountName, String> {

    @Override
    public boolean isValid(@Nullable String value, ConstraintValidatorContext context) {
      String problem = value == null ? Name.RULE : Name.problemWith(value);
      if (problem == null) {
        return true;
      }
      context.disableDefaultConstraintViolation();
      context.buildConstraintViolationWithTemplate(problem).addConstraintViolation();
      return false;
    }
  }
}
