import { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateEntries1767225600000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table entries (
        id serial primary key,
        name text not null,
        message text not null,
        written_at timestamptz not null default now()
      )`);
    await runner.query(`insert into entries (name, message) values ('Ada', 'The first one here.')`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table entries');
  }
}
