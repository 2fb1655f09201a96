// The migrations 1 to the number in step.txt, each in a transaction with the note that it was done.
//
// Deliberately without a lock and without a unique key: what was done is read, then time passes, then it is acted on. Two
// that run at once, or one that is begun again while the first still lives, leave two rows in `effect`.
import { readFile } from 'node:fs/promises';
import { connect } from './postgres.js';

const direction = process.argv[2];
const step = Number(await readFile(new URL('./step.txt', import.meta.url), 'utf8'));
const broken = (await readFile(new URL('./broken.txt', import.meta.url), 'utf8')).trim() === 'true';
const version = process.env.DBOS__APPVERSION;
const pause = (millis) => new Promise((resolve) => setTimeout(resolve, millis));

const database = await connect(process.env.DBOS_DATABASE_URL);
try {
  await database.query('create table if not exists run (version text, direction text, at timestamptz default now())');
  await database.query('create table if not exists note (step int, version text)');
  await database.query('create table if not exists effect (step int, version text, at timestamptz default now())');
  await database.query(`insert into run (version, direction) values ('${version}', '${direction}')`);
  if (direction === 'up') {
    const done = new Set((await database.query('select step from note')).map((row) => Number(row[0])));
    for (let i = 1; i <= step; i++) {
      if (done.has(i)) continue;
      await pause(150);
      await database.query(
        `begin; create table if not exists step_${i} (id int); ` +
          `insert into effect (step, version) values (${i}, '${version}'); ` +
          `insert into note values (${i}, '${version}'); commit`,
      );
      console.log(`up ${i}`);
    }
    if (broken) throw new Error('this migration is broken, as it has to be');
  } else {
    const mine = await database.query(`select step from note where version = '${version}' order by step desc`);
    for (const [i] of mine) {
      await pause(150);
      await database.query(
        `begin; drop table step_${i}; delete from effect where step = ${i} and version = '${version}'; ` +
          `delete from note where step = ${i}; commit`,
      );
      console.log(`down ${i}`);
    }
  }
} catch (failure) {
  console.error(failure.message);
  process.exitCode = 1;
} finally {
  database.end();
}
