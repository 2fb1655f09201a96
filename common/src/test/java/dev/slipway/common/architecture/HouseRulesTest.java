package dev.slipway.common.architecture;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/// Every rule of the house fails on the class seeded for it.
final class HouseRulesTest {

  private static final String ROOT = HouseRules.class.getPackageName() + ".seeded";

  private static final Map<String, String> CULPRITS =
      Map.of(
          "services do not import services", "MailResource",
          "the kernel imports no contract", "Kernel",
          "operations touch no persistence, REST or Kafka", "SendMail",
          "only operations and reconcile call drivers", "MailResource",
          "only the relay touches a producer", "MailResource",
          "a type is named after what it is", "MailManager",
          "every package is @NullMarked", "account.bare");

  @Test
  void everyRuleHasItsSeededViolation() {
    assertThat(new HouseRules(ROOT).all()).containsOnlyKeys(CULPRITS.keySet());
  }

  @TestFactory
  Stream<DynamicTest> everyRuleCanFail() {
    JavaClasses seeded = new ClassFileImporter().importPackages(ROOT);
    return new HouseRules(ROOT)
        .all().entrySet().stream()
            .map(
                rule ->
                    DynamicTest.dynamicTest(
                        rule.getKey(),
                        () -> {
                          var result = rule.getValue().evaluate(seeded);
                          assertThat(result.getFailureReport().getDetails())
                              .isNotEmpty()
                              .allMatch(detail -> detail.contains(CULPRITS.get(rule.getKey())));
                        }));
  }
}
