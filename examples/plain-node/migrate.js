// Migrations without a library: numbered files with what to do and how to undo it, each in a transaction with the note
// that it was done.
import { readdir, readFile } from 'node:fs/promises';
import { client } from './database.js';

const direction = process.argv[2];
if (direction !== 'up' && direction !== 'down') {
  console.error('usage: node migrate.js up|down');
  process.exit(2);
}

const folder = new URL('./migrations/', import.meta.url);
const names = (await readdir(folder))
  .filter((file) => file.endsWith('.up.sql'))
  .map((file) => file.slice(0, -'.up.sql'.length))
  .sort();

const database = client();
await database.connect();
try {
  await database.query('create table if not exists migration (name text primary key, batch int not null)');
  const { rows } = await database.query('select name, batch from migration order by name');
  const done = new Set(rows.map((row) => row.name));
  const last = Math.max(0, ...rows.map((row) => row.batch));
  const steps =
    direction === 'up'
      ? names.filter((name) => !done.has(name))
      : rows.filter((row) => row.batch === last).map((row) => row.name).reverse();
  await database.query('begin');
  for (const name of steps) {
    await database.query(await readFile(new URL(`${name}.${direction}.sql`, folder), 'utf8'));
    if (direction === 'up') {
      await database.query('insert into migration values ($1, $2)', [name, last + 1]);
    } else {
      await database.query('delete from migration where name = $1', [name]);
    }
    console.log(`${direction} ${name}`);
  }
  await database.query('commit');
  console.log(steps.length === 0 ? 'nothing to do' : `${steps.length} done`);
} catch (failure) {
  console.error(failure.message);
  process.exitCode = 1;
} finally {
  await database.end();
}
