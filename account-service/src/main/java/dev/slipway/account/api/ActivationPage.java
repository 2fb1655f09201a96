package dev.slipway.account.api;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import org.jspecify.annotations.Nullable;

/// The sign-in page, as HTML without scripts. Everything that did not grow here is escaped.
final class ActivationPage {

  private static final String STYLE =
      """
      :root{color-scheme:light dark;--ink:#16202b;--soft:#5b6875;--line:#d5dce3;--paper:#fff;\
      --ground:#eef2f5;--deep:#0b5c7a;--bad:#a3261b}
      @media(prefers-color-scheme:dark){:root{--ink:#e8eef3;--soft:#9fb0bf;--line:#33424f;\
      --paper:#17212a;--ground:#0e151b;--deep:#4db3d6;--bad:#ff8d82}}
      *{box-sizing:border-box}
      body{margin:0;min-height:100vh;display:grid;place-items:center;background:var(--ground);\
      color:var(--ink);font:16px/1.5 system-ui,sans-serif;padding:1rem}
      main{width:100%;max-width:25rem;background:var(--paper);border:1px solid var(--line);\
      border-radius:12px;padding:2rem}
      h1{font-size:1.3rem;margin:0 0 .25rem}
      p{margin:.5rem 0;color:var(--soft)}
      .code{font:600 1.9rem/1.2 ui-monospace,monospace;letter-spacing:.12em;text-align:center;\
      margin:1rem 0;padding:.8rem;border:1px dashed var(--line);border-radius:8px;color:var(--ink)}
      label{display:block;font-size:.9rem;margin-top:.9rem}
      input{width:100%;margin-top:.25rem;padding:.6rem .7rem;font:inherit;color:inherit;\
      background:transparent;border:1px solid var(--line);border-radius:8px}
      button{width:100%;margin-top:1.2rem;padding:.7rem;font:inherit;font-weight:600;border:0;\
      border-radius:8px;background:var(--deep);color:var(--paper);cursor:pointer}
      button.quiet{background:transparent;color:var(--soft);border:1px solid var(--line);\
      margin-top:.6rem}
      :focus-visible{outline:3px solid var(--deep);outline-offset:2px}
      .bad{color:var(--bad);border-left:3px solid var(--bad);padding-left:.7rem}
      details{margin-top:1.4rem;border-top:1px solid var(--line);padding-top:1rem}
      summary{cursor:pointer}
      """;

  /// Nothing is loaded from anywhere, nothing runs, and nobody frames the page.
  static final String CONTENT_SECURITY_POLICY =
      "default-src 'none'; style-src 'sha256-"
          + sha256(STYLE)
          + "'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

  private ActivationPage() {}

  static String askForCode(String formToken, @Nullable String problem) {
    return page(
        "Sign in a device",
        """
        <h1>Sign in a device</h1>
        <p>Enter the code that your terminal shows.</p>
        %s
        <form method="post" action="/activate">
        %s
        <input type="hidden" name="action" value="continue">
        <label>Code
        <input name="user_code" autocomplete="off" autocapitalize="characters" spellcheck="false" \
        required maxlength="20" placeholder="BCDF-GHJK" autofocus></label>
        <button>Continue</button>
        </form>"""
            .formatted(problem(problem), hidden("form_token", formToken)));
  }

  static String signIn(
      String formToken, String userCode, String name, boolean signingUp, @Nullable String problem) {
    String hidden = hidden("form_token", formToken) + hidden("user_code", userCode);
    return page(
        "Sign in to Slipway",
        """
        <h1>Sign in to Slipway</h1>
        <p>A command line asks to act as you. Go on only if it shows this code:</p>
        <div class="code">%s</div>
        %s
        <form method="post" action="/activate">
        %s
        <input type="hidden" name="action" value="approve">
        <label>Name
        <input name="name" autocomplete="username" autocapitalize="none" spellcheck="false" \
        required maxlength="30" value="%s"></label>
        <label>Password
        <input name="password" type="password" autocomplete="current-password" required \
        maxlength="128"></label>
        <button>Sign in and approve</button>
        </form>
        <form method="post" action="/activate">
        %s
        <input type="hidden" name="action" value="deny">
        <button class="quiet">It is not mine: deny</button>
        </form>
        <details%s>
        <summary>New here? Sign up</summary>
        <form method="post" action="/activate">
        %s
        <input type="hidden" name="action" value="sign-up">
        <label>Name (3 to 30 of a-z, 0-9 and _)
        <input name="name" autocomplete="username" autocapitalize="none" spellcheck="false" \
        required minlength="3" maxlength="30" pattern="[a-z0-9_]+" value="%s"></label>
        <label>E-mail (may stay empty)
        <input name="email" type="email" autocomplete="email" maxlength="254"></label>
        <label>Password (8 to 128 characters)
        <input name="password" type="password" autocomplete="new-password" required \
        minlength="8" maxlength="128"></label>
        <button>Sign up and approve</button>
        </form>
        </details>"""
            .formatted(
                escape(userCode),
                problem(problem),
                hidden,
                escape(signingUp ? "" : name),
                hidden,
                signingUp ? " open" : "",
                hidden,
                escape(signingUp ? name : "")));
  }

  static String ended(String title, String text) {
    return page(title, "<h1>%s</h1>\n<p>%s</p>".formatted(escape(title), escape(text)));
  }

  private static String page(String title, String body) {
    return """
        <!doctype html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="robots" content="noindex">
        <title>%s</title>
        <style>%s</style>
        </head>
        <body>
        <main>
        %s
        </main>
        </body>
        </html>
        """
        .formatted(escape(title), STYLE, body);
  }

  private static String problem(@Nullable String problem) {
    return problem == null ? "" : "<p class=\"bad\" role=\"alert\">" + escape(problem) + "</p>";
  }

  private static String hidden(String name, String value) {
    return "<input type=\"hidden\" name=\"%s\" value=\"%s\">".formatted(name, escape(value));
  }

  static String escape(String text) {
    return text.replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace("\"", "&quot;")
        .replace("'", "&#39;");
  }

  private static String sha256(String text) {
    try {
      return Base64.getEncoder()
          .encodeToString(
              MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8)));
    } catch (NoSuchAlgorithmException impossible) {
      throw new IllegalStateException("every Java platform has SHA-256", impossible);
    }
  }
}
