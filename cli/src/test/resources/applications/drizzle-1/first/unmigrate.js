// Drizzle undoes nothing itself: the newest migration that was applied is undone with the file beside it.
const { readFileSync } = require('node:fs');
const { Client } = require('pg');
const { entries } = require('./drizzle/meta/_journal.json');

async function main() {
  const client = new Client({ connectionString: process.env.DBOS_DATABASE_URL });
  await client.connect();
  await client.query('begin');
  const { rows } = await client.query(
    'select id, created_at from drizzle.__drizzle_migrations order by created_at desc limit 1',
  );
  const newest = entries.find((entry) => entry.when === Number(rows[0].created_at));
  await client.query(readFileSync(`drizzle/${newest.tag}.down.sql`, 'utf8'));
  await client.query('delete from drizzle.__drizzle_migrations where id = $1', [rows[0].id]);
  await client.query('commit');
  await client.end();
  console.log(`${newest.tag} is undone`);
}

main().catch((failure) => {
  console.error(failure);
  process.exit(1);
});
