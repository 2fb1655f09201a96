exports.up = async (knex) => {
  await knex.schema.createTable('notes', (table) => {
    table.increments('id');
    table.text('text').notNullable();
  });
  await knex('notes').insert({ text: 'from a migration' });
};
exports.down = (knex) => knex.schema.dropTable('notes');
