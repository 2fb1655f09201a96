package dev.slipway.account.domain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.slipway.account.domain.MembershipRules.Invited;
import dev.slipway.account.domain.MembershipRules.Member;
import dev.slipway.common.error.ApiException;
import dev.slipway.common.error.ErrorCode;
import java.time.Instant;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class MembershipRulesTest {

  private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");
  private static final Member ADMIN = new Member("usr_a", "ann", "org_1", true);
  private static final Member MEMBER = new Member("usr_b", "bob", "org_1", false);
  private static final Member STRANGER = new Member("usr_c", "cat", "org_2", true);

  @Test
  void anInvitationHoldsForItsOrganizationOnceAndForADay() {
    var good = new Invited("org_1", NOW.plusSeconds(1), null);

    assertThatCode(() -> MembershipRules.invitationHolds(good, "org_1", NOW))
        .doesNotThrowAnyException();
    assertThat(codeOf(() -> MembershipRules.invitationHolds(null, "org_1", NOW)))
        .isEqualTo(AccountErrors.INVITATION_INVALID);
    assertThat(codeOf(() -> MembershipRules.invitationHolds(good, null, NOW)))
        .isEqualTo(AccountErrors.INVITATION_INVALID);
    assertThat(codeOf(() -> MembershipRules.invitationHolds(good, "org_2", NOW)))
        .isEqualTo(AccountErrors.INVITATION_INVALID);
    assertThat(codeOf(() -> MembershipRules.invitationHolds(good, "org_1", NOW.plusSeconds(1))))
        .isEqualTo(AccountErrors.INVITATION_INVALID);
    assertThat(
            codeOf(
                () ->
                    MembershipRules.invitationHolds(
                        new Invited("org_1", NOW.plusSeconds(1), NOW), "org_1", NOW)))
        .isEqualTo(AccountErrors.INVITATION_INVALID);
  }

  @Test
  void onlyAnAdminRemovesAndOnlyItsOwnMembers() {
    assertThatCode(() -> MembershipRules.mayRemove(ADMIN, MEMBER, "bob", "one"))
        .doesNotThrowAnyException();
    assertThat(codeOf(() -> MembershipRules.mayRemove(MEMBER, ADMIN, "ann", "one")))
        .isEqualTo(AccountErrors.ADMIN_ONLY);
    assertThat(codeOf(() -> MembershipRules.mayRemove(ADMIN, STRANGER, "cat", "one")))
        .isEqualTo(AccountErrors.MEMBER_NOT_FOUND);
    assertThat(codeOf(() -> MembershipRules.mayRemove(ADMIN, null, "dan", "one")))
        .isEqualTo(AccountErrors.MEMBER_NOT_FOUND);
    assertThat(codeOf(() -> MembershipRules.mayRemove(ADMIN, ADMIN, "ann", "one")))
        .isEqualTo(AccountErrors.ADMIN_STAYS);
  }

  @Test
  void anAdminLeavesOnlyWhatIsEmpty() {
    assertThatCode(() -> MembershipRules.mayLeave(ADMIN, "one", 0, () -> Owned.NOTHING))
        .doesNotThrowAnyException();
    assertThat(codeOf(() -> MembershipRules.mayLeave(ADMIN, "one", 1, () -> Owned.NOTHING)))
        .isEqualTo(AccountErrors.ORGANIZATION_HAS_MEMBERS);
  }

  @Test
  void whatIsStillOwnedIsNamedWithWhatToDoAboutIt() {
    assertThat(refusal(new Owned(2, 0)))
        .isEqualTo(
            "organization one still owns 2 database instances;"
                + " destroy or unlink the database instances before you join another");
    assertThat(refusal(new Owned(0, 1)))
        .isEqualTo(
            "organization one still owns 1 application;"
                + " delete the application before you join another");
    assertThat(refusal(new Owned(1, 3)))
        .isEqualTo(
            "organization one still owns 3 applications and 1 database instance;"
                + " delete the applications, destroy or unlink the database instance"
                + " before you join another");
  }

  private static @Nullable String refusal(Owned owned) {
    ApiException refused =
        catchThrowableOfType(
            ApiException.class, () -> MembershipRules.mayLeave(ADMIN, "one", 0, () -> owned));
    assertThat(refused.code()).isEqualTo(AccountErrors.ORGANIZATION_IN_USE);
    return refused.getMessage();
  }

  @Test
  void aMemberLeavesWithoutAnyoneBeingAsked() {
    assertThatCode(
            () ->
                MembershipRules.mayLeave(
                    MEMBER,
                    "one",
                    3,
                    () -> {
                      throw new AssertionError("asked");
                    }))
        .doesNotThrowAnyException();
  }

  private static ErrorCode codeOf(ThrowingCallable rule) {
    return catchThrowableOfType(ApiException.class, rule).code();
  }
}
