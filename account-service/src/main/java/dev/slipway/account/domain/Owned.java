package dev.slipway.account.domain;

import java.util.ArrayList;
import java.util.List;

/// What an organization still owns.
///
/// @param instances    database instances, provisioned or linked
/// @param applications whether or not they are deployed
public record Owned(long instances, long applications) {

  public static final Owned NOTHING = new Owned(0, 0);

  public boolean nothing() {
    return instances == 0 && applications == 0;
  }

  /// In words: `2 applications and 1 database instance`.
  String words() {
    List<String> words = new ArrayList<>();
    if (applications > 0) {
      words.add(counted(applications, "application"));
    }
    if (instances > 0) {
      words.add(counted(instances, "database instance"));
    }
    return String.join(" and ", words);
  }

  /// What has to be done with it before the organization is empty; applications first, as an
  /// instance in use is not destroyed.
  String remedy() {
    List<String> words = new ArrayList<>();
    if (applications > 0) {
      words.add("delete the application" + plural(applications));
    }
    if (instances > 0) {
      words.add("destroy or unlink the database instance" + plural(instances));
    }
    return String.join(", ", words);
  }

  private static String counted(long number, String what) {
    return number + " " + what + plural(number);
  }

  private static String plural(long number) {
    return number == 1 ? "" : "s";
  }
}
