const ENTITIES = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

const escaped = (text) => String(text).replace(/[&<>"']/g, (character) => ENTITIES[character]);

// Shows whatever columns an entry has, so that it need not change with them.
export function page(entries) {
  const rows = entries.map((entry) => {
    const { id, name, message, written_at: writtenAt, ...others } = entry;
    const more = Object.values(others).map((value) => `<em>${escaped(value)}</em>`);
    return `<li><b>${escaped(name)}</b> ${escaped(message)} ${more.join(' ')}
      <small>${escaped(writtenAt.toISOString())}</small></li>`;
  });
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Guestbook</title>
<h1>Guestbook</h1>
<ul>
${rows.join('\n')}
</ul>
<form method="post">
  <input name="name" placeholder="Your name" required maxlength="100">
  <input name="message" placeholder="Your message" required maxlength="1000">
  <button>Write</button>
</form>
`;
}
