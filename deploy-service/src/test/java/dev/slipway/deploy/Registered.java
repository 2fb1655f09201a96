package dev.slipway.deploy;

import dev.slipway.deploy.Members.Member;
import dev.slipway.deploy.domain.DatabaseAccess;
import dev.slipway.deploy.domain.DatabaseAccesses;
import jakarta.inject.Singleton;
import java.util.Map;

/// Makes applications whose databases are there: nobody answers for instance-service in these
/// tests.
@Singleton
public class Registered {

  private final DatabaseAccesses accesses;

  Registered(DatabaseAccesses accesses) {
    this.accesses = accesses;
  }

  /// @return the new application's identifier
  public String application(Member member, String name) {
    String id =
        member
            .asks()
            .body(Map.of("name", name, "database", "main", "language", "node", "provenancedb", ""))
            .put("/v1alpha1/{org}/applications")
            .then()
            .statusCode(200)
            .extract()
            .asString();
    for (String instance : new String[] {"main", "other"}) {
      accesses.put(
          new DatabaseAccess(
              id,
              "ins_" + instance + member.organization(),
              "localhost",
              5432,
              name.replace('-', '_'),
              "sealed",
              true));
      accesses.ensured(id, "ins_" + instance + member.organization());
    }
    return id;
  }
}
