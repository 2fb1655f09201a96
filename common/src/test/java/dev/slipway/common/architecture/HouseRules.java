package dev.slipway.common.architecture;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.CompositeArchRule;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.NullMarked;

/// Who may know whom.
///
/// @param root the package that holds the modules
public record HouseRules(String root) {

  private static final List<String> SERVICES = List.of("account", "instance", "deploy", "gateway");

  /// Every rule by its name.
  public Map<String, ArchRule> all() {
    Map<String, ArchRule> rules = new TreeMap<>();
    rules.put("services do not import services", servicesDoNotImportServices());
    rules.put("the kernel imports no contract", kernelImportsNoContract());
    rules.put("operations touch no persistence, REST or Kafka", operationsHoldOnlyTheirStory());
    rules.put("only operations and reconcile call drivers", onlyStepsAndReconcileCallDrivers());
    rules.put("only the relay touches a producer", onlyTheRelayTouchesAProducer());
    rules.put("a type is named after what it is", namesSayWhatAThingIs());
    rules.put("every package is @NullMarked", everyPackageIsNullMarked());
    return rules;
  }

  private ArchRule servicesDoNotImportServices() {
    List<ArchRule> rules =
        SERVICES.stream()
            .<ArchRule>map(
                service ->
                    noClasses()
                        .that()
                        .resideInAPackage(root + '.' + service + "..")
                        .should()
                        .dependOnClassesThat()
                        .resideInAnyPackage(
                            SERVICES.stream()
                                .filter(other -> !other.equals(service))
                                .map(other -> root + '.' + other + "..")
                                .toArray(String[]::new))
                        .because("services talk through messages and HTTP")
                        .allowEmptyShould(true))
            .toList();
    return CompositeArchRule.of(rules);
  }

  private ArchRule kernelImportsNoContract() {
    return noClasses()
        .that()
        .resideInAnyPackage(
            root + ".common.operation..",
            root + ".common.outbox..",
            root + ".common.inbox..",
            root + ".common.ledger..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage(root + ".common.contract..")
        .because("the kernel knows no business")
        .allowEmptyShould(true);
  }

  private ArchRule operationsHoldOnlyTheirStory() {
    return noClasses()
        .that()
        .resideInAPackage(root + ".(*).operation..")
        .and()
        .resideOutsideOfPackage(root + ".common..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(
            root + ".*.persistence..",
            root + ".*.api..",
            "jakarta.persistence..",
            "jakarta.ws.rs..",
            "java.sql..",
            "io.quarkus.hibernate..",
            "org.apache.kafka..",
            "org.eclipse.microprofile.reactive.messaging..")
        .because("an operation holds only its story")
        .allowEmptyShould(true);
  }

  private ArchRule onlyStepsAndReconcileCallDrivers() {
    return noClasses()
        .that()
        .resideOutsideOfPackages(
            root + ".*.operation..", root + ".*.reconcile..", root + ".*.driver..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage(root + ".*.driver..")
        .because("every effect is a step of an operation, and every look is the observer's")
        .allowEmptyShould(true);
  }

  private ArchRule onlyTheRelayTouchesAProducer() {
    return noClasses()
        .that()
        .doNotHaveFullyQualifiedName(root + ".common.outbox.OutboxRelay")
        .and()
        .doNotHaveFullyQualifiedName(root + ".common.operation.KernelLifecycle")
        .and()
        .resideOutsideOfPackage(root + ".localstack..")
        .should()
        .dependOnClassesThat()
        .haveNameMatching(
            "org\\.apache\\.kafka\\.clients\\.producer\\..*"
                + "|org\\.eclipse\\.microprofile\\.reactive\\.messaging\\.(Emitter|Outgoing)"
                + "|io\\.smallrye\\.reactive\\.messaging\\.MutinyEmitter")
        .because("what is not in the outbox is lost by a crash")
        .allowEmptyShould(true);
  }

  private ArchRule namesSayWhatAThingIs() {
    return noClasses()
        .that()
        .resideInAPackage(root + "..")
        .should()
        // What installs packages is called so by everybody.
        .haveNameMatching(".*((?<!Package)Manager|Helper|Utils?|Impl|Base)")
        .because("such a name does not say what the thing is")
        .allowEmptyShould(true);
  }

  private ArchRule everyPackageIsNullMarked() {
    return classes()
        .that()
        .resideInAPackage(root + "..")
        .should(
            new ArchCondition<JavaClass>("be in a @NullMarked package") {
              @Override
              public void check(JavaClass type, ConditionEvents events) {
                boolean marked =
                    type.getPackage()
                        .tryGetPackageInfo()
                        .map(info -> info.isAnnotatedWith(NullMarked.class))
                        .orElse(false);
                events.add(
                    new SimpleConditionEvent(
                        type,
                        marked,
                        type.getPackageName() + " has no package-info.java with @NullMarked"));
              }
            })
        .because("null is said in the type")
        .allowEmptyShould(true);
  }
}
