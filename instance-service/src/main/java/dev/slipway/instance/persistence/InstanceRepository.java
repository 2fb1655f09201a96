package dev.slipway.instance.persistence;

import dev.slipway.common.operation.DatabaseRefusal;
import dev.slipway.instance.domain.Instance;
import dev.slipway.instance.domain.Instances;
import dev.slipway.instance.domain.Observations;
import io.quarkus.hibernate.orm.panache.PanacheRepositoryBase;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import jakarta.persistence.PersistenceException;
import jakarta.transaction.Transactional;
import java.util.Optional;

/// Instances in the database.
@ApplicationScoped
class InstanceRepository implements Instances, PanacheRepositoryBase<InstanceEntity, String> {

  private final Observations observations;

  @Inject
  InstanceRepository(Observations observations) {
    this.observations = observations;
  }

  @Override
  public boolean add(Instance instance) {
    try {
      // The name's uniqueness has to be known now, not at the commit.
      persistAndFlush(InstanceEntity.of(instance));
      return true;
    } catch (PersistenceException failure) {
      if (DatabaseRefusal.state(failure).filter(DatabaseRefusal::isTaken).isEmpty()) {
        throw failure;
      }
      return false;
    }
  }

  @Override
  public Optional<Instance> find(String organization, String name) {
    return find("organization = ?1 and name = ?2", organization, name)
        .firstResultOptional()
        .map(InstanceEntity::toInstance);
  }

  @Override
  @Transactional
  public Optional<Instance> byId(String id) {
    return findByIdOptional(id).map(InstanceEntity::toInstance);
  }

  @Override
  public long count(String organization) {
    return count("organization", organization);
  }

  @Override
  public void placed(String id, String host, int port) {
    update("host = ?1, port = ?2 where id = ?3", host, port, id);
    observations.up(id);
  }

  @Override
  public void remove(String id) {
    delete("id", id);
  }

  @Override
  @Transactional(Transactional.TxType.REQUIRES_NEW)
  public void forget(String id) {
    remove(id);
  }
}
