package dev.slipway.gateway.exchange;

/// A refusal as somebody with a browser reads it.
///
/// Everything on it is escaped, since the host a stranger made up may be in the message, and it
/// loads nothing. Where the refusal says when to try again, the page does.
final class RefusalPage {

  /// What the browser may do with it: show it.
  static final String POLICY = "default-src 'none'; style-src 'unsafe-inline'";

  private RefusalPage() {}

  static String of(Refusal refusal, Exchange exchange) {
    boolean shown = exchange.request().method().name().equals("GET");
    String again = shown ? refusal.headers().get("Retry-After") : null;
    return """
    <!doctype html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width">
    <title>%1$d</title>%2$s
    <style>body{font:1rem/1.5 system-ui,sans-serif;max-width:36rem;margin:20vh auto;padding:0 1rem}\
    small{color:#666}</style>
    </head>
    <body>
    <h1>%1$d</h1>
    <p>%3$s.</p>%4$s
    <p><small>%5$s</small></p>
    </body>
    </html>
    """
        .formatted(
            refusal.status(),
            again == null
                ? ""
                : "\n<meta http-equiv=\"refresh\" content=\"" + escaped(again) + "\">",
            capitalized(escaped(refusal.publicMessage())),
            again == null ? "" : "\n<p>This page tries again by itself.</p>",
            escaped(exchange.identifier()));
  }

  private static String capitalized(String sentence) {
    return sentence.isEmpty()
        ? sentence
        : Character.toUpperCase(sentence.charAt(0)) + sentence.substring(1);
  }

  private static String escaped(String text) {
    return text.replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace("\"", "&quot;")
        .replace("'", "&#39;");
  }
}
