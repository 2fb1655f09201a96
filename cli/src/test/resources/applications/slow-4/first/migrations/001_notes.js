exports.up = (knex) =>
  knex.schema.createTable('notes', (table) => {
    table.increments('id');
    table.text('text').notNullable();
    table.text('version').notNullable();
  });
exports.down = (knex) => knex.schema.dropTable('notes');
