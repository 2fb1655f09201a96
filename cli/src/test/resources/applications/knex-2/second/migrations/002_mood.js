exports.up = (knex) =>
  knex.schema.alterTable('notes', (table) => table.text('mood').notNullable().defaultTo('cheerful'));
exports.down = (knex) => knex.schema.alterTable('notes', (table) => table.dropColumn('mood'));
