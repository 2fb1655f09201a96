package dev.slipway.deploy.reconcile;

import dev.slipway.common.operation.DriverFailure;
import dev.slipway.common.outbox.Json;
import dev.slipway.deploy.archive.ArchiveStore;
import dev.slipway.deploy.domain.Application;
import dev.slipway.deploy.domain.Applications;
import dev.slipway.deploy.domain.Executors;
import dev.slipway.deploy.domain.Manifest;
import dev.slipway.deploy.domain.SchemaRecords;
import dev.slipway.deploy.domain.Version;
import dev.slipway.deploy.domain.Versions;
import dev.slipway.deploy.driver.ApplicationRuntime;
import dev.slipway.deploy.operation.PruneVersions;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.sql.SQLException;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Has forgotten what is kept for nothing: versions, then the packages and archives that no version
/// has any more.
@ApplicationScoped
class Retention {

  private static final Logger LOG = LoggerFactory.getLogger(Retention.class);

  private final Applications applications;
  private final Versions versions;
  private final Executors executors;
  private final SchemaRecords records;
  private final ApplicationRuntime runtime;
  private final ArchiveStore archives;
  private final Upkeep upkeep;
  private final int keep;
  private final long days;

  @Inject
  Retention(
      Applications applications,
      Versions versions,
      Executors executors,
      SchemaRecords records,
      ApplicationRuntime runtime,
      ArchiveStore archives,
      Upkeep upkeep,
      @ConfigProperty(name = "slipway.versions.keep", defaultValue = "10") int keep,
      @ConfigProperty(name = "slipway.versions.days", defaultValue = "0") long days) {
    this.applications = applications;
    this.versions = versions;
    this.executors = executors;
    this.records = records;
    this.runtime = runtime;
    this.archives = archives;
    this.upkeep = upkeep;
    this.keep = keep;
    this.days = days;
  }

  void round() throws SQLException, DriverFailure, InterruptedException {
    Set<String> trees = new HashSet<>();
    for (Application application : applications.all()) {
      List<Version> all = versions.list(application.id());
      if (!PruneVersions.superfluous(
              application,
              all,
              executors.of(application.id()),
              records.of(application.id()).values(),
              keep,
              days)
          .isEmpty()) {
        upkeep.begin(
            application,
            PruneVersions.KIND,
            new PruneVersions.Input(application.name(), keep, days));
      }
      for (Version version : all) {
        String text = version.manifest();
        if (text != null) {
          trees.addAll(PruneVersions.trees(Json.readStored(text, Manifest.class)));
        }
      }
    }
    runtime.forgetTrees(trees);
    int swept = archives.sweep(Set.copyOf(versions.archives()));
    if (swept > 0) {
      LOG.info("{} archives of no version were removed", swept);
    }
  }
}
