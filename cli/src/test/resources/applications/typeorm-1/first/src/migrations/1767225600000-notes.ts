import { MigrationInterface, QueryRunner } from 'typeorm';

export class Notes1767225600000 implements MigrationInterface {
  async up(runner: QueryRunner) {
    await runner.query('create table notes (id serial primary key, text text not null)');
    await runner.query("insert into notes (text) values ('from a migration')");
  }

  async down(runner: QueryRunner) {
    await runner.query('drop table notes');
  }
}
