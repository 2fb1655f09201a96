package dev.slipway.deploy.persistence;

import dev.slipway.common.operation.Transactions;
import dev.slipway.common.outbox.Json;
import dev.slipway.deploy.domain.SchemaRecord;
import dev.slipway.deploy.domain.SchemaRecords;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.util.Map;
import java.util.stream.Collectors;

/// Records of what is applied, in the database.
@ApplicationScoped
public class SchemaRecordTable implements SchemaRecords {

  private record Row(String instance, SchemaRecord record) {}

  private final Statements statements;

  @Inject
  public SchemaRecordTable(Transactions transactions) {
    this.statements = new Statements(transactions);
  }

  @Override
  public SchemaRecord at(String application, String instance) {
    return of(application).getOrDefault(instance, SchemaRecord.NONE);
  }

  @Override
  public Map<String, SchemaRecord> of(String application) {
    return statements
        .list(
            row ->
                new Row(
                    row.getString("instance"),
                    Json.readStored(row.getString("record"), SchemaRecord.class)),
            "select instance, record from schema_record where application = ?",
            application)
        .stream()
        .collect(Collectors.toMap(Row::instance, Row::record));
  }

  @Override
  public void put(String application, String instance, SchemaRecord now) {
    statements.change(
        """
        insert into schema_record (application, instance, record) values (?, ?, ?::jsonb)
        on conflict (application, instance) do update set record = excluded.record""",
        application,
        instance,
        Json.write(now));
  }

  @Override
  public void forget(String instance) {
    statements.change("delete from schema_record where instance = ?", instance);
  }
}
