exports.up = (knex) => knex.schema.alterTable('notes', (table) => table.text('mood'));
exports.down = (knex) => knex.schema.alterTable('notes', (table) => table.dropColumn('mood'));
