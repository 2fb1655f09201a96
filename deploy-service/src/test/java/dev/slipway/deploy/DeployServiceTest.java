package dev.slipway.deploy;

import dev.slipway.common.testing.StackResource;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.common.ResourceArg;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/// What a test of the running service stands on. Goes beside `@QuarkusTest`, which Quarkus looks
/// for on the class itself. What applications run on, and instance-service, are [FakePlatform]'s.
@QuarkusTestResource(
    value = StackResource.class,
    initArgs = @ResourceArg(name = StackResource.SERVICE, value = "deploy-service"))
@QuarkusTestResource(TestFolders.class)
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.TYPE)
public @interface DeployServiceTest {}
