package dev.slipway.instance.persistence;

import dev.slipway.instance.domain.Instance;
import dev.slipway.instance.domain.InstanceKind;
import io.quarkus.hibernate.orm.panache.PanacheEntityBase;
import jakarta.persistence.Column;
import jakarta.persistence.Entity;
import jakarta.persistence.EnumType;
import jakarta.persistence.Enumerated;
import jakarta.persistence.Id;
import jakarta.persistence.Table;
import java.time.Instant;
import org.jspecify.annotations.NullUnmarked;

/// A row of the instance table.
@Entity
@Table(name = "instance")
@NullUnmarked
class InstanceEntity extends PanacheEntityBase {

  @Id String id;
  String organization;
  String name;

  @Enumerated(EnumType.STRING)
  InstanceKind kind;

  String administrator;
  String host;
  Integer port;

  @Column(name = "sealed_password")
  String sealedPassword;

  @Column(name = "supabase_reference")
  String supabaseReference;

  String operation;

  @Column(name = "created_by")
  String createdBy;

  @Column(name = "created_at")
  Instant createdAt;

  static InstanceEntity of(Instance instance) {
    var entity = new InstanceEntity();
    entity.id = instance.id();
    entity.organization = instance.organization();
    entity.name = instance.name();
    entity.kind = instance.kind();
    entity.administrator = instance.administrator();
    entity.host = instance.host();
    entity.port = instance.port();
    entity.sealedPassword = instance.sealedPassword();
    entity.supabaseReference = instance.supabaseReference();
    entity.operation = instance.operation();
    entity.createdBy = instance.createdBy();
    entity.createdAt = instance.createdAt();
    return entity;
  }

  Instance toInstance() {
    return new Instance(
        id,
        organization,
        name,
        kind,
        administrator,
        host,
        port,
        sealedPassword,
        supabaseReference,
        operation,
        createdBy,
        createdAt);
  }
}
