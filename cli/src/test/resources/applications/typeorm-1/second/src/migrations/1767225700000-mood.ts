import { MigrationInterface, QueryRunner } from 'typeorm';

export class Mood1767225700000 implements MigrationInterface {
  async up(runner: QueryRunner) {
    await runner.query("alter table notes add mood text not null default 'cheerful'");
  }

  async down(runner: QueryRunner) {
    await runner.query('alter table notes drop mood');
  }
}
